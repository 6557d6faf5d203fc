//! How a gateway fails us.

use std::fmt;

use serde_json::Value;

use super::address::Address;
use crate::error::{Error, Exit};

/// An error that the gateway answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpcError {
    /// `code`: `INVALID_REQUEST`, `FORBIDDEN`, `UNAVAILABLE`, …
    pub code: String,
    /// `details.code`: `AUTH_TOKEN_MISMATCH`, `MISSING_SCOPE`, …
    pub detail: Option<String>,
    /// `message`.
    pub message: String,
    /// Whether it may pass.
    pub retryable: bool,
    /// When to come back, milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl RpcError {
    /// Reads the `error` of an answer. What is missing is empty.
    pub(super) fn read(error: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let retry_after_ms = error["retryAfterMs"].as_u64();
        Self {
            code: text(&error["code"]).unwrap_or_default(),
            detail: text(&error["details"]["code"]),
            message: text(&error["message"]).unwrap_or_default(),
            retryable: error["retryable"].as_bool().unwrap_or(false) || retry_after_ms.is_some(),
            retry_after_ms,
        }
    }

    /// Whether it is about who asks.
    pub fn is_unauthorised(&self) -> bool {
        let about_auth = |code: &str| {
            code.starts_with("AUTH_")
                || matches!(
                    code,
                    "DEVICE_IDENTITY_REQUIRED" | "MISSING_SCOPE" | "FORBIDDEN" | "UNAUTHORIZED"
                )
        };
        about_auth(&self.code)
            || self.detail.as_deref().is_some_and(about_auth)
            || self.message.starts_with("missing scope")
            || self.message.starts_with("unauthorized")
    }

    /// Whether it is about how often.
    pub fn is_busy(&self) -> bool {
        self.code == "UNAVAILABLE" && self.retryable
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.detail.as_deref().unwrap_or(&self.code);
        match (&*self.message, code) {
            ("", "") => f.write_str("an error without code and message"),
            (message, "") => f.write_str(message),
            ("", code) => f.write_str(code),
            (message, code) => write!(f, "{code}: {message}"),
        }
    }
}

/// Why there is no answer, or not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens there, or the name is not known.
    Unreachable(String),
    /// The other side does not speak TLS, or its certificate is not trusted.
    Tls(String),
    /// Something listens there, and it is no gateway.
    NoGateway(String),
    /// The gateway answered with an error.
    Said(RpcError),
    /// The connection ended or the time did. What was sent may have had effect, unless `sent` is
    /// false.
    Broken {
        /// In words.
        why: String,
        /// Whether the request may have reached the gateway.
        sent: bool,
    },
    /// The answer is not of the protocol.
    Garbage(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) | Self::Tls(why) | Self::NoGateway(why) | Self::Garbage(why) => {
                f.write_str(why)
            }
            Self::Broken { why, .. } => f.write_str(why),
            Self::Said(error) => error.fmt(f),
        }
    }
}

impl Failure {
    /// The error of a command that cannot go on: where, what, why, what next.
    pub fn at(self, address: &Address, doing: &str) -> Error {
        let error = |exit, what: &str| Error {
            exit,
            ..Error::failed(format!("{address}: {what}"))
        };
        match self {
            Self::Unreachable(why) => error(Exit::Unavailable, "cannot be reached")
                .because(why)
                .hint("is the gateway running, and is this its port? `openclaw gateway status`"),
            Self::Tls(why) => error(Exit::Failed, "no secure connection")
                .because(why)
                .hint(
                    "a gateway speaks plain ws unless gateway.tls is on, or a proxy is before it",
                ),
            Self::NoGateway(why) => error(Exit::Failed, "is no OpenClaw gateway").because(why),
            Self::Garbage(why) => {
                error(Exit::Failed, "does not speak the gateway's protocol").because(why)
            }
            Self::Broken { why, .. } => {
                error(Exit::Unavailable, &format!("{doing}: no answer")).because(why)
            }
            Self::Said(said) => {
                let what = format!("{doing}: refused");
                match said.detail.as_deref().unwrap_or(&said.code) {
                    "PROTOCOL_MISMATCH" => error(Exit::Failed, "speaks another protocol")
                        .because(&said)
                        .hint("cronctl speaks 3 and 4: OpenClaw 2026.3 to 2026.9"),
                    _ if said.is_unauthorised() => error(Exit::Refused, &what).because(&said).hint(
                        "the token is that of gateway.auth.token: --token-file FILE, \
                               CRONCTL_TOKEN or OPENCLAW_GATEWAY_TOKEN",
                    ),
                    _ if said.is_busy() => {
                        error(Exit::Unavailable, &format!("{doing}: not now")).because(&said)
                    }
                    _ => error(Exit::Failed, &what).because(&said),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_are_read_and_sorted() {
        let read = |value| RpcError::read(&value);
        let token = read(
            json!({"code": "INVALID_REQUEST", "message": "unauthorized: gateway token \
            mismatch", "details": {"code": "AUTH_TOKEN_MISMATCH"}}),
        );
        assert!(token.is_unauthorised() && !token.is_busy());
        let scope =
            read(json!({"code": "INVALID_REQUEST", "message": "missing scope: operator.read"}));
        assert!(scope.is_unauthorised());
        let limit =
            read(json!({"code": "UNAVAILABLE", "message": "rate limit", "retryAfterMs": 900}));
        assert!(limit.is_busy() && !limit.is_unauthorised());
        assert_eq!(limit.retry_after_ms, Some(900));
        let startup = read(json!({"code": "UNAVAILABLE", "message": "gateway starting",
            "retryable": true, "details": {"reason": "startup-sidecars"}}));
        assert!(startup.is_busy());
        let down = read(json!({"code": "UNAVAILABLE", "message": "no"}));
        assert!(!down.is_busy());
        assert_eq!(
            read(json!(null)).to_string(),
            "an error without code and message"
        );
    }

    #[test]
    fn each_failure_ends_with_its_own_code() {
        let address = Address::parse("--openclaw-gateway", "ws://127.0.0.1:1").unwrap();
        let exit = |failure: Failure| failure.at(&address, "connect").exit;
        let said = |code: &str| {
            Failure::Said(RpcError {
                detail: Some(code.to_owned()),
                ..RpcError::default()
            })
        };
        assert_eq!(exit(Failure::Unreachable("x".into())), Exit::Unavailable);
        assert_eq!(exit(Failure::NoGateway("x".into())), Exit::Failed);
        assert_eq!(exit(said("PROTOCOL_MISMATCH")), Exit::Failed);
        assert_eq!(exit(said("AUTH_TOKEN_MISMATCH")), Exit::Refused);
    }
}
