//! Who we are to the Hub, how it is reached, and every connection that was made.

mod access;
mod log;

pub(crate) use access::Access;
pub(crate) use log::Log;

use sirocco_hub::HubError;
use sirocco_hub::account::whoami;
use sirocco_hub::network::Token;
use sirocco_protocol::commands::ConnectionList;
use sirocco_protocol::{
    Connection, ErrorCode, ErrorReport, Event, HubAccount, NetworkSettings, SecretPlace,
};

use crate::App;
use crate::error::{Report, refuse};
use crate::library::blocking;
use access::unchecked;

impl App {
    /// Uses these settings from now on, at once, and takes out of them what is secret.
    pub(crate) async fn configure_network(
        &self,
        settings: &mut NetworkSettings,
    ) -> Result<(), ErrorReport> {
        // Settings are saved often, and the key store is slow.
        if self.inner.network.uses(settings) {
            return Ok(());
        }
        let _changing = self.inner.access.changing.lock().await;
        self.inner.access.keep_login(settings).await?;
        let configuration = self.inner.access.configuration(settings.clone()).await;
        let token = self.inner.access.token(&configuration).await;
        let before = self.inner.network.endpoint().ok();
        let account = unchecked(token.as_ref());
        let network = self.inner.network.clone();
        blocking(move || network.configure(configuration, token.map(|token| token.0)))
            .await?
            .report()?;
        if self.inner.network.endpoint().ok() != before {
            self.inner.remote.forget();
            self.tell_account(account);
        }
        Ok(())
    }

    pub(crate) async fn account(&self, check: bool) -> Result<HubAccount, ErrorReport> {
        if check {
            self.check_account().await
        } else {
            Ok(self.inner.access.account())
        }
    }

    pub(crate) async fn set_token(&self, token: String) -> Result<HubAccount, ErrorReport> {
        {
            let _changing = self.inner.access.changing.lock().await;
            let kept = if token.trim().is_empty() {
                None
            } else {
                Some(Token::new(&token).ok_or_else(|| {
                    refuse(ErrorCode::InvalidRequest, "this cannot be a token")
                        .with_hint("it starts with hf_ and has no spaces")
                })?)
            };
            let endpoint = self.inner.network.endpoint().report()?;
            self.inner.access.keep_token(&endpoint, kept).await?;
            // What was seen with another token may not be seen any more.
            self.inner.remote.forget();
        }
        self.check_account().await
    }

    /// Asks the Hub who we are. That it does not answer is no error: then nothing is known of the token.
    async fn check_account(&self) -> Result<HubAccount, ErrorReport> {
        let place = {
            let _changing = self.inner.access.changing.lock().await;
            // What is used now; the settings may be on their way to the store.
            let configuration = self.inner.network.configuration();
            let token = self.inner.access.token(&configuration).await;
            let place = token.as_ref().map(|token| token.1);
            self.inner.network.set_token(token.map(|token| token.0));
            place
        };
        // Not under the lock: the Hub may be silent for long, and who goes offline does not wait for it.
        let endpoint = self.inner.network.endpoint().ok();
        let account = match place {
            None => HubAccount::Anonymous,
            Some(place) => self.ask_who(place).await,
        };
        if self.inner.network.endpoint().ok() == endpoint {
            self.tell_account(account.clone());
        }
        Ok(account)
    }

    async fn ask_who(&self, place: SecretPlace) -> HubAccount {
        match whoami(&self.inner.network).await {
            Ok(identity) => HubAccount::SignedIn {
                name: identity.name,
                token: identity.token,
                place,
            },
            Err(HubError::TokenNeeded { .. } | HubError::Forbidden { .. }) => {
                HubAccount::Rejected { place }
            }
            Err(error) => {
                tracing::info!(%error, "the token was not checked");
                HubAccount::Unchecked { place }
            }
        }
    }

    fn tell_account(&self, account: HubAccount) {
        if self.inner.access.set_account(account.clone()) {
            self.emit(Event::AccountChanged { account });
        }
    }

    pub(crate) async fn connections(
        &self,
        request: ConnectionList,
    ) -> Result<Vec<Connection>, ErrorReport> {
        self.inner.connections.flush().await;
        let listed = self
            .inner
            .store
            .list_connections(request.before, request.limit);
        listed.await.report()
    }

    pub(crate) async fn clear_connections(&self) -> Result<(), ErrorReport> {
        self.inner.connections.flush().await;
        self.inner.store.clear_connections().await.report()
    }
}
