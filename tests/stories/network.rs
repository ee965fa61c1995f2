//! Who we are to the Hub, how it is reached, and the list of all that was asked.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Connection, ConnectionPurpose, ErrorCode, ErrorReport, Event, HubAccount, ProxyChoice,
    SecretPlace, Settings,
};
use sirocco_testkit::TempApp;
use sirocco_testkit::hub::{Fault, On, Origin, ScriptedHub, sample};

use crate::code;
use crate::hub::{change_settings, search, set_endpoint, with_hub};
use crate::hub_page::header;

async fn account(app: &TempApp, check: bool) -> Result<HubAccount, ErrorReport> {
    app.call("account_get", AccountGet { check }).await
}

async fn sign_in(app: &TempApp, token: &str) -> Result<HubAccount, ErrorReport> {
    app.call(
        "account_set",
        AccountSet {
            token: token.into(),
        },
    )
    .await
}

async fn connections(app: &TempApp) -> Result<Vec<Connection>, ErrorReport> {
    let request = ConnectionList {
        before: None,
        limit: 500,
    };
    app.call("connection_list", request).await
}

fn signed_in(name: &str) -> HubAccount {
    HubAccount::SignedIn {
        name: name.into(),
        token: "test (read)".into(),
        place: SecretPlace::File,
    }
}

#[tokio::test]
async fn a_token_says_who_we_are() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    assert_eq!(account(&app, true).await?, HubAccount::Anonymous);
    assert!(
        hub.log().is_empty(),
        "nobody needs to be asked about nobody"
    );
    let mut events = app.events();
    assert_eq!(
        sign_in(&app, &format!(" {}\n", sample::FRIEND_TOKEN)).await?,
        signed_in("friend")
    );
    let told = events
        .wait("who we are", |event| match event {
            Event::AccountChanged { account } => Some(account),
            _ => None,
        })
        .await?;
    assert_eq!(told, signed_in("friend"));
    assert_eq!(account(&app, false).await?, signed_in("friend"));

    // After a restart it is there, but nobody has asked yet.
    let app = app.reopen().await?;
    let place = SecretPlace::File;
    assert_eq!(account(&app, false).await?, HubAccount::Unchecked { place });
    assert_eq!(account(&app, true).await?, signed_in("friend"));
    hub.set_away(true);
    assert_eq!(account(&app, true).await?, HubAccount::Unchecked { place });
    hub.set_away(false);
    hub.revoke(sample::FRIEND_TOKEN);
    assert_eq!(account(&app, true).await?, HubAccount::Rejected { place });
    assert_eq!(
        code(sign_in(&app, "two words").await),
        ErrorCode::InvalidRequest
    );
    assert_eq!(sign_in(&app, "").await?, HubAccount::Anonymous);
    assert_eq!(account(&app, true).await?, HubAccount::Anonymous);
    Ok(())
}

#[tokio::test]
async fn a_token_is_kept_in_one_place_only() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    sign_in(&app, sample::FRIEND_TOKEN).await?;
    search(&app, "gated").await?;
    header(&app, sample::GATED, "gated-Q8_0.gguf").await?;
    let settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    assert!(!serde_json::to_string(&settings)?.contains(sample::FRIEND_TOKEN));
    assert!(!serde_json::to_string(&connections(&app).await?)?.contains(sample::FRIEND_TOKEN));
    let mut holders = Vec::new();
    for entry in std::fs::read_dir(app.home())?.flatten() {
        if entry.path().is_file() {
            let bytes = std::fs::read(entry.path())?;
            let token = sample::FRIEND_TOKEN.as_bytes();
            if bytes.windows(token.len()).any(|window| window == token) {
                holders.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(holders, ["secrets.json"]);
    // The Hub got it, the storage behind it did not.
    assert!(hub.log_of(Origin::Hub).iter().any(|asked| asked.authorized));
    let storage = hub.log_of(Origin::Cdn);
    assert!(!storage.is_empty() && storage.iter().all(|asked| !asked.authorized));
    Ok(())
}

#[tokio::test]
async fn a_token_for_one_hub_is_not_shown_to_another() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let other = ScriptedHub::start().await?;
    other.put_sample();
    sign_in(&app, sample::FRIEND_TOKEN).await?;
    set_endpoint(&app, other.address()).await?;
    assert_eq!(account(&app, false).await?, HubAccount::Anonymous);
    search(&app, "tiny").await?;
    assert_eq!(account(&app, true).await?, HubAccount::Anonymous);
    assert!(other.log().iter().all(|asked| !asked.authorized));
    set_endpoint(&app, hub.address()).await?;
    assert_eq!(account(&app, true).await?, signed_in("friend"));
    Ok(())
}

#[tokio::test]
async fn a_gated_model_says_where_its_conditions_are() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let page = format!("{}/{}", hub.address(), sample::GATED);
    for token in ["", sample::STRANGER_TOKEN] {
        sign_in(&app, token).await?;
        let error = header(&app, sample::GATED, "gated-Q8_0.gguf")
            .await
            .expect_err("not let in");
        assert_eq!(
            (error.code, error.hint.as_deref()),
            (ErrorCode::Gated, Some(page.as_str())),
            "{token}"
        );
    }
    // It lists all the same; a private one does not.
    assert_eq!(search(&app, "gated").await?.results.len(), 1);
    assert!(search(&app, "private").await?.results.is_empty());
    sign_in(&app, sample::FRIEND_TOKEN).await?;
    header(&app, sample::GATED, "gated-Q8_0.gguf").await?;
    assert_eq!(
        search(&app, "private").await?.results.len(),
        1,
        "what a stranger was told is forgotten"
    );
    Ok(())
}

