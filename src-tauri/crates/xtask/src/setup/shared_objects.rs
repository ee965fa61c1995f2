//! Libraries that pkg-config does not know, found where linkers look and where LLVM puts its own.

use std::path::{Path, PathBuf};

/// Folders of libraries; LLVM's own lie in the `lib` of a folder there, such as `/usr/lib/llvm-14/lib`.
const FOLDERS: [&str; 4] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib"];

/// Whether a library of this name, such as `libclang`, is anywhere there, or where `LIBCLANG_PATH` says.
pub fn is_there(name: &str) -> bool {
    let own = std::env::var_os("LIBCLANG_PATH").map(PathBuf::from);
    own.into_iter()
        .chain(FOLDERS.map(PathBuf::from))
        .any(|folder| holds(&folder, name) || below(&folder).any(|folder| holds(&folder, name)))
}

/// `x86_64-linux-gnu` and its like, and `llvm-14/lib` and its like.
fn below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if name.starts_with("llvm") {
            vec![path.join("lib"), path.join("lib64")]
        } else if name.ends_with("-linux-gnu") {
            vec![path]
        } else {
            Vec::new()
        }
    })
}

/// A file `libclang.so`, `libclang-14.so.1`, `libclang.so.18.1`, but not `libclang-cpp.so`.
fn holds(folder: &Path, name: &str) -> bool {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| is_named(&entry.file_name().to_string_lossy(), name))
}

fn is_named(file: &str, name: &str) -> bool {
    file.strip_prefix(name).is_some_and(|rest| {
        rest.trim_start_matches(|character: char| {
            character == '-' || character == '.' || character.is_ascii_digit()
        })
        .starts_with("so")
    })
}

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn versions_may_stand_anywhere_and_other_libraries_are_others() {
        for file in ["libclang.so", "libclang-14.so.1", "libclang.so.18.1"] {
            assert!(is_named(file, "libclang"), "{file}");
        }
        for file in ["libclang-cpp.so.14", "libclang.a", "libclang-14", "libc.so"] {
            assert!(!is_named(file, "libclang"), "{file}");
        }
    }
}
