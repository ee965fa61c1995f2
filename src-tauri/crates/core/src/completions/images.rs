//! Images of strangers: each is decoded, scaled and written anew before a worker gets it, and refused if the model sees
//! none.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sirocco_attachments::{ExtractError, read_picture};
use sirocco_engine_wire::Prompt;
use sirocco_protocol::{ErrorCode, ErrorReport, ModelId};

use crate::App;
use crate::crashes::expecting_panics;
use crate::error::refuse;
use crate::library::blocking;

/// Images of one request.
const MOST_IMAGES: usize = 32;
/// Clients are divided about the signs at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl App {
    /// Makes the images of a prompt fit for a worker.
    pub(super) async fn read_images(
        &self,
        model: ModelId,
        prompt: &mut Prompt,
    ) -> Result<(), ErrorReport> {
        let Prompt::Chat { messages, .. } = prompt else {
            return Ok(());
        };
        let mut images: Vec<_> = messages
            .iter_mut()
            .flat_map(|message| &mut message.images)
            .collect();
        if images.is_empty() {
            return Ok(());
        }
        self.check_sees(model).await?;
        if images.len() > MOST_IMAGES {
            let message = format!("a request takes at most {MOST_IMAGES} images");
            return Err(refuse(ErrorCode::InvalidRequest, message));
        }
        for image in &mut images {
            let unreadable = |why: String| {
                let message = format!("could not read an image: {why}");
                refuse(ErrorCode::InvalidRequest, message)
            };
            let file = BASE64
                .decode(&image.base64)
                .map_err(|_| unreadable("it is not base64".into()))?;
            let picture = blocking(move || expecting_panics(|| read_picture(&file)))
                .await?
                .map_err(|error| {
                    unreadable(match error {
                        ExtractError::Binary => "it is not a PNG, JPEG, WebP or GIF file".into(),
                        error => error.to_string(),
                    })
                })?;
            image.base64 = BASE64.encode(picture.file);
        }
        Ok(())
    }

    /// Refuses a model that sees no images, before anybody waits for it.
    async fn check_sees(&self, id: ModelId) -> Result<(), ErrorReport> {
        let models = self.models().await?;
        let Some(model) = models.iter().find(|model| model.id == id) else {
            // Who takes a turn at it says so.
            return Ok(());
        };
        if self.sees(model) {
            return Ok(());
        }
        let message = format!("`{}` sees no images", model.key);
        Err(refuse(ErrorCode::InvalidRequest, message)
            .with_hint("choose a model that sees images, or leave them out"))
    }
}
