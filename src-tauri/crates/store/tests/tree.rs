//! Random trees under random commands, against a model that is too simple to be wrong: each
//! message has a parent and a flag, and everything else is looked for by brute force.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its bench does not work"
)]

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use sirocco_protocol::commands::MessagePageRequest;
use sirocco_protocol::{ConversationId, ConversationSettings, Message, MessageId, PagePlace, Role};
use sirocco_store::{NewConversation, NewMessage, Store, Turn};

#[derive(Clone, Debug)]
enum Command {
    /// Under an earlier message (by number, wrapped around), or as a first message.
    Add(Option<usize>),
    /// Between a message and what answers it.
    Insert(usize),
    Select(usize),
    Delete(usize),
    Restore(usize),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        4 => prop::option::weighted(0.85, any::<usize>()).prop_map(Command::Add),
        2 => any::<usize>().prop_map(Command::Insert),
        2 => any::<usize>().prop_map(Command::Select),
        2 => any::<usize>().prop_map(Command::Delete),
        2 => any::<usize>().prop_map(Command::Restore),
    ];
    prop::collection::vec(command, 1..40)
}

#[derive(Default)]
struct Tree {
    /// In the order of their ids.
    order: Vec<MessageId>,
    parents: HashMap<MessageId, Option<MessageId>>,
    deleted: HashMap<MessageId, bool>,
}

impl Tree {
    fn path(&self, id: MessageId) -> Vec<MessageId> {
        let mut path = vec![id];
        while let Some(parent) = self.parents[&path[path.len() - 1]] {
            path.push(parent);
        }
        path.reverse();
        path
    }

    fn visible(&self, id: MessageId) -> bool {
        self.path(id).iter().all(|id| !self.deleted[id])
    }

    fn versions(&self, id: MessageId) -> Vec<MessageId> {
        let siblings = self
            .order
            .iter()
            .filter(|other| self.parents[other] == self.parents[&id] && !self.deleted[other]);
        siblings.copied().collect()
    }

    fn is_leaf(&self, id: MessageId) -> bool {
        !self
            .order
            .iter()
            .any(|other| self.parents[other] == Some(id) && !self.deleted[other])
    }
}

fn message(id: MessageId, parent_id: Option<MessageId>) -> NewMessage {
    NewMessage {
        id,
        parent_id,
        role: Role::User,
        content: id.to_string(),
        reasoning: None,
        model_name: None,
        attachments: Vec::new(),
    }
}

struct Bench {
    store: Store,
    id: ConversationId,
    tree: Tree,
}

impl Bench {
    async fn new() -> Self {
        let store = Store::open_in_memory().await.unwrap();
        let id = ConversationId::fresh();
        let new = NewConversation {
            id,
            title: "New conversation".into(),
            model_id: None,
            settings: ConversationSettings::default(),
        };
        store.create_conversation(new, 1).await.unwrap();
        Self {
            store,
            id,
            tree: Tree::default(),
        }
    }

    async fn page(&self, before: Option<MessageId>, limit: u32) -> (Vec<Message>, bool) {
        let request = MessagePageRequest {
            conversation_id: self.id,
            place: before.map(PagePlace::Before),
            limit,
        };
        let page = self.store.message_page(&request).await.unwrap();
        (page.messages, page.has_older)
    }

    async fn shown(&self) -> Vec<MessageId> {
        let (messages, _) = self.page(None, u32::MAX).await;
        messages.into_iter().map(|message| message.id).collect()
    }

    fn pick(&self, number: usize) -> Option<MessageId> {
        let order = &self.tree.order;
        (!order.is_empty()).then(|| order[number % order.len()])
    }

