//! What a client is told when something goes wrong, in the shape of the dialect it speaks.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use serde_json::{Value, json};
use sirocco_core::completions::{Finish, FinishReason};
use sirocco_protocol::{ErrorCode, ErrorReport, RunId};

/// In whose words a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
    Ollama,
    LmStudio,
    LmStudioV1,
}

impl Dialect {
    /// By the path alone: a request that is refused at the door is answered in its own words, too.
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/v1/messages") {
            Self::Anthropic
        } else if path.starts_with("/api/v0") {
            Self::LmStudio
        } else if path.starts_with("/api/v1") {
            Self::LmStudioV1
        } else if path.starts_with("/v1") {
            Self::OpenAi
        } else {
            Self::Ollama
        }
    }
}

/// A refusal or failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub status: StatusCode,
    /// For people; lower-case start, no period.
    pub message: String,
    /// The field of the request that is at fault.
    pub field: Option<String>,
    /// OpenAI's word for it, where clients know one.
    pub code: Option<&'static str>,
    /// When it is worth another try.
    pub retry_after: Option<Duration>,
}

impl Fault {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            field: None,
            code: None,
            retry_after: None,
        }
    }

    /// A field has a value that cannot be served.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(StatusCode::BAD_REQUEST, message)
        }
    }

    /// A field asks for something that there is not yet.
    pub fn unsupported(field: &str) -> Self {
        Self {
            code: Some("unsupported_parameter"),
            ..Self::field(field, format!("`{field}` is not supported yet"))
        }
    }

    /// The error as JSON.
    pub fn body(&self, dialect: Dialect) -> Value {
        match dialect {
            Dialect::OpenAi => json!({"error": {
                "message": self.message,
                "type": if self.status.is_server_error() { "server_error" } else { "invalid_request_error" },
                "param": self.field,
                "code": self.code,
            }}),
            Dialect::Anthropic => json!({
                "type": "error",
                "error": {"type": self.anthropic_type(), "message": self.message},
                "request_id": fresh_id("req_"),
            }),
            Dialect::LmStudioV1 => json!({"error": {
                "type": self.lm_studio_type(), "message": self.message, "code": self.code, "param": self.field,
            }}),
            Dialect::Ollama | Dialect::LmStudio => json!({"error": self.message}),
        }
    }

    /// The whole answer.
    pub fn response(&self, dialect: Dialect) -> Response {
        let mut response = (self.status, Json(self.body(dialect))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never too few.
            let seconds = HeaderValue::from(wait.as_secs() + 1);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }

    fn lm_studio_type(&self) -> &'static str {
        match (self.status, self.code) {
            (_, Some("job_not_found")) => "job_not_found",
            (StatusCode::NOT_FOUND, Some("model_not_found")) => "model_not_found",
            (status, _) if status.is_server_error() => "internal_error",
            _ => "invalid_request",
        }
    }

    fn anthropic_type(&self) -> &'static str {
        match self.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST => "permission_error",
            StatusCode::NOT_FOUND => "not_found_error",
            StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            StatusCode::SERVICE_UNAVAILABLE => "overloaded_error",
            status if status.is_server_error() => "api_error",
            _ => "invalid_request_error",
        }
    }
}

impl From<ErrorReport> for Fault {
    fn from(report: ErrorReport) -> Self {
        let (status, code) = match report.code {
            ErrorCode::InvalidRequest | ErrorCode::ModelRefused => (StatusCode::BAD_REQUEST, None),
            ErrorCode::ContextFull => (StatusCode::BAD_REQUEST, Some("context_length_exceeded")),
            ErrorCode::NotFound | ErrorCode::NoModel => {
                (StatusCode::NOT_FOUND, Some("model_not_found"))
            }
            // Of the Hub: what it does not show to everybody is not there for those without a token.
            ErrorCode::TokenNeeded => (StatusCode::NOT_FOUND, None),
            ErrorCode::Gated => (StatusCode::FORBIDDEN, None),
            ErrorCode::Network | ErrorCode::Offline => (StatusCode::BAD_GATEWAY, None),
            ErrorCode::Conflict => (StatusCode::CONFLICT, None),
            ErrorCode::DoesNotFit => (StatusCode::SERVICE_UNAVAILABLE, None),
            ErrorCode::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, None),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        // Hints about prompts are meant for the window.
        let hint = report.hint.filter(|_| {
            !matches!(
                report.code,
                ErrorCode::ContextFull | ErrorCode::WorkerCrashed
            )
        });
        let message = match hint {
            Some(hint) => format!("{}; {hint}", report.message),
            None => report.message,
        };
        Self {
            code,
            ..Self::new(status, message)
        }
    }
}

/// What was found, or why not, as JSON.
pub fn found(result: Result<impl Serialize, Fault>, dialect: Dialect) -> Response {
    match result {
        Ok(found) => Json(found).into_response(),
        Err(fault) => fault.response(dialect),
    }
}

/// An id that no other answer has.
pub fn fresh_id(prefix: &str) -> String {
    format!("{prefix}{}", RunId::fresh().0.simple())
}

/// Why an answer ended, in OpenAI's words.
pub fn finish_word(finish: &Finish) -> &'static str {
    match finish.reason {
        FinishReason::MaxTokens | FinishReason::ContextFull => "length",
        _ if finish.calls > 0 => "tool_calls",
        FinishReason::EndOfTurn | FinishReason::StopString | FinishReason::Stopped => "stop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_its_own_shape() {
        let fault = Fault::field("top_p", "too much");
        let openai = fault.body(Dialect::OpenAi);
        assert_eq!(
            openai,
            json!({"error": {"message": "too much", "type": "invalid_request_error", "param": "top_p", "code": null}})
        );
        let anthropic = fault.body(Dialect::Anthropic);
        assert_eq!(anthropic["type"], "error");
        assert_eq!(anthropic["error"]["type"], "invalid_request_error");
        assert!(
            anthropic["request_id"]
                .as_str()
                .unwrap()
                .starts_with("req_")
        );
        let fault_v1 = fault.body(Dialect::LmStudioV1);
        assert_eq!(fault_v1["error"]["type"], "invalid_request");
        for dialect in [Dialect::Ollama, Dialect::LmStudio] {
            assert_eq!(fault.body(dialect), json!({"error": "too much"}));
        }
    }

    #[test]
    fn the_path_tells_the_dialect() {
        for (path, dialect) in [
            ("/v1/models", Dialect::OpenAi),
            ("/v1/messages/count_tokens", Dialect::Anthropic),
            ("/api/v0/models", Dialect::LmStudio),
            ("/api/v1/chat", Dialect::LmStudioV1),
            ("/api/tags", Dialect::Ollama),
            ("/", Dialect::Ollama),
        ] {
            assert_eq!(Dialect::of_path(path), dialect, "{path}");
        }
    }

    #[test]
    fn the_way_out_is_told_too() {
        let report = ErrorReport::new(ErrorCode::DoesNotFit, "too large").with_hint("take less");
        let fault = Fault::from(report);
        assert_eq!(fault.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(fault.message, "too large; take less");
    }
}
