//! Long answers in pages, linked by `Link: <…>; rel="next"`.

use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use form_urlencoded::Serializer;
use serde_json::Value;

use super::refusal::Refusal;
use super::state::State as Hub;

/// Makes a cursor look like one: clients have to take it as it is.
const SCRAMBLE: u64 = 0x5bd1_e995_9d1b_54a7;

/// Query parameters in their order; some come several times.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first of this name that is not empty.
    pub(super) fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// All of this name, and of this name with `[]`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named =
            move |(key, _): &&(String, String)| key.strip_suffix("[]").unwrap_or(key) == name;
        self.0.iter().filter(named).map(|(_, value)| value.as_str())
    }

    /// `true`, `True` or `1`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }
}

/// The page that is asked for, `cap` entries at most.
pub(super) fn page(hub: &Hub, uri: &Uri, cap: u64, entries: &[Value]) -> Result<Response, Refusal> {
    let parameters = Parameters::of(uri);
    let start = parameters.get("cursor").map_or(Ok(0), |cursor| {
        let number = u64::from_str_radix(cursor, 16).map(|number| number ^ SCRAMBLE);
        number
            .ok()
            .filter(|start| *start < entries.len() as u64)
            .ok_or_else(|| Refusal::BadRequest("Invalid cursor".to_owned()))
    })?;
    let limit = match parameters.get("limit").map(str::parse::<u64>) {
        Some(Ok(limit)) if limit > 0 => limit.min(cap),
        Some(_) => return Err(Refusal::BadRequest("Invalid limit".to_owned())),
        None => cap,
    };
    let end = (entries.len() as u64).min(start.saturating_add(limit));
    let mut response = Json(&entries[start as usize..end as usize]).into_response();
    if end < entries.len() as u64 {
        let mut query = Serializer::new(String::new());
        for (name, value) in parameters.0.iter().filter(|(name, _)| name != "cursor") {
            query.append_pair(name, value);
        }
        query.append_pair("cursor", &format!("{:016x}", end ^ SCRAMBLE));
        let link = format!(
            "<{}{}?{}>; rel=\"next\"",
            hub.hub_address,
            uri.path(),
            query.finish()
        );
        let link = HeaderValue::from_str(&link).expect("an encoded address");
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
