//! What a template may spend. Templates come from strangers; the largest honest one needs a small part of this.
//!
//! Steps are the limit, for they are the same on every machine, however busy it is. The clock is the last resort, for
//! what takes time without taking steps.

use std::time::Duration;

/// Longest template; honest ones stay below 64 KiB.
pub const MAX_TEMPLATE_BYTES: usize = 256 << 10;

/// Stack of the thread that reads a template: enough for the longest chain of operators that fits in one. It is
/// address space, not memory, unless a template is built to need it.
pub const COMPILE_STACK_BYTES: usize = 512 << 20;

/// Longest prompt: some four million tokens.
pub const MAX_PROMPT_BYTES: usize = 16 << 20;

/// Steps of a template before the first message. A step is an instruction or 64 bytes of data made or read, so this
/// also bounds memory, to 128 MB, and time, to well under a second.
pub const BASE_STEPS: u64 = 2_000_000;

/// Further steps for each message.
pub const STEPS_PER_MESSAGE: u64 = 500;

/// Nesting of calls, blocks and expressions.
pub const MAX_DEPTH: usize = 150;

/// Stack of the thread that renders; nesting of [`MAX_DEPTH`] needs a small part of it.
pub const STACK_BYTES: usize = 8 << 20;

/// How long a template may run before the first message. An honest one takes a millisecond, and more where other
/// programs have the processor: that must never end it.
pub const BASE_TIME: Duration = Duration::from_secs(10);

/// Further time for each message.
pub const TIME_PER_MESSAGE: Duration = Duration::from_millis(5);