#[tokio::test]
async fn offline_nothing_is_asked() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    sign_in(&app, sample::FRIEND_TOKEN).await?;
    search(&app, "tiny").await?;
    let asked = hub.log().len();
    change_settings(&app, |settings| settings.network.offline = true).await?;
    assert!(
        search(&app, "tiny").await?.from_cache,
        "what is known is shown"
    );
    let error = search(&app, "large").await.expect_err("offline");
    assert_eq!(error.code, ErrorCode::Offline);
    assert!(error.hint.is_some_and(|hint| hint.contains("settings")));
    assert_eq!(
        code(header(&app, sample::TINY, "tiny-Q8_0.gguf").await),
        ErrorCode::Offline
    );
    let place = SecretPlace::File;
    assert_eq!(account(&app, true).await?, HubAccount::Unchecked { place });
    assert_eq!(hub.log().len(), asked);
    let stopped = connections(&app).await?;
    assert_eq!(
        (stopped[0].purpose, stopped[0].status, stopped[0].error),
        (ConnectionPurpose::Account, None, Some(ErrorCode::Offline))
    );
    // It stays so after a restart, and ends when the person wants.
    let app = app.reopen().await?;
    assert_eq!(code(search(&app, "tiny").await), ErrorCode::Offline);
    change_settings(&app, |settings| settings.network.offline = false).await?;
    assert_eq!(search(&app, "tiny").await?.results.len(), 1);
    Ok(())
}

#[tokio::test]
async fn going_offline_ends_what_is_under_way() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    hub.fault(On::hub("/api/models").nth(1), Fault::StallBeforeAnswer);
    let (searched, switched) = tokio::join!(search(&app, "tiny"), async {
        hub.until("the search", |log| log.len() == 1).await?;
        change_settings(&app, |settings| settings.network.offline = true).await?;
        anyhow::Ok(())
    });
    switched?;
    assert_eq!(code(searched), ErrorCode::Offline);
    Ok(())
}

#[tokio::test]
async fn every_connection_is_listed() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    search(&app, "secret words").await?;
    header(&app, sample::LARGE, "large-Q8_0.gguf").await?;
    let list = connections(&app).await?;
    let seen: Vec<_> = list
        .iter()
        .rev()
        .map(|connection| (connection.purpose, connection.status))
        .collect();
    use ConnectionPurpose::{Header, Repository, Search};
    assert_eq!(
        seen,
        [
            (Search, Some(200)),
            (Repository, Some(200)),
            (Repository, Some(200)),
            (Header, Some(302)),
            (Header, Some(206))
        ]
    );
    let host = |address: &str| address.trim_start_matches("http://").to_owned();
    assert_eq!(list[0].host, host(hub.cdn_address()));
    assert_eq!(
        (list[0].received_bytes, list[1].host.clone()),
        (2 << 20, host(hub.address()))
    );
    assert!(
        list.iter()
            .all(|connection| connection.duration_ms.is_some() && connection.error.is_none())
    );
    assert!(
        list.iter()
            .all(|connection| !connection.path.contains(['?', '='])),
        "{list:?}"
    );
    assert_eq!(list.len(), hub.log().len(), "nothing else was asked");

    let older = ConnectionList {
        before: Some(list[1].id),
        limit: 2,
    };
    let older: Vec<Connection> = app.call("connection_list", older).await?;
    assert_eq!(older, list[2..4]);
    let app = app.reopen().await?;
    assert_eq!(connections(&app).await?, list);
    app.call::<Nothing>("connection_clear", ConnectionClear {})
        .await?;
    assert!(connections(&app).await?.is_empty());
    search(&app, "tiny").await?;
    assert!(connections(&app).await?[0].id > list[0].id);
    Ok(())
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() -> anyhow::Result<()> {
    let (_hub, app) = with_hub().await?;
    let before: Settings = app.call("settings_get", SettingsGet {}).await?;
    let wrong: [fn(&mut Settings); 4] = [
        |settings| settings.network.endpoint = Some("no address".into()),
        |settings| settings.network.extra_ca = Some("/no/such/file.pem".into()),
        |settings| {
            settings.network.proxy = ProxyChoice::Manual {
                url: "ftp://x".into(),
            }
        },
        |settings| settings.network.proxy = ProxyChoice::Manual { url: String::new() },
    ];
    for change in wrong {
        assert_eq!(
            code(change_settings(&app, change).await),
            ErrorCode::InvalidRequest
        );
    }
    let after: Settings = app.call("settings_get", SettingsGet {}).await?;
    assert_eq!(after, before);
    assert_eq!(search(&app, "tiny").await?.results.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_login_of_a_proxy_is_no_setting() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let proxy = format!("{}/", hub.address().replace("http://", "http://me:s3cret@"));
    let settings = change_settings(&app, |settings| {
        settings.network.proxy = ProxyChoice::Manual { url: proxy };
    })
    .await?;
    assert_eq!(
        settings.network.proxy,
        ProxyChoice::Manual {
            url: hub.address().to_owned()
        }
    );
    let kept = std::fs::read_to_string(app.home().join("secrets.json"))?;
    assert!(
        kept.contains("s3cret") && kept.contains("proxy 127.0.0.1:"),
        "{kept}"
    );
    // Saving the settings as they are keeps the login.
    change_settings(&app, |settings| settings.enter_sends = false).await?;
    assert_eq!(
        std::fs::read_to_string(app.home().join("secrets.json"))?,
        kept
    );
    Ok(())
}
