//! Going on where the context is full: of what stands behind its beginning, the older half is forgotten.

use super::{Session, count};
use crate::engine::{Engine, EngineError};
use sirocco_engine_wire::Usage;

/// An answer whose length nobody limits ends once it is as long as so many contexts: some models never end theirs.
pub(super) const LONGEST_IN_CONTEXTS: usize = 8;

impl<E: Engine> Session<E> {
    /// Makes sure of room for a token behind the first `keep`, which stay, and returns for how many there is.
    pub(super) fn make_room(
        &mut self,
        keep: usize,
        usage: &mut Usage,
    ) -> Result<usize, EngineError> {
        let context_length = self.engine.context_length();
        if self.cached.len() >= context_length {
            let forgotten = (self.cached.len() - keep).div_ceil(2);
            self.engine.shift(keep, forgotten)?;
            self.cached.drain(keep..keep + forgotten);
            // What is left behind `keep` was computed from what is gone: no prompt would give the same.
            self.intact = keep;
            self.read = self.cached.len();
            usage.shifted_tokens += count(forgotten);
        }
        Ok(context_length - self.cached.len())
    }
}
