//! macOS and Windows: a few things, each with one command to type.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::succeeds;

/// The WebView2 runtime's entry in the registry, from its distribution documentation.
const WEBVIEW: &str = r"Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}";

/// Fails with the command to type if something is missing.
pub fn ensure() -> Result<()> {
    if cfg!(target_os = "macos") && !succeeds(Command::new("xcode-select").arg("-p")) {
        bail!(
            "the Xcode command line tools are missing; type this, then run it again:\n\n    xcode-select --install\n"
        );
    }
    if cfg!(windows) {
        if !has_compiler() {
            bail!(
                "the Visual C++ build tools are missing; type this, then run it again:\n\n    \
                 winget install Microsoft.VisualStudio.2022.BuildTools --override \
                 \"--wait --passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended\"\n"
            );
        }
        if !has_webview() {
            bail!(
                "the WebView2 runtime is missing; type this, then run it again:\n\n    \
                 winget install Microsoft.EdgeWebView2Runtime\n"
            );
        }
    }
    Ok(())
}

fn has_compiler() -> bool {
    let Some(programs) = std::env::var_os("ProgramFiles(x86)").map(PathBuf::from) else {
        return false;
    };
    Command::new(programs.join(r"Microsoft Visual Studio\Installer\vswhere.exe"))
        .args([
            "-products",
            "*",
            "-requires",
            "Microsoft.VisualStudio.Component.VC.Tools.x86.x64",
        ])
        .args(["-property", "installationPath"])
        .output()
        .is_ok_and(|output| !output.stdout.trim_ascii().is_empty())
}

fn has_webview() -> bool {
    [
        r"HKLM\SOFTWARE\WOW6432Node",
        r"HKLM\SOFTWARE",
        r"HKCU\Software",
    ]
    .iter()
    .any(|root| {
        succeeds(Command::new("reg").args(["query", &format!(r"{root}\{WEBVIEW}"), "/v", "pv"]))
    })
}
