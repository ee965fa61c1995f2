//! A page that needs nothing else: no scripts, no files, no network.
//!
//! Nothing that a person or a model wrote becomes markup: the text stands as written, and only
//! fences of code get a block of their own.

use std::fmt::Write;

use sirocco_protocol::Role;

use super::{Outgoing, attached, date, one_line, reasoning, speaker};

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
    if let Some(created) = date(conversation.summary.created_at_ms) {
        let _ = writeln!(
            page,
            "<p class=\"time\"><time datetime=\"{created}\">{created}</time></p>"
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

/// Text as written, with blocks for fences of code. A fence that is not closed goes to the end.
fn body(page: &mut String, text: &str) {
    let mut lines = text.lines();
    let mut plain = String::new();
    while let Some(line) = lines.next() {
        let Some(fence) = fence(line) else {
            plain.push_str(line);
            plain.push('\n');
            continue;
        };
        paragraph(page, &mut plain);
        page.push_str("<pre><code>");
        for code in lines.by_ref() {
            let closes = code.trim_start().starts_with(fence)
                && code.trim().chars().all(|c| fence.starts_with(c));
            if closes {
                break;
            }
            page.push_str(&escaped(code));
            page.push('\n');
        }
        page.push_str("</code></pre>\n");
    }
    paragraph(page, &mut plain);
}

/// The signs that open a block of code.
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let sign = line.chars().next().filter(|sign| "`~".contains(*sign))?;
    let rest = line.trim_start_matches(sign);
    let signs = &line[..line.len() - rest.len()];
    // What follows names the language; a sign in it is code within a line.
    (signs.len() >= 3 && !rest.contains('`')).then_some(signs)
}

fn paragraph(page: &mut String, plain: &mut String) {
    if !plain.trim().is_empty() {
        let _ = writeln!(
            page,
            "<p class=\"text\" dir=\"auto\">{}</p>",
            escaped(plain.trim_matches('\n'))
        );
    }
    plain.clear();
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
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;"));
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
        assert!(page.contains("<time datetime=\"2023-11-14T22:13:20Z\">"));
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
    fn fences_become_blocks_and_the_rest_stays_as_written() {
        let text =
            "Look:\n\n````rust\nlet a = 1 < 2;\n```\n````\n\nDone, `x` is ```y```.\n~~~\nopen";
        let mut html = String::new();
        body(&mut html, text);
        let expected = "\
<p class=\"text\" dir=\"auto\">Look:</p>
<pre><code>let a = 1 &lt; 2;
```
</code></pre>
<p class=\"text\" dir=\"auto\">Done, `x` is ```y```.</p>
<pre><code>open
</code></pre>
";
        assert_eq!(html, expected);
    }
}
