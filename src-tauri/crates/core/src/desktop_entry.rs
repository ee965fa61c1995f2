//! Lines of the desktop entries that Linux starts programs by.
//!
//! ```
//! use sirocco_core::desktop_entry::with_program;
//! let entry = "[Desktop Entry]\nExec=/opt/old/sirocco\n";
//! let repaired = with_program(entry, "/media/my disk/sirocco");
//! assert_eq!(repaired, "[Desktop Entry]\nExec=\"/media/my disk/sirocco\"\n");
//! ```

use std::io;
use std::path::Path;

/// Has an entry start this program, and no other words of its path. Where there is no entry none is made.
///
/// # Errors
/// If the entry can be neither read nor written, or the path is no text.
pub fn repair(entry: &Path, program: &Path) -> io::Result<()> {
    let text = match std::fs::read_to_string(entry) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let program = program
        .to_str()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidFilename, "path is not UTF-8"))?;
    let repaired = with_program(&text, program);
    if repaired == text {
        return Ok(());
    }
    // A crash leaves the old entry or the new one. Names that do not end in `.desktop` start nothing.
    let fresh = entry.with_extension("fresh");
    std::fs::write(&fresh, repaired)?;
    std::fs::rename(&fresh, entry)
}

/// The entry with the command replaced by this program, without arguments.
#[must_use]
pub fn with_program(entry: &str, program: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("Exec=") {
            format!("Exec={}\n", quoted(program))
        } else {
            format!("{line}\n")
        }
    };
    entry.lines().map(line).collect()
}

/// A path as one argument of `Exec`, after the Desktop Entry Specification: in double quotes, in which `"`, `` ` ``, `$`
/// and the backslash take a backslash before them. A percent sign would begin a field code, and each backslash is
/// doubled once more, since the value is a string before it is a command.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    let mut argument = String::from("\"");
    for c in path.chars() {
        match c {
            '"' | '`' | '$' => argument.extend(["\\\\", c.encode_utf8(&mut [0; 4])]),
            '\\' => argument.push_str("\\\\\\\\"),
            '%' => argument.push_str("%%"),
            '\n' => argument.push_str("\\n"),
            '\r' => argument.push_str("\\r"),
            '\t' => argument.push_str("\\t"),
            _ => argument.push(c),
        }
    }
    argument.push('"');
    argument
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_argument_whatever_is_in_it() {
        for (path, argument) in [
            ("/usr/bin/sirocco-desktop", "/usr/bin/sirocco-desktop"),
            (
                "/home/ada/my apps/sirocco",
                r#""/home/ada/my apps/sirocco""#,
            ),
            ("/a/100%", r#""/a/100%%""#),
            (r#"/a/"b""#, r#""/a/\\"b\\"""#),
            ("/a/$b`c`", r#""/a/\\$b\\`c\\`""#),
            (r"/a\b", r#""/a\\\\b""#),
            ("/a/été", "\"/a/été\""),
        ] {
            assert_eq!(quoted(path), argument, "{path}");
        }
    }

    #[test]
    fn an_entry_that_is_there_names_this_program_from_now_on() {
        let folder = tempfile::tempdir().unwrap();
        let entry = folder.path().join("Sirocco.desktop");
        repair(&entry, Path::new("/my apps/sirocco")).unwrap();
        assert!(!entry.exists(), "it is off");
        std::fs::write(&entry, "[Desktop Entry]\nExec=/my apps/sirocco \n").unwrap();
        repair(&entry, Path::new("/my apps/sirocco")).unwrap();
        let written = std::fs::read_to_string(&entry).unwrap();
        assert_eq!(written, "[Desktop Entry]\nExec=\"/my apps/sirocco\"\n");
    }

    #[test]
    fn only_the_command_of_an_entry_changes() {
        let entry =
            "[Desktop Entry]\nType=Application\nName=Sirocco\nExec=/a b/sirocco \nTerminal=false";
        let repaired = with_program(entry, "/c d/sirocco");
        assert_eq!(
            repaired,
            "[Desktop Entry]\nType=Application\nName=Sirocco\nExec=\"/c d/sirocco\"\nTerminal=false\n"
        );
        assert_eq!(with_program(&repaired, "/c d/sirocco"), repaired);
    }
}
