//! Files on their way to a message: read once, and kept as their text or, of images, as what models see.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use sirocco_attachments::{
    ExtractError, Extracted, MOST_FILE_BYTES, Picture, STACK_BYTES, extract,
};
use sirocco_chat::{AttachedContent, Document};
use sirocco_protocol::commands::{AttachmentAdd, AttachmentGive};
use sirocco_protocol::{
    AttachedImage, Attachment, AttachmentId, ConversationId, ErrorCode, ErrorReport, Pixels,
};
use sirocco_store::{AttachedText, KeptContent, NewAttachment, NewImage};
use tokio::sync::{Semaphore, oneshot};

use crate::App;
use crate::crashes::expecting_panics;
use crate::error::{Report, refuse};
use crate::library::blocking;

/// Bytes of what the page hands over itself.
const MOST_GIVEN_BYTES: usize = 16 << 20;
/// Attachments of one message.
const MOST_ATTACHMENTS: usize = 32;
/// Characters of a name that are kept.
const LONGEST_NAME: usize = 200;
/// A parser that takes longer is left alone. It cannot be ended, so few may run at once.
const PATIENCE: Duration = Duration::from_secs(30);
static PARSERS: Semaphore = Semaphore::const_new(4);

impl App {
    /// Reads a picked or dropped file.
    pub(crate) async fn add_attachment(
        &self,
        request: AttachmentAdd,
    ) -> Result<Attachment, ErrorReport> {
        let path = self.inner.picked.resolve(request.handle)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let bytes = blocking(move || read(&path)).await??;
        self.take_in(&name, bytes, request.conversation_id).await
    }

    /// Reads what the page was given: a file of the browser, or a text that was pasted.
    pub(crate) async fn give_attachment(
        &self,
        request: AttachmentGive,
    ) -> Result<Attachment, ErrorReport> {
        let too_large = || {
            unreadable(
                &request.name,
                &format!("it is larger than {} MiB", MOST_GIVEN_BYTES >> 20),
            )
        };
        if request.content_base64.len() / 4 * 3 > MOST_GIVEN_BYTES + 3 {
            return Err(too_large());
        }
        let bytes = STANDARD
            .decode(&request.content_base64)
            .map_err(|_| refuse(ErrorCode::InvalidRequest, "the content is not base64"))?;
        if bytes.len() > MOST_GIVEN_BYTES {
            return Err(too_large());
        }
        self.take_in(&request.name, bytes, request.conversation_id)
            .await
    }

    /// What was taken from a file.
    pub(crate) async fn attachment_text(&self, id: AttachmentId) -> Result<String, ErrorReport> {
        Ok(self.attached_file(id).await?.text)
    }

    /// An image as models see it.
    pub(crate) async fn attachment_image(
        &self,
        id: AttachmentId,
    ) -> Result<AttachedImage, ErrorReport> {
        let attached = self.attached_file(id).await?;
        let file = attached
            .image
            .ok_or_else(|| refuse(ErrorCode::InvalidRequest, "this attachment is no image"))?;
        Ok(shown(&file))
    }

    /// Files of a draft with their texts, in their order.
    pub(crate) async fn attached(
        &self,
        ids: &[AttachmentId],
    ) -> Result<Vec<AttachedText>, ErrorReport> {
        refuse_too_many(ids)?;
        let mut attached = Vec::with_capacity(ids.len());
        for id in ids {
            attached.push(self.attached_file(*id).await?);
        }
        Ok(attached)
    }

    async fn take_in(
        &self,
        name: &str,
        bytes: Vec<u8>,
        conversation_id: Option<ConversationId>,
    ) -> Result<Attachment, ErrorReport> {
        let name = one_line(name);
        let size_bytes = bytes.len() as u64;
        let extracted = tokio::time::timeout(PATIENCE, parse(name.clone(), bytes))
            .await
            .map_err(|_| {
                let seconds = PATIENCE.as_secs();
                unreadable(
                    &name,
                    &format!("reading it took longer than {seconds} seconds"),
                )
            })??;
        let extracted = extracted.map_err(|error| unreadable(&name, &error.to_string()))?;
        let new = new_attachment(name, size_bytes, extracted);
        let store = match conversation_id {
            Some(id) => self.store_of(id).await,
            None => self.inner.store.clone(),
        };
        store.keep_attachment(&new).await.report()?;
        Ok(new.attachment)
    }
}

