use super::*;

fn node(id: &str, parent: &str, said: Option<(Role, &str)>) -> Node {
    Node {
        id: id.to_owned(),
        parent: (!parent.is_empty()).then(|| parent.to_owned()),
        said: said.map(|(role, words)| Said::new(role, words.to_owned())),
    }
}

const U: Role = Role::User;
const A: Role = Role::Assistant;

/// Messages as `parent words`, and the words of the head.
fn grown(nodes: Vec<Node>, head: Option<&str>) -> Option<(Vec<String>, String)> {
    let (messages, head) = grow(nodes, head, Joining::Answers, 5).unwrap()?;
    let line = |message: &ForeignMessage| {
        let parent = message
            .parent
            .map_or("-".to_owned(), |parent| parent.to_string());
        format!("{parent} {}", message.content)
    };
    let head = messages[head].content.clone();
    Some((messages.iter().map(line).collect(), head))
}

#[test]
fn what_is_left_out_is_bridged() {
    let nodes = vec![
        node("root", "", None),
        node("q", "root", Some((U, "q"))),
        node("tool", "q", None),
        node("a", "tool", Some((A, "a"))),
        node("end", "a", None),
    ];
    let (lines, head) = grown(nodes, Some("end")).unwrap();
    assert_eq!(lines, ["- q", "0 a"]);
    assert_eq!(head, "a");
}

#[test]
fn answers_that_follow_each_other_are_one() {
    let nodes = vec![
        node("q", "", Some((U, "q"))),
        node("a", "q", Some((A, "a "))),
        node("tool", "a", None),
        node("b", "tool", Some((A, "\nb"))),
        node("c", "b", Some((A, "c"))),
        node("next", "c", Some((U, "next"))),
    ];
    let (lines, head) = grown(nodes, None).unwrap();
    assert_eq!(lines, ["- q", "0 a\n\nb\n\nc", "1 next"]);
    assert_eq!(head, "next");
}

#[test]
fn an_answer_answered_by_several_goes_in_front_of_each() {
    let nodes = vec![
        node("q", "", Some((U, "q"))),
        node("a", "q", Some((A, "a"))),
        node("b", "a", Some((A, "b"))),
        node("c", "a", Some((A, "c"))),
    ];
    let (lines, head) = grown(nodes, Some("b")).unwrap();
    assert_eq!(lines, ["- q", "0 a\n\nb", "0 a\n\nc"]);
    assert_eq!(head, "a\n\nb");
}

#[test]
fn an_answer_that_a_person_answers_as_well_stays() {
    let nodes = vec![
        node("a", "", Some((A, "a"))),
        node("q", "a", Some((U, "q"))),
        node("b", "a", Some((A, "b"))),
    ];
    let (lines, head) = grown(nodes, None).unwrap();
    assert_eq!(lines, ["- a", "0 q", "- a\n\nb"]);
    assert_eq!(head, "a\n\nb");
}

#[test]
fn our_own_messages_are_never_joined() {
    let nodes = vec![
        node("a", "", Some((A, "a"))),
        node("b", "a", Some((A, "b"))),
    ];
    let (messages, head) = grow(nodes, None, Joining::Nothing, 5).unwrap().unwrap();
    assert_eq!((messages.len(), head), (2, 1));
}

#[test]
fn a_head_that_is_not_there_or_not_a_leaf_gives_the_latest_leaf() {
    let nodes = || {
        vec![
            node("q", "", Some((U, "q"))),
            node("a", "q", Some((A, "a"))),
            node("b", "q", Some((A, "b"))),
            node("r", "", Some((U, "r"))),
        ]
    };
    assert_eq!(grown(nodes(), Some("nowhere")).unwrap().1, "r");
    assert_eq!(grown(nodes(), Some("q")).unwrap().1, "b");
    assert_eq!(grown(nodes(), Some("a")).unwrap().1, "a");
}

#[test]
fn nothing_said_is_no_conversation() {
    assert!(grown(Vec::new(), None).is_none());
    assert!(grown(vec![node("root", "", None)], Some("root")).is_none());
}

#[test]
fn what_is_no_tree_is_refused() {
    let problem = |nodes| {
        grow(nodes, None, Joining::Answers, 5)
            .unwrap_err()
            .to_string()
    };
    let own = vec![node("a", "a", Some((U, "a")))];
    assert_eq!(problem(own), "messages answer each other in a circle");
    let twice = vec![node("a", "", None), node("a", "", None)];
    assert_eq!(problem(twice), "two messages have the id `a`");
    let long = "ä".repeat(1000);
    let stray = vec![node("a", &long, None)];
    let reason = problem(stray);
    assert!(
        reason.contains("which is not there") && reason.chars().count() < 120,
        "{reason}"
    );
}

#[test]
fn more_messages_or_text_than_anybody_writes_are_refused() {
    let many = (0..=MOST_MESSAGES).map(|number| node(&number.to_string(), "", None));
    let problem = grow(many.collect(), None, Joining::Answers, 5).unwrap_err();
    assert!(matches!(problem, Problem::TooManyMessages));
    // Each of a chain goes in front of two more: the text grows with the square of its length.
    let words = "x".repeat(10_000);
    let mut nodes = vec![node("0", "", Some((A, &words)))];
    for number in 1..5_000 {
        let above = (number - 1).to_string();
        nodes.push(node(&number.to_string(), &above, Some((A, &words))));
        nodes.push(node(&format!("{number}'"), &above, Some((A, ""))));
    }
    let problem = grow(nodes, None, Joining::Answers, 5).unwrap_err();
    assert!(matches!(problem, Problem::TooMuchText));
}

#[test]
fn a_chain_of_any_length_is_followed() {
    let mut nodes = vec![node("0", "", Some((U, "q")))];
    for number in 1..50_000 {
        let above = (number - 1).to_string();
        nodes.push(node(&number.to_string(), &above, Some((A, "a"))));
    }
    let (messages, head) = grow(nodes, None, Joining::Answers, 5).unwrap().unwrap();
    assert_eq!((messages.len(), head), (2, 1));
    assert_eq!(messages[1].content.len(), 49_999 + 2 * 49_998);
    assert_eq!(messages[1].created_at_ms, 5);
}
