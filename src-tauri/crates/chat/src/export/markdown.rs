//! Markdown. That of the messages stays as it is, so the headings between them are of the second
//! level, and thoughts are folded away.

use std::fmt::Write;

use super::{Outgoing, attached, date, one_line, reasoning, speaker};

pub fn write(outgoing: &Outgoing) -> String {
    let conversation = &outgoing.conversation;
    let mut text = format!("# {}\n", one_line(&conversation.summary.title));
    if let Some(created) = date(conversation.summary.created_at_ms) {
        let _ = write!(text, "\n*{}*\n", created.human);
    }
    let system = outgoing.system_prompt();
    if !system.is_empty() {
        let _ = write!(text, "\n## System\n\n{system}\n");
    }
    for message in outgoing.branch() {
        let _ = write!(text, "\n## {}\n", one_line(speaker(message)));
        if let Some(reasoning) = reasoning(message) {
            let _ = write!(
                text,
                "\n<details>\n<summary>Reasoning</summary>\n\n{reasoning}\n\n</details>\n"
            );
        }
        if let Some(names) = attached(message) {
            let _ = write!(text, "\n*Attached: {names}*\n");
        }
        let content = message.content.trim();
        if !content.is_empty() {
            let _ = write!(text, "\n{content}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{attachment, message, outgoing};
    use super::*;
    use sirocco_protocol::Role;

    #[test]
    fn it_reads_like_the_transcript() {
        let branch = [
            message(Role::User, "2 + 2?", None),
            message(Role::Assistant, "# Four\n", Some("two and two\n")),
            message(Role::Assistant, "", Some(" ")),
        ];
        let expected = "\
# Sums and more

*2023-11-14 22:13 UTC*

## System

Be brief.

## You

2 + 2?

## Tiny 1B

<details>
<summary>Reasoning</summary>

two and two

</details>

# Four

## Tiny 1B
";
        assert_eq!(write(&outgoing(branch)), expected);
    }

    #[test]
    fn what_is_attached_is_named() {
        let mut question = message(Role::User, "Which?", None);
        question.attachments = vec![attachment("winds\n.csv"), attachment("notes.md")];
        let text = write(&outgoing([question]));
        assert!(text.ends_with("## You\n\n*Attached: winds .csv, notes.md*\n\nWhich?\n"));
    }

    #[test]
    fn a_time_that_is_no_date_is_left_out() {
        let mut odd = outgoing([]);
        odd.effective.system_prompt = None;
        for time in [i64::MAX, i64::MIN] {
            odd.conversation.summary.created_at_ms = time;
            assert_eq!(write(&odd), "# Sums and more\n");
        }
    }
}
