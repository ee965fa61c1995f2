//! Further names of models, for programs: a name has a system prompt and parameters of its own, and no file.

use sirocco_protocol::{ErrorCode, ErrorReport};
use sirocco_store::NamedModel;

use crate::App;
use crate::error::{Report, refuse};
use crate::presets::{LONGEST_NAME, check_values};

impl App {
    pub(crate) async fn named_models(&self) -> Result<Vec<NamedModel>, ErrorReport> {
        self.inner.store.list_named_models().await.report()
    }

    pub(crate) async fn give_name(&self, named: &NamedModel) -> Result<(), ErrorReport> {
        check_name(&named.name)?;
        check_values(&named.values)?;
        if self.inner.store.name_model(named).await.report()? {
            return Ok(());
        }
        let message = format!(
            "`{}` is a model of the library, and keeps its name",
            named.name
        );
        Err(refuse(ErrorCode::Conflict, message))
    }

    pub(crate) async fn take_name_back(&self, name: &str) -> Result<bool, ErrorReport> {
        self.inner.store.remove_model_name(name).await.report()
    }
}

/// As programs write names: `pirate`, `me/pirate:small`. They stand in paths and on command lines.
fn check_name(name: &str) -> Result<(), ErrorReport> {
    let is_fit = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_./:".contains(letter)
    };
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    if begins && name.len() <= LONGEST_NAME && name.chars().all(is_fit) {
        return Ok(());
    }
    let message = format!(
        "the name of a model has 1 to {LONGEST_NAME} letters, digits and `-_./:`, and begins with a letter or a digit"
    );
    Err(refuse(ErrorCode::InvalidRequest, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_stand_in_paths() {
        for name in ["pirate", "me/pirate:small", "a", "7b-chat_v1.2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "a".repeat(LONGEST_NAME + 1);
        for name in [
            "",
            " ",
            "-a",
            "../a",
            "Pirate",
            "a b",
            "a\n",
            "sørøver",
            &long,
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
