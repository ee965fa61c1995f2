//! Thoughts that a model was interrupted in.
//!
//! Templates have no place for them: most drop what a message thought, and those that keep it close
//! it. But whoever asks for an answer ends where the model began to write, and behind that its own
//! words can follow as they were. The tag is the one by which the app tells thoughts from answers.

const OPEN: &str = "<think>";

/// Appends thoughts to the prompt that asks for an answer, and leaves them open.
pub(super) fn append(prompt: &mut String, thoughts: &str) {
    if thoughts.is_empty() {
        return;
    }
    // Some templates open the thoughts themselves.
    if !prompt.trim_end().ends_with(OPEN) {
        prompt.push_str(OPEN);
    }
    // Models are trained on a line break here, and the app keeps none at the edge of thoughts.
    if prompt.ends_with(OPEN) {
        prompt.push('\n');
    }
    prompt.push_str(thoughts);
}
