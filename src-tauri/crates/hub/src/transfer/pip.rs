//! pip, told how the person reaches the network.
//!
//! What the system says of proxies and certificates it finds out by itself; what the settings say it hears from here.

use std::{ffi::OsString, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sirocco_protocol::ProxyChoice;
use tokio::process::Command;

use crate::{
    HubError,
    network::{NetworkConfiguration, proxy_with_login},
};

/// Programs are told of proxies in these.
const PROXY_VARIABLES: [&str; 8] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// How pip is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pip {
    /// The program and its first arguments, such as `python3 -m pip`.
    pub command: Vec<OsString>,
}

impl Default for Pip {
    fn default() -> Self {
        let python = if cfg!(windows) { "python" } else { "python3" };
        Self {
            command: [python, "-m", "pip"].map(OsString::from).to_vec(),
        }
    }
}

impl Pip {
    /// The program with its first arguments, and what it is told of the network. Certificates, if it needs any, are
    /// written to a file of this name. Blocks.
    pub(super) fn command(
        &self,
        configuration: &NetworkConfiguration,
        certificates: &Path,
    ) -> Result<Command, HubError> {
        let mut words = self.command.iter();
        let mut command = Command::new(words.next().cloned().unwrap_or_default());
        command.args(words);
        if configuration.settings.proxy != ProxyChoice::System {
            for name in PROXY_VARIABLES {
                command.env_remove(name);
            }
        }
        match &configuration.settings.proxy {
            ProxyChoice::System => {}
            ProxyChoice::Direct => {
                // Neither that of the system nor one from its own settings.
                command.env("NO_PROXY", "*").args(["--proxy", ""]);
            }
            ProxyChoice::Manual { url } => {
                let url = proxy_with_login(url, configuration.proxy_login.as_ref())?;
                // No argument: those can be seen by everybody on this machine.
                command.env("PIP_PROXY", url.as_str());
            }
        }
        if let Some(extra) = &configuration.settings.extra_ca {
            write_certificates(Path::new(extra), certificates)?;
            command.env("PIP_CERT", certificates);
        }
        Ok(command)
    }
}

/// Writes those of the person and those of the system into one file: before version 24.2, pip trusts nothing but what
/// is in the file that it is given.
fn write_certificates(extra: &Path, to: &Path) -> Result<(), HubError> {
    let mut all = std::fs::read(extra).map_err(|e| HubError::file("read", extra, e))?;
    // One that cannot be read is not trusted.
    for certificate in rustls_native_certs::load_native_certs().certs {
        all.extend_from_slice(b"\n-----BEGIN CERTIFICATE-----\n");
        for line in BASE64_STANDARD.encode(certificate).as_bytes().chunks(64) {
            all.extend_from_slice(line);
            all.push(b'\n');
        }
        all.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    std::fs::write(to, all).map_err(|e| HubError::file("write", to, e))
}
