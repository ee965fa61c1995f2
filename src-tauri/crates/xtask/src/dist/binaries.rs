//! The programs as they are packed, and what they need of the system.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::stage::file_name;
use crate::shell;

/// A copy in `folder` without names of functions, which only a debugger reads.
pub fn stripped(program: &Path, folder: &Path) -> Result<PathBuf> {
    let copy = folder.join(file_name(program));
    fs::copy(program, &copy).with_context(|| format!("could not copy {}", program.display()))?;
    if cfg!(target_os = "linux") {
        shell::run(Command::new("strip").arg("--strip-unneeded").arg(&copy))?;
    }
    Ok(copy)
}

/// Debian packages with the libraries that these programs are linked to, in the least version that has
/// what they use. Where Debian's tools are not installed these are left to the bundler, which names GTK and
/// WebKitGTK.
pub fn debian_dependencies(programs: &[&Path], scratch: &Path) -> Result<Vec<String>> {
    if !shell::on_path(&["dpkg-shlibdeps"]) {
        return Ok(Vec::new());
    }
    // It works only where a source package lies.
    fs::create_dir_all(scratch.join("debian"))?;
    fs::write(
        scratch.join("debian/control"),
        "Source: sirocco\n\nPackage: sirocco\nArchitecture: any\n",
    )?;
    let printed = shell::output(
        Command::new("dpkg-shlibdeps")
            .current_dir(scratch)
            .arg("-O")
            .args(programs),
    )?;
    Ok(depends(&printed))
}

/// The list in the line `shlibs:Depends=a (>= 1), b`.
fn depends(printed: &str) -> Vec<String> {
    let lists = printed
        .lines()
        .filter_map(|line| line.strip_prefix("shlibs:Depends="));
    let packages = lists.flat_map(|list| list.split(", "));
    packages.map(str::to_owned).collect()
}

/// Libraries that these programs are linked to, with the versions of their symbols, as RPM names them: so nobody installs
/// what is too new for their C library.
pub fn rpm_dependencies(programs: &[&Path]) -> Result<Vec<String>> {
    let mut needed = BTreeSet::new();
    for program in programs {
        let printed = shell::output(Command::new("objdump").arg("-p").arg(program))?;
        needed.extend(libraries(&printed));
    }
    Ok(needed.into_iter().collect())
}

/// From what objdump prints: `NEEDED libc.so.6` in the dynamic section, and below `required from libc.so.6:` lines such
/// as `0x069691b4 0x00 04 GLIBC_2.34`. The loader has a name of its own.
fn libraries(printed: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut library = None;
    for line in printed.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("NEEDED") {
            names.push(format!("{}()(64bit)", name.trim()));
        } else if let Some(name) = line.strip_prefix("required from ") {
            library = Some(name.trim_end_matches(':'));
        } else if line.starts_with("0x")
            && let (Some(library), Some(version)) = (library, line.split_whitespace().nth(3))
        {
            names.push(format!("{library}({version})(64bit)"));
        }
    }
    names.retain(|name| !name.starts_with("ld-linux"));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_from_what_debians_tool_prints() {
        let printed = "shlibs:Depends=libc6 (>= 2.34), libgcc-s1 (>= 4.2)\n";
        assert_eq!(depends(printed), ["libc6 (>= 2.34)", "libgcc-s1 (>= 4.2)"]);
        assert_eq!(depends(""), [""; 0]);
    }

    #[test]
    fn libraries_are_read_from_a_programs_dynamic_section() {
        let printed = "\
Dynamic Section:
  NEEDED               libgtk-3.so.0
  NEEDED               ld-linux-x86-64.so.2
  INIT                 0x1000

Version References:
  required from ld-linux-x86-64.so.2:
    0x0d696913 0x00 05 GLIBC_2.3
  required from libc.so.6:
    0x069691b4 0x00 04 GLIBC_2.34
";
        assert_eq!(
            libraries(printed),
            ["libgtk-3.so.0()(64bit)", "libc.so.6(GLIBC_2.34)(64bit)"]
        );
    }
}
