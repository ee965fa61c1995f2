//! Whose the token is.

use sirocco_protocol::ConnectionPurpose;

use crate::HubError;
use crate::network::Network;
use crate::remote::{ask, value};

/// What the Hub says about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User name.
    pub name: String,
    /// Name of the token and what it may do: `laptop (read)`.
    pub token: String,
}

/// Asks the Hub (`/api/whoami-v2`) whose the network's token is.
///
/// # Errors
/// [`HubError::TokenNeeded`] if it does not know it; those of the network.
pub async fn whoami(network: &Network) -> Result<Identity, HubError> {
    let url = ask::api(network, &["whoami-v2"])?;
    let answer = ask::json(network, url.clone(), ConnectionPurpose::Account).await?;
    let name = value::text(&answer.body["name"], 100).ok_or_else(|| HubError::Nonsense {
        host: url.host_str().unwrap_or_default().to_owned(),
        problem: "it names no user".to_owned(),
    })?;
    let token = &answer.body["auth"]["accessToken"];
    let shown = value::text(&token["displayName"], 100).unwrap_or_default();
    let role = value::text(&token["role"], 100).unwrap_or_default();
    Ok(Identity {
        name,
        token: match (shown.as_str(), role.as_str()) {
            (shown, "") => shown.to_owned(),
            ("", role) => role.to_owned(),
            (shown, role) => format!("{shown} ({role})"),
        },
    })
}
