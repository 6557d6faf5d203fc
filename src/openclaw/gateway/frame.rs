//! Frames: what is sent, and what came, from text. Pure.

use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::RpcError;
use crate::schedule::Version;

/// What a frame is.
#[derive(Debug)]
pub enum Frame {
    /// The gateway's first frame.
    Challenge,
    /// An answer.
    Answer {
        /// Of which request.
        id: String,
        /// The payload, or why not.
        result: Result<Value, RpcError>,
    },
    /// Anything else that is a frame.
    Other,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    ok: Option<bool>,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    error: Value,
}

/// Reads a frame; `None` for what is none. Nothing of the text is kept in a message: it may hold
/// anything.
pub fn read(text: &str) -> Option<Frame> {
    let raw: Raw = serde_json::from_str(text).ok()?;
    Some(match &*raw.kind {
        "event" if raw.event.as_deref() == Some("connect.challenge") => Frame::Challenge,
        "res" => {
            let id = raw.id?.as_str()?.to_owned();
            let result = if raw.ok? {
                Ok(raw.payload)
            } else {
                Err(RpcError::read(&raw.error))
            };
            Frame::Answer { id, result }
        }
        _ => Frame::Other,
    })
}

/// A request, as it goes over the wire.
pub fn request(id: &str, method: &str, params: &Value) -> Value {
    json!({"type": "req", "id": id, "method": method, "params": params})
}

/// The parameters of `connect`. The names of clients are a closed list: `cli` is the one that fits.
pub(super) fn connect(scopes: &[&str], token: Option<&str>) -> Value {
    let mut params = json!({
        "minProtocol": 3,
        "maxProtocol": 4,
        "client": {
            "id": "cli",
            "version": env!("CARGO_PKG_VERSION"),
            "platform": std::env::consts::OS,
            "mode": "cli",
        },
        "role": "operator",
        "scopes": scopes,
    });
    if let Some(token) = token {
        params["auth"] = json!({"token": token});
    }
    params
}

/// What the gateway says of itself and of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The protocol in use.
    pub protocol: Option<i64>,
    /// The version as written.
    pub version_text: Option<String>,
    /// The version; `None` when it is none that is known.
    pub version: Option<Version>,
    /// What we may do.
    pub scopes: Vec<String>,
    /// The methods that it has; empty when it does not say.
    pub methods: Vec<String>,
    /// The largest frame that it takes, bytes.
    pub max_payload: Option<usize>,
}

impl Hello {
    /// Reads the payload of `hello-ok`; `None` when it is none.
    pub fn read(payload: &Value) -> Option<Self> {
        if payload["type"] != "hello-ok" {
            return None;
        }
        let texts = |value: &Value| -> Vec<String> {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            let text = |item: &Value| item.as_str().map(str::to_owned);
            items.iter().filter_map(text).collect()
        };
        let version_text = payload["server"]["version"].as_str().map(str::to_owned);
        Some(Self {
            protocol: payload["protocol"].as_i64(),
            version: version_text.as_deref().and_then(|text| text.parse().ok()),
            version_text,
            scopes: texts(&payload["auth"]["scopes"]),
            methods: texts(&payload["features"]["methods"]),
            max_payload: payload["policy"]["maxPayload"]
                .as_u64()
                .and_then(|bytes| usize::try_from(bytes).ok()),
        })
    }

    /// Whether a method is there; a gateway that lists none has to be tried.
    pub fn has(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|m| m == method)
    }

    /// Whether a scope was granted. The administrator's includes the others.
    pub fn may(&self, scope: &str) -> bool {
        let granted = |wanted: &str| self.scopes.iter().any(|s| s == wanted);
        granted(scope) || granted("operator.admin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        let challenge = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n"}}"#;
        assert!(matches!(read(challenge), Some(Frame::Challenge)));
        let event = r#"{"type":"event","event":"tick","payload":{"ts":1},"seq":26}"#;
        assert!(matches!(read(event), Some(Frame::Other)));
        let answer = r#"{"type":"res","id":"7","ok":true,"payload":{"a":1}}"#;
        let Some(Frame::Answer { id, result }) = read(answer) else {
            panic!("no answer");
        };
        assert_eq!((&*id, result.unwrap()), ("7", json!({"a": 1})));
        let refused = r#"{"type":"res","id":"2","ok":false,"error":{"code":"FORBIDDEN",
            "message":"missing scope: operator.write","details":{"code":"MISSING_SCOPE"}}}"#;
        let Some(Frame::Answer { result, .. }) = read(refused) else {
            panic!("no answer");
        };
        assert_eq!(result.unwrap_err().detail.as_deref(), Some("MISSING_SCOPE"));
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "{\"type\":\"res\"}",
            "<html>",
            "{\"type\":5}",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_is_sent_only_where_there_is_one() {
        assert!(connect(&["operator.read"], None).get("auth").is_none());
        let params = connect(&["operator.read"], Some("t"));
        assert_eq!(params["auth"], json!({"token": "t"}));
        assert_eq!(
            (&params["minProtocol"], &params["maxProtocol"]),
            (&json!(3), &json!(4))
        );
    }

    #[test]
    fn hello_says_version_scopes_and_methods() {
        let payload = json!({"type": "hello-ok", "protocol": 4, "server": {"version": "2026.9.6"},
            "features": {"methods": ["cron.list"]}, "auth": {"scopes": ["operator.read"]},
            "policy": {"maxPayload": 26_214_400}});
        let hello = Hello::read(&payload).unwrap();
        assert_eq!(hello.version, Some(Version::new(2026, 9, 6)));
        assert!(hello.has("cron.list") && !hello.has("tasks.list"));
        assert!(hello.may("operator.read") && !hello.may("operator.write"));
        assert_eq!(hello.max_payload, Some(26_214_400));
        assert_eq!(Hello::read(&json!({"type": "hello-no"})), None);
    }
}
