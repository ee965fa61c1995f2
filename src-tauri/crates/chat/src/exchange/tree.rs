//! Messages that name what they answer, made a tree that is sound.

use std::collections::HashMap;

use serde_json::{Map, Value};
use sirocco_protocol::Role;

use super::draft::title_line;
use super::{ForeignAttachment, ForeignMessage, ForeignRun, ForeignSummary, Problem};

/// More messages than anybody writes into one conversation.
pub const MOST_MESSAGES: usize = 100_000;
/// Of text in one conversation, what joining repeats included.
pub const MOST_BYTES: usize = 256 << 20;
/// Characters of an id that a report shows.
const SHOWN_ID: usize = 60;

/// A place of the tree.
pub struct Node {
    pub id: String,
    /// The node it hangs on.
    pub parent: Option<String>,
    /// None for what is left out: what answers it answers what it hangs on.
    pub said: Option<Said>,
}

/// What is said there.
pub struct Said {
    pub role: Role,
    pub content: String,
    pub reasoning: Option<String>,
    pub created_at_ms: Option<i64>,
    pub model_name: Option<String>,
    pub run: Option<ForeignRun>,
    pub left_out: bool,
    pub good: bool,
    pub summary: Option<ForeignSummary>,
    pub attachments: Vec<ForeignAttachment>,
}

impl Said {
    /// Words without anything known about them.
    pub fn new(role: Role, content: String) -> Self {
        Self {
            role,
            content,
            reasoning: None,
            created_at_ms: None,
            model_name: None,
            run: None,
            left_out: false,
            good: false,
            summary: None,
            attachments: Vec::new(),
        }
    }

    /// None if there is nothing to read.
    pub fn unless_blank(self) -> Option<Self> {
        let blank = self.content.trim().is_empty()
            && self.attachments.is_empty()
            && self
                .reasoning
                .as_deref()
                .is_none_or(|text| text.trim().is_empty());
        (!blank).then_some(self)
    }

    fn bytes(&self) -> usize {
        let attached = self.attachments.iter();
        self.content.len()
            + self.reasoning.as_ref().map_or(0, String::len)
            + self
                .summary
                .as_ref()
                .map_or(0, |summary| summary.text.len())
            + attached
                .map(|attached| {
                    attached.text.len() + attached.image_base64.as_ref().map_or(0, String::len)
                })
                .sum::<usize>()
    }

    /// Puts what was said right before in front.
    fn prepend(&mut self, before: Self) {
        self.content = joined(before.content, &self.content);
        self.reasoning = match (before.reasoning, self.reasoning.take()) {
            (Some(before), Some(own)) => Some(joined(before, &own)),
            (before, own) => before.or(own),
        };
        self.created_at_ms = before.created_at_ms.or(self.created_at_ms);
        self.model_name = self.model_name.take().or(before.model_name);
        self.good |= before.good;
    }
}

impl Node {
    /// When its words were said.
    pub fn created_at_ms(&self) -> Option<i64> {
        self.said.as_ref()?.created_at_ms
    }
}

/// What becomes of answers that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// They are one: other apps keep thoughts, calls of tools and what is said between them apart.
    Answers,
    /// They stay as they are.
    Nothing,
}

/// Puts nodes into the order in which the lists named `field` of the entries of `map` name them;
/// those that no list names come last, by time.
pub fn order_by_lists(nodes: &mut [Node], map: &Map<String, Value>, field: &str) {
    let lists = map
        .values()
        .filter_map(|entry| entry.get(field)?.as_array());
    let ranks: HashMap<&str, usize> = lists
        .flat_map(|list| list.iter().enumerate())
        .filter_map(|(rank, id)| Some((id.as_str()?, rank)))
        .collect();
    nodes.sort_by_cached_key(|node| {
        let rank = ranks.get(node.id.as_str()).copied().unwrap_or(usize::MAX);
        (rank, node.created_at_ms(), node.id.clone())
    });
}

/// The messages, each behind the one it answers, and the index of the leaf that is shown: `head`,
/// or the latest below it. None if nothing is said. Siblings keep the order they have in `nodes`;
/// what has no time has that of what it answers, or `created_at_ms`.
pub fn grow(
    mut nodes: Vec<Node>,
    head: Option<&str>,
    joining: Joining,
    created_at_ms: i64,
) -> Result<Option<(Vec<ForeignMessage>, usize)>, Problem> {
    if nodes.len() > MOST_MESSAGES {
        return Err(Problem::TooManyMessages);
    }
    let index = index(&nodes)?;
    let head = head.and_then(|id| index.get(id).copied());
    let hangs_on = parents(&nodes, &index)?;
    let order = order(&hangs_on)?;

    // What hangs on what is left out hangs on the next above it.
    let mut anchor: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut parent: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut kept = Vec::new();
    for &at in &order {
        let above = hangs_on[at].and_then(|above| anchor[above]);
        if nodes[at].said.is_none() {
            anchor[at] = above;
            continue;
        }
        anchor[at] = Some(at);
        parent[at] = above;
        if let Some(above) = above {
            children[above].push(at);
        }
        kept.push(at);
    }
    let shown = head.and_then(|head| anchor[head]);
    let last_root = kept.iter().rev().find(|at| parent[**at].is_none());
    let Some(mut leaf) = shown.or(last_root.copied()) else {
        return Ok(None);
    };
    while let Some(latest) = children[leaf].last() {
        leaf = *latest;
    }

    let mut said: Vec<Option<Said>> = nodes.iter_mut().map(|node| node.said.take()).collect();
    if joining == Joining::Answers {
        join(&kept, &mut said, &mut parent, &children)?;
    }
    Ok(Some(lay_out(&kept, said, &parent, leaf, created_at_ms)))
}

