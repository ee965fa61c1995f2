//! Someone who follows a run, and checks that what comes adds up.

use anyhow::{Context, bail, ensure};
use sirocco_protocol::{Message, Run, RunUpdate};
use tokio::sync::mpsc;

use crate::within;

/// Reads the updates of a run as the interface does.
#[derive(Debug)]
pub struct Follower {
    updates: mpsc::Receiver<RunUpdate>,
    /// The run as last heard of.
    pub run: Option<Run>,
    /// The answer so far.
    pub content: String,
    /// The thoughts so far.
    pub reasoning: String,
    /// Snapshots so far: more than one after lagging.
    pub snapshots: usize,
    /// Deltas so far.
    pub deltas: usize,
    /// The largest number of runs that were said to go first.
    pub ahead: u32,
    /// Tokens of the prompt that are done.
    pub prompt_done: u32,
    next: u64,
    finished: Option<(Run, Message)>,
}

impl Follower {
    pub(crate) fn new(updates: mpsc::Receiver<RunUpdate>) -> Self {
        Self {
            updates,
            run: None,
            content: String::new(),
            reasoning: String::new(),
            snapshots: 0,
            deltas: 0,
            ahead: 0,
            prompt_done: 0,
            next: 0,
            finished: None,
        }
    }

    /// Takes the next update; none after the end.
    ///
    /// # Errors
    /// If a delta is missing or comes twice, the first update is no snapshot, the saved answer is not
    /// what was shown, or nothing comes.
    pub async fn next(&mut self) -> anyhow::Result<Option<RunUpdate>> {
        let update = within("an update of a run", self.updates.recv()).await?;
        let Some(update) = update else {
            ensure!(self.finished.is_some(), "the updates ended before the run");
            return Ok(None);
        };
        ensure!(
            self.finished.is_none(),
            "an update came after the end: {update:?}"
        );
        match &update {
            RunUpdate::Snapshot { run, message, next } => {
                ensure!(
                    message.content.starts_with(&self.content),
                    "a snapshot took words back"
                );
                self.run = Some(run.clone());
                self.content.clone_from(&message.content);
                self.reasoning = message.reasoning.clone().unwrap_or_default();
                self.next = *next;
                self.snapshots += 1;
            }
            _ if self.snapshots == 0 => bail!("the first update is no snapshot: {update:?}"),
            RunUpdate::Delta {
                sequence,
                content,
                reasoning,
            } => {
                ensure!(
                    *sequence == self.next,
                    "delta {sequence} came, {} was to come",
                    self.next
                );
                self.next += 1;
                self.content.push_str(content);
                self.reasoning.push_str(reasoning);
                self.deltas += 1;
            }
            RunUpdate::Summarising { .. } => {}
            RunUpdate::Waiting { ahead, .. } => self.ahead = self.ahead.max(*ahead),
            RunUpdate::Prefill { done, total } => {
                ensure!(
                    self.prompt_done <= *done && done <= total,
                    "{done} of {total} after {}",
                    self.prompt_done
                );
                self.prompt_done = *done;
            }
            RunUpdate::Finished { run, message } => {
                ensure!(
                    message.content == self.content,
                    "saved: {:?}, shown: {:?}",
                    message.content,
                    self.content
                );
                let reasoning = message.reasoning.as_deref().unwrap_or_default();
                ensure!(
                    reasoning == self.reasoning,
                    "saved thoughts: {reasoning:?}, shown: {:?}",
                    self.reasoning
                );
                ensure!(run.state.is_terminal(), "a run finished as {:?}", run.state);
                self.run = Some(run.clone());
                self.finished = Some((run.clone(), message.clone()));
            }
        }
        Ok(Some(update))
    }

    /// Reads on until the condition holds.
    ///
    /// # Errors
    /// As [`Follower::next`], and if the run ends first.
    pub async fn until(&mut self, condition: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        while !condition(self) {
            self.next()
                .await?
                .with_context(|| format!("the run ended with {:?}", self.content))?;
        }
        Ok(())
    }

    /// Reads on until there are so many words.
    ///
    /// # Errors
    /// As [`Follower::until`].
    pub async fn until_words(&mut self, words: usize) -> anyhow::Result<()> {
        self.until(|follower| follower.content.split_whitespace().count() >= words)
            .await
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// As [`Follower::next`].
    pub async fn finish(mut self) -> anyhow::Result<(Run, Message)> {
        while self.next().await?.is_some() {}
        self.finished.context("the run has no end")
    }
}
