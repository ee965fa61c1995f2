//! Markdown as HTML, out of which nothing breaks: what was written as HTML is shown as it was
//! written, a link leads to a web page or an address of mail or is only its words, and an image,
//! which the page would have to fetch, is a link.

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// Adds the text to the page.
pub fn push(page: &mut String, text: &str) {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut links = Links::default();
    let events = Parser::new_ext(text, options).filter_map(|event| links.tamed(event));
    html::push_html(page, events);
}

/// The links and images that are open, the innermost last: whether each is written as a link.
#[derive(Default)]
struct Links(Vec<bool>);

impl Links {
    /// None for what goes.
    fn tamed<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        Some(match event {
            // A break is all that models write as HTML where Markdown has no sign for it: in tables.
            Event::InlineHtml(html) if is_break(&html) => Event::HardBreak,
            Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            // As the transcript shows it.
            Event::SoftBreak => Event::HardBreak,
            Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
                level: below(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
            Event::Start(
                Tag::Link {
                    link_type,
                    dest_url,
                    ..
                }
                | Tag::Image {
                    link_type,
                    dest_url,
                    ..
                },
            ) => {
                // One within another cannot be written.
                let written = leads_out(link_type, &dest_url) && !self.0.contains(&true);
                self.0.push(written);
                if !written {
                    return None;
                }
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title: CowStr::Borrowed(""),
                    id: CowStr::Borrowed(""),
                })
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if !self.0.pop()? {
                    return None;
                }
                Event::End(TagEnd::Link)
            }
            other => other,
        })
    }
}

fn is_break(html: &str) -> bool {
    let name = html
        .trim_start_matches('<')
        .trim_end_matches(['>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}

fn leads_out(link_type: LinkType, url: &str) -> bool {
    let begins = |scheme: &str| {
        let begin = url.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    link_type == LinkType::Email || ["https://", "http://", "mailto:"].into_iter().any(begins)
}

/// The page has two levels of its own.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html_of(text: &str) -> String {
        let mut html = String::new();
        push(&mut html, text);
        html
    }

    #[test]
    fn what_markdown_says_is_shown() {
        let text = "# Winds\n\n**Hot** and *dry*,\nfrom `south`.\n\n- one\n- two\n\n\
                    | a | b |\n|---|--:|\n| 1 | 2<br>3 |\n\n```rust\nlet a = 1 < 2;\n```\n\n> so";
        let html = html_of(text);
        for part in [
            "<h3>Winds</h3>",
            "<strong>Hot</strong> and <em>dry</em>,<br />\nfrom <code>south</code>.",
            "<ul>\n<li>one</li>\n<li>two</li>\n</ul>",
            "<th>a</th>",
            "2<br />\n3</td>",
            "<pre><code class=\"language-rust\">let a = 1 &lt; 2;\n</code></pre>",
            "<blockquote>\n<p>so</p>\n</blockquote>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }

    #[test]
    fn html_is_shown_as_it_was_written() {
        for hostile in [
            "<script>alert(1)</script>",
            "a <img src=x onerror='x'> b",
            "<style>*{}</style>\n\n<!-- a -->",
            "<iframe\nsrc=x>\n\n<svg/onload=x>",
            "```\"><script>\n</code></pre><script>\n```",
            "| <b> |\n|---|\n| <script> |",
            "[a](<\"onmouseover=x>) ![<script>](https://e.example/\"><script>)",
        ] {
            let html = html_of(hostile);
            for tag in [
                "<script", "<img", "<style", "<!--", "<iframe", "<svg", "<b>",
            ] {
                assert!(!html.contains(tag), "{hostile}: {html}");
            }
            assert!(html.contains("&lt;"), "{hostile}: {html}");
        }
    }

    #[test]
    fn links_lead_to_pages_and_mail_and_nowhere_else() {
        for (text, expected) in [
            (
                "[a](https://e.example/?b=1&c)",
                "<p><a href=\"https://e.example/?b=1&amp;c\">a</a></p>\n",
            ),
            (
                "<ada@e.example>",
                "<p><a href=\"mailto:ada@e.example\">ada@e.example</a></p>\n",
            ),
            ("[a](javascript:alert(1)) b", "<p>a b</p>\n"),
            ("[a](JaVaScRiPt:x)[b](data:text/html,x)", "<p>ab</p>\n"),
            ("[a](/etc/passwd) [b](#c)", "<p>a b</p>\n"),
            (
                "![wind](https://e.example/w.png)",
                "<p><a href=\"https://e.example/w.png\">wind</a></p>\n",
            ),
            (
                "[![w](https://e.example/w.png) x](https://e.example)",
                "<p><a href=\"https://e.example\">w x</a></p>\n",
            ),
        ] {
            assert_eq!(html_of(text), expected, "{text}");
        }
    }
}
