//! A page that needs nothing else: no scripts, no files, no network.
//!
//! What a person or a model wrote is Markdown, and becomes no other markup than that has.

use std::fmt::Write;

use sirocco_protocol::Role;

use super::{Date, Outgoing, attached, date, one_line, reasoning, rendered, speaker};

const STYLE: &str = include_str!("page.css");

pub fn write(outgoing: &Outgoing) -> String {
    let conversation = &outgoing.conversation;
    let title = escaped(&one_line(&conversation.summary.title));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1 dir=\"auto\">{title}</h1>\n"
    );
    if let Some(Date { machine, human }) = date(conversation.summary.created_at_ms) {
        let _ = writeln!(
            page,
            "<p class=\"time\"><time datetime=\"{machine}\">{human}</time></p>"
        );
    }
    let system = outgoing.system_prompt();
    if !system.is_empty() {
        fold(&mut page, "System prompt", system);
    }
    for message in outgoing.branch() {
        let class = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let name = escaped(&one_line(speaker(message)));
        let _ = writeln!(
            page,
            "<article class=\"{class}\">\n<h2 dir=\"auto\">{name}</h2>"
        );
        if let Some(reasoning) = reasoning(message) {
            fold(&mut page, "Reasoning", reasoning);
        }
        if let Some(names) = attached(message) {
            let _ = writeln!(
                page,
                "<p class=\"time\" dir=\"auto\">Attached: {}</p>",
                escaped(&names)
            );
        }
        for attachment in &message.attachments {
            let content = outgoing.texts.get(&attachment.id);
            if let Some(image) = content.and_then(|content| content.image.as_ref()) {
                // Both are ours: a type of two, and base64.
                let _ = writeln!(
                    page,
                    "<p><img alt=\"{}\" src=\"data:{};base64,{}\"></p>",
                    escaped(&one_line(&attachment.name)),
                    image.media_type,
                    image.content_base64
                );
            }
        }
        body(&mut page, message.content.trim());
        page.push_str("</article>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn fold(page: &mut String, name: &str, text: &str) {
    let _ = writeln!(page, "<details>\n<summary>{name}</summary>");
    body(page, text);
    page.push_str("</details>\n");
}

fn body(page: &mut String, text: &str) {
    if !text.is_empty() {
        page.push_str("<div class=\"text\" dir=\"auto\">\n");
        rendered::push(page, text);
        page.push_str("</div>\n");
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{attachment, message, outgoing};
    use super::super::{AttachedContent, AttachmentTexts};
    use super::*;
    use sirocco_protocol::AttachedImage;

    #[test]
    fn nothing_that_was_written_becomes_markup() {
        let hostile = "<script>alert(1)</script> & \"quotes\" <img src=x onerror='x'>";
        let mut answer = message(Role::Assistant, hostile, Some(hostile));
        answer.model_name = Some("</h2><script>".into());
        let mut titled = outgoing([answer]);
        titled.conversation.summary.title = "</title><script>".into();
        titled.effective.system_prompt = Some(format!("```\n</code>{hostile}\n```"));
        let page = write(&titled);
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; \"quotes\""));
        assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"));
    }

    #[test]
    fn it_needs_nothing_else_and_is_readable_in_the_dark() {
        let page = write(&outgoing([message(Role::User, "2 + 2?", None)]));
        for outside in ["src=", "href=", "url(", "@import", "http:"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("prefers-color-scheme: dark"));
        assert!(page.contains("<h1 dir=\"auto\">Sums and more</h1>"));
        assert!(page.contains("<time datetime=\"2023-11-14T22:13:20Z\">2023-11-14 22:13 UTC<"));
    }

    #[test]
    fn images_are_part_of_it() {
        let mut question = message(Role::User, "Which?", None);
        let image = attachment("wind\".png");
        let content = AttachedContent {
            text: String::new(),
            image: Some(AttachedImage {
                media_type: "image/png".into(),
                content_base64: "AAAA".into(),
            }),
        };
        let texts = AttachmentTexts::from([(image.id, content)]);
        question.attachments = vec![image];
        let mut outgoing = outgoing([question]);
        outgoing.texts = texts;
        let page = write(&outgoing);
        let expected = "<img alt=\"wind&quot;.png\" src=\"data:image/png;base64,AAAA\">";
        assert!(page.contains(expected), "{page}");
        assert!(page.contains("img-src data:;"));
    }

    #[test]
    fn markdown_is_rendered() {
        let question = message(Role::User, "What is **hot**?", None);
        let answer = message(Role::Assistant, "- A wind\n", Some("*Hm*"));
        let page = write(&outgoing([question, answer]));
        for part in [
            "<strong>hot</strong>",
            "<li>A wind</li>",
            "<em>Hm</em>",
            "<div class=\"text\" dir=\"auto\">",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
