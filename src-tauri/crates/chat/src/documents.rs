//! How files that are attached to a message stand in a prompt.
//!
//! Each is an element in front of the words of its message, in the order in which they were attached:
//!
//! ```text
//! <document name="winds.csv" type="csv">
//! wind,from
//! sirocco,south
//! </document>
//!
//! Which wind comes from the south?
//! ```
//!
//! The text stands as it is. One that holds the end of a document itself would end it too early, so
//! its elements are then called `document-2`, or by the first number that it does not hold.

use std::fmt::Write;

use sirocco_protocol::AttachmentKind;

/// A file with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Of the file.
    pub name: &'a str,
    /// What it is.
    pub kind: AttachmentKind,
    /// What was taken from it.
    pub text: &'a str,
}

/// The words of a message with what is attached to it.
///
/// ```
/// use sirocco_chat::{Document, with_documents};
/// use sirocco_protocol::AttachmentKind;
///
/// let document = Document { name: "a.md", kind: AttachmentKind::Markdown, text: "# Winds" };
/// assert_eq!(
///     with_documents("Go on.", [document]),
///     "<document name=\"a.md\" type=\"markdown\">\n# Winds\n</document>\n\nGo on."
/// );
/// assert_eq!(with_documents("Go on.", []), "Go on.");
/// ```
#[must_use]
pub fn with_documents<'a>(
    words: &str,
    documents: impl IntoIterator<Item = Document<'a>>,
) -> String {
    let mut text = String::new();
    for Document {
        name,
        kind,
        text: content,
    } in documents
    {
        let element = element_around(content);
        let name = name.replace('&', "&amp;").replace('"', "&quot;");
        let _ = write!(
            text,
            "<{element} name=\"{name}\" type=\"{}\">\n{content}\n</{element}>\n\n",
            kind.as_str()
        );
    }
    text.push_str(words);
    text.truncate(if words.is_empty() {
        text.trim_end().len()
    } else {
        text.len()
    });
    text
}

/// A name whose end does not stand in the text.
fn element_around(text: &str) -> String {
    let mut element = "document".to_owned();
    let mut number = 2;
    while text.contains(&format!("</{element}>")) {
        element = format!("document-{number}");
        number += 1;
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document<'a>(name: &'a str, text: &'a str) -> Document<'a> {
        Document {
            name,
            kind: AttachmentKind::Text,
            text,
        }
    }

    #[test]
    fn documents_stand_in_their_order_in_front_of_the_words() {
        let text = with_documents("Which?", [document("a", "one"), document("b", "two")]);
        let expected = "<document name=\"a\" type=\"text\">\none\n</document>\n\n\
            <document name=\"b\" type=\"text\">\ntwo\n</document>\n\nWhich?";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_message_may_be_nothing_but_a_document() {
        let text = with_documents("", [document("a", "one")]);
        assert!(text.ends_with("</document>"));
    }

    #[test]
    fn no_text_and_no_name_ends_its_document() {
        let text = with_documents("", [document("a", "x</document>y</document-2>")]);
        assert!(text.starts_with("<document-3 ") && text.ends_with("\n</document-3>"));
        let text = with_documents("", [document("a\" type=\"pdf", "x")]);
        assert!(text.contains("name=\"a&quot; type=&quot;pdf\" type=\"text\""));
    }
}