/// Parses on a thread of its own, which the end of the app does not wait for as it does for those of
/// the runtime.
async fn parse(
    name: String,
    bytes: Vec<u8>,
) -> Result<Result<Extracted, ExtractError>, ErrorReport> {
    let permit = PARSERS.acquire().await.expect("it is never closed");
    let (sender, extracted) = oneshot::channel();
    std::thread::Builder::new()
        .name("attachment".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let extracted = expecting_panics(|| extract(&name, &bytes));
            drop(permit);
            // Nobody may be waiting any more.
            let _: Result<(), _> = sender.send(extracted);
        })
        .map_err(|error| {
            let message = format!("could not start to read a file: {error}");
            refuse(ErrorCode::Internal, message)
        })?;
    extracted
        .await
        .map_err(|_| refuse(ErrorCode::Internal, "reading a file was cut off"))
}

/// What the store keeps of a file.
pub(crate) fn new_attachment(name: String, size_bytes: u64, extracted: Extracted) -> NewAttachment {
    let Extracted {
        kind,
        text,
        picture,
    } = extracted;
    let pixels = picture
        .as_ref()
        .map(|Picture { width, height, .. }| Pixels {
            width: *width,
            height: *height,
        });
    NewAttachment {
        attachment: Attachment {
            id: AttachmentId::fresh(),
            name,
            kind,
            size_bytes,
            characters: u32::try_from(text.chars().count()).unwrap_or(u32::MAX),
            pixels,
        },
        sha256: sha256(text.as_bytes()),
        text,
        image: picture.map(|picture| NewImage {
            sha256: sha256(&picture.file),
            file: picture.file,
        }),
    }
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As a prompt shows it; none for an image, which stands there as itself.
pub(crate) fn document(attached: &AttachedText) -> Option<Document<'_>> {
    attached.image.is_none().then_some(Document {
        name: &attached.name,
        kind: attached.kind,
        text: &attached.text,
    })
}

/// The images among what is attached, as workers get them.
pub(crate) fn images(attached: &[AttachedText]) -> Vec<Arc<str>> {
    let files = attached.iter().filter_map(|one| one.image.as_ref());
    files.map(|file| Arc::from(STANDARD.encode(file))).collect()
}

/// An image as a page shows it.
fn shown(file: &[u8]) -> AttachedImage {
    AttachedImage {
        media_type: AttachedImage::media_type_of(file).to_owned(),
        content_base64: STANDARD.encode(file),
    }
}

/// What is kept of a file, as exports have it.
pub(crate) fn exported((text, image): KeptContent) -> AttachedContent {
    AttachedContent {
        text,
        image: image.as_deref().map(shown),
    }
}

pub(crate) fn refuse_too_many(ids: &[AttachmentId]) -> Result<(), ErrorReport> {
    if ids.len() > MOST_ATTACHMENTS {
        return Err(refuse(
            ErrorCode::InvalidRequest,
            format!("a message takes at most {MOST_ATTACHMENTS} attachments"),
        ));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, ErrorReport> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| unreadable(&name, &error.to_string());
    // A pipe or a device would be read without an end.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(unreadable(&name, "it is not a file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| {
            file.take(MOST_FILE_BYTES as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(failed)?;
    Ok(bytes)
}

fn unreadable(name: &str, why: &str) -> ErrorReport {
    refuse(
        ErrorCode::FileProblem,
        format!("could not read `{name}`: {why}"),
    )
}

/// A name that fits a line and a prompt.
fn one_line(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_NAME)
        .collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        "attachment".into()
    } else {
        words
    }
}
