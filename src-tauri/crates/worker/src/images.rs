//! Images in a prompt: where they stand in its text, and how many positions of the cache each takes.
//!
//! Chat templates know text. So each image is a mark in the text of its message while the template writes, and what it
//! wrote is tokenized piece by piece between the marks. What surrounds an image for the model (`<|vision_start|>` and the
//! like) belongs to the image and is the engine's.

use std::sync::Arc;

use sirocco_engine_wire::{ChatMessage, WorkerError, WorkerErrorKind};

/// Stands in a prompt's tokens at every position that an image takes; no vocabulary is so large.
pub const IMAGE_TOKEN: u32 = u32::MAX;
/// How an image is shown where a prompt is shown.
const SHOWN: &str = "[image]";

/// How a model sees images. Asked while it computes.
pub trait Sight: Send + Sync {
    /// Positions of the cache that an image (a PNG or JPEG file, base64) takes.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tokens(&self, image: &str) -> Result<usize, ImageError>;
}

/// An image cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("could not read an image: {0}")]
pub struct ImageError(
    /// Why, in words for a person.
    pub String,
);

/// An image in a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedImage {
    /// Position in the prompt.
    pub at: usize,
    /// Positions it takes.
    pub tokens: usize,
    /// The file, base64.
    pub base64: Arc<str>,
}

impl PlacedImage {
    /// The position behind it.
    #[must_use]
    pub fn end(&self) -> usize {
        self.at + self.tokens
    }
}

/// Messages whose images are marks, and what it takes to find these again.
pub struct Marked {
    /// To be rendered.
    pub messages: Vec<ChatMessage>,
    mark: String,
    /// In the order of their marks.
    images: Vec<Arc<str>>,
}

impl Marked {
    /// Puts marks where the images are; none if there are no images.
    ///
    /// # Errors
    /// For an image that stands nowhere in its text.
    pub fn new(messages: &[ChatMessage]) -> Result<Option<Self>, WorkerError> {
        if messages.iter().all(|message| message.images.is_empty()) {
            return Ok(None);
        }
        let mark = unused_mark(messages);
        let mut marked = messages.to_vec();
        let mut images = Vec::new();
        for message in &mut marked {
            let mut content = String::with_capacity(message.content.len());
            let mut done = 0;
            for image in std::mem::take(&mut message.images) {
                let before = message.content.get(done..image.at).ok_or_else(|| {
                    invalid("an image stands nowhere in the text of its message".into())
                })?;
                content.push_str(before);
                content.push_str(&mark);
                done = image.at;
                images.push(Arc::from(image.base64));
            }
            content.push_str(&message.content[done..]);
            message.content = content;
        }
        Ok(Some(Self {
            messages: marked,
            mark,
            images,
        }))
    }

    /// The pieces of a rendered text between the images, one more than there are of these, and the images.
    ///
    /// # Errors
    /// If the template dropped an image or wrote one twice.
    pub fn pieces<'a>(
        &'a self,
        text: &'a str,
    ) -> Result<(Vec<&'a str>, &'a [Arc<str>]), WorkerError> {
        let pieces: Vec<&str> = text.split(self.mark.as_str()).collect();
        if pieces.len() != self.images.len() + 1 {
            return Err(WorkerError {
                kind: WorkerErrorKind::Template,
                message: "the model's chat template has no place for an image of this conversation"
                    .into(),
            });
        }
        Ok((pieces, &self.images))
    }

    /// The text as people read it.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        text.replace(&self.mark, SHOWN)
    }
}

/// Private-use characters that stand in none of the messages.
fn unused_mark(messages: &[ChatMessage]) -> String {
    let mut mark = "\u{f8f2}".to_owned();
    while messages
        .iter()
        .any(|message| message.content.contains(&mark))
    {
        mark.push('\u{f8f3}');
    }
    mark
}

/// A request whose images make no sense.
pub fn invalid(message: String) -> WorkerError {
    WorkerError {
        kind: WorkerErrorKind::InvalidRequest,
        message,
    }
}

#[cfg(test)]
mod tests {
    use sirocco_engine_wire::ChatImage;

    use super::*;

    fn message(content: &str, places: &[usize]) -> ChatMessage {
        let image = |at: &usize| ChatImage {
            at: *at,
            base64: at.to_string(),
        };
        ChatMessage {
            role: "user".into(),
            content: content.into(),
            images: places.iter().map(image).collect(),
            ..ChatMessage::default()
        }
    }

    #[test]
    fn images_are_found_where_they_stood() {
        let messages = [message("ab", &[1, 2]), message("c", &[0])];
        let marked = Marked::new(&messages).unwrap().unwrap();
        let text: String = marked
            .messages
            .iter()
            .map(|one| one.content.clone())
            .collect();
        let (pieces, images) = marked.pieces(&text).unwrap();
        assert_eq!(pieces, ["a", "b", "", "c"]);
        let images: Vec<&str> = images.iter().map(AsRef::as_ref).collect();
        assert_eq!(images, ["1", "2", "0"]);
        assert_eq!(marked.shown(&text), "a[image]b[image][image]c");
        assert!(Marked::new(&[message("ab", &[])]).unwrap().is_none());
    }

    #[test]
    fn a_text_that_holds_the_mark_places_no_image() {
        let marked = Marked::new(&[message("\u{f8f2}\u{f8f3}", &[0])])
            .unwrap()
            .unwrap();
        let (pieces, _) = marked.pieces(&marked.messages[0].content).unwrap();
        assert_eq!(pieces, ["", "\u{f8f2}\u{f8f3}"]);
    }

    #[test]
    fn what_stands_nowhere_or_is_dropped_is_refused() {
        for places in [[3, 3], [2, 1]] {
            assert!(Marked::new(&[message("ab", &places)]).is_err());
        }
        assert!(Marked::new(&[message("é", &[1])]).is_err());
        let marked = Marked::new(&[message("ab", &[1])]).unwrap().unwrap();
        let error = marked.pieces("ab").unwrap_err();
        assert_eq!(error.kind, WorkerErrorKind::Template);
    }
}