    async fn apply(&mut self, command: &Command) -> TestCaseResult {
        let before = self.shown().await;
        match *command {
            Command::Add(parent) => {
                let parent_id = parent.and_then(|number| self.pick(number));
                let id = MessageId::fresh();
                let turn = Turn {
                    conversation_id: self.id,
                    messages: vec![message(id, parent_id)],
                    run: None,
                    automatic_title: None,
                    clear_draft: false,
                };
                let allowed = parent_id.is_none_or(|parent| self.tree.visible(parent));
                prop_assert_eq!(self.store.add_turn(&turn, 2).await.is_ok(), allowed);
                if allowed {
                    self.tree.order.push(id);
                    self.tree.parents.insert(id, parent_id);
                    self.tree.deleted.insert(id, false);
                    prop_assert_eq!(self.shown().await.last().copied(), Some(id));
                }
            }
            Command::Insert(number) => {
                let Some(parent) = self.pick(number) else {
                    return Ok(());
                };
                let id = MessageId::fresh();
                let inserted = message(id, Some(parent));
                let done = self
                    .store
                    .insert_message(self.id, &inserted, 2)
                    .await
                    .is_ok();
                prop_assert_eq!(done, self.tree.visible(parent));
                let mut expected = before.clone();
                if done {
                    for above in self.tree.parents.values_mut() {
                        if *above == Some(parent) {
                            *above = Some(id);
                        }
                    }
                    self.tree.order.push(id);
                    self.tree.parents.insert(id, Some(parent));
                    self.tree.deleted.insert(id, false);
                    if let Some(at) = before.iter().position(|shown| *shown == parent) {
                        expected.insert(at + 1, id);
                    }
                }
                prop_assert_eq!(self.shown().await, expected);
            }
            Command::Select(number) => {
                let Some(id) = self.pick(number) else {
                    return Ok(());
                };
                let done = self.store.select_message(id).await.is_ok();
                prop_assert_eq!(done, self.tree.visible(id));
                let after = self.shown().await;
                if before.contains(&id) || !done {
                    prop_assert_eq!(after, before);
                } else {
                    prop_assert!(after.contains(&id));
                    for below in after.iter().skip_while(|other| **other != id).skip(1) {
                        prop_assert_eq!(self.tree.versions(*below).last().copied(), Some(*below));
                    }
                }
            }
            Command::Delete(number) => {
                let Some(id) = self.pick(number) else {
                    return Ok(());
                };
                let done = self.store.delete_message(id, 3).await.is_ok();
                prop_assert_eq!(done, self.tree.visible(id));
                if done {
                    self.tree.deleted.insert(id, true);
                }
                let after = self.shown().await;
                if !done || !before.contains(&id) {
                    prop_assert_eq!(after, before);
                } else {
                    let above = self.tree.path(id);
                    let above = &above[..above.len() - 1];
                    prop_assert_eq!(&after[..above.len()], above);
                    self.store.restore_message(id).await.unwrap();
                    prop_assert_eq!(self.shown().await, before, "an undo restores the page");
                    self.store.delete_message(id, 3).await.unwrap();
                    prop_assert_eq!(self.shown().await, after);
                }
            }
            Command::Restore(number) => {
                let Some(id) = self.pick(number) else {
                    return Ok(());
                };
                let was_visible = self.tree.visible(id);
                self.store.restore_message(id).await.unwrap();
                for above in self.tree.path(id) {
                    self.tree.deleted.insert(above, false);
                }
                if was_visible {
                    prop_assert_eq!(self.shown().await, before);
                }
            }
        }
        self.check().await
    }

    /// What must hold after every command.
    async fn check(&self) -> TestCaseResult {
        let tree = &self.tree;
        let (messages, has_older) = self.page(None, u32::MAX).await;
        prop_assert!(!has_older);
        let any_visible = tree.order.iter().any(|id| tree.visible(*id));
        prop_assert_eq!(messages.is_empty(), !any_visible);

        let head = self.store.conversation(self.id).await.unwrap().head;
        prop_assert_eq!(head, messages.last().map(|message| message.id));
        if let Some(head) = head {
            prop_assert!(tree.visible(head), "the head is visible");
            prop_assert!(tree.is_leaf(head), "the head is a leaf");
            let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
            prop_assert_eq!(ids, tree.path(head));
        }
        for message in &messages {
            prop_assert_eq!(&message.versions, &tree.versions(message.id));
            prop_assert_eq!(message.parent_id, tree.parents[&message.id]);
        }

        let mut paged: Vec<Message> = Vec::new();
        loop {
            let before = paged.first().map(|message| message.id);
            let (page, has_older) = self.page(before, 3).await;
            prop_assert!(page.len() == 3 || !has_older);
            paged.splice(0..0, page);
            if !has_older {
                break;
            }
        }
        prop_assert_eq!(paged, messages, "pages are the branch in pieces");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_shown_branch_is_always_whole_visible_and_ends_in_a_leaf(commands in commands()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new().await;
            for command in &commands {
                bench.apply(command).await?;
            }
            TestCaseResult::Ok(())
        })?;
    }
}