fn index(nodes: &[Node]) -> Result<HashMap<String, usize>, Problem> {
    let mut index = HashMap::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        if index.insert(node.id.clone(), at).is_some() {
            return Err(Problem::DuplicateId {
                id: shown(&node.id),
            });
        }
    }
    Ok(index)
}

fn parents(nodes: &[Node], index: &HashMap<String, usize>) -> Result<Vec<Option<usize>>, Problem> {
    let parent = |node: &Node| {
        let Some(parent) = &node.parent else {
            return Ok(None);
        };
        let found = index.get(parent).copied();
        found.map(Some).ok_or_else(|| Problem::MissingParent {
            id: shown(&node.id),
            parent: shown(parent),
        })
    };
    nodes.iter().map(parent).collect()
}

/// From each root down, a branch at a time.
fn order(hangs_on: &[Option<usize>]) -> Result<Vec<usize>, Problem> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); hangs_on.len()];
    let mut open = Vec::new();
    // Backwards, for what is pushed last is looked at first.
    for (at, above) in hangs_on.iter().enumerate().rev() {
        match above {
            Some(above) => children[*above].push(at),
            None => open.push(at),
        }
    }
    let mut order = Vec::with_capacity(hangs_on.len());
    while let Some(at) = open.pop() {
        order.push(at);
        open.append(&mut children[at]);
    }
    // What no root leads to hangs on itself.
    if order.len() == hangs_on.len() {
        Ok(order)
    } else {
        Err(Problem::Cycle)
    }
}

/// Makes answers to answers one with what they answer. One that is answered by several goes in
/// front of each; one that is answered by a person as well stays beside them.
fn join(
    kept: &[usize],
    said: &mut [Option<Said>],
    parent: &mut [Option<usize>],
    children: &[Vec<usize>],
) -> Result<(), Problem> {
    let role: Vec<Option<Role>> = said
        .iter()
        .map(|said| said.as_ref().map(|said| said.role))
        .collect();
    let is_answer = |at: usize| role[at] == Some(Role::Assistant);
    let mut bytes: usize = said.iter().flatten().map(Said::bytes).sum();
    for &at in kept {
        let Some(above) = parent[at].filter(|above| is_answer(*above) && is_answer(at)) else {
            continue;
        };
        // The last one may take the words, unless they stay for a person's message.
        let is_last = children[above].last() == Some(&at)
            && children[above].iter().all(|child| is_answer(*child));
        let before = if is_last {
            said[above].take()
        } else {
            let before = said[above].as_ref().map(copy);
            bytes += before.as_ref().map_or(0, Said::bytes);
            before
        };
        if bytes > MOST_BYTES {
            return Err(Problem::TooMuchText);
        }
        if let (Some(own), Some(before)) = (said[at].as_mut(), before) {
            own.prepend(before);
        }
        parent[at] = parent[above];
    }
    Ok(())
}

/// What goes in front of another version; a run and a summary belong to one message only.
fn copy(said: &Said) -> Said {
    Said {
        role: said.role,
        content: said.content.clone(),
        reasoning: said.reasoning.clone(),
        created_at_ms: said.created_at_ms,
        model_name: said.model_name.clone(),
        run: None,
        left_out: said.left_out,
        good: said.good,
        summary: None,
        attachments: said.attachments.clone(),
    }
}

fn lay_out(
    kept: &[usize],
    mut said: Vec<Option<Said>>,
    parent: &[Option<usize>],
    leaf: usize,
    created_at_ms: i64,
) -> (Vec<ForeignMessage>, usize) {
    let mut place: Vec<Option<usize>> = vec![None; said.len()];
    let mut messages: Vec<ForeignMessage> = Vec::with_capacity(kept.len());
    for &at in kept {
        let Some(said) = said[at].take() else {
            continue;
        };
        let above = parent[at].and_then(|above| place[above]);
        let time_above = above.map_or(created_at_ms, |above| messages[above].created_at_ms);
        place[at] = Some(messages.len());
        messages.push(ForeignMessage {
            parent: above,
            role: said.role,
            content: said.content,
            reasoning: said.reasoning,
            created_at_ms: said.created_at_ms.unwrap_or(time_above),
            model_name: said.model_name.as_deref().and_then(title_line),
            run: said.run,
            left_out: said.left_out,
            good: said.good,
            summary: said.summary,
            attachments: said.attachments,
        });
    }
    let head = place[leaf].expect("only what is answered is joined to what follows it");
    (messages, head)
}

fn joined(mut before: String, after: &str) -> String {
    if before.trim().is_empty() {
        return after.to_owned();
    }
    if !after.trim().is_empty() {
        before.truncate(before.trim_end().len());
        before.push_str("\n\n");
        before.push_str(after.trim_start_matches('\n'));
    }
    before
}

fn shown(id: &str) -> String {
    match id.char_indices().nth(SHOWN_ID) {
        Some((at, _)) => format!("{}…", &id[..at]),
        None => id.to_owned(),
    }
}

#[cfg(test)]
mod tests;
