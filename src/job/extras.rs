//! What few jobs have, read from any shape: oddities are described, by type where they may be long.

use serde_json::Value;

use super::Extras;
use super::lenient::{describe, trimmed_text};
use super::restarts::restarts;

/// What few jobs have, but for what depends on the rest of the job.
pub(super) fn extras(job: &Value) -> Extras {
    let payload = job.get("payload").filter(|p| p.is_object());
    let of = |name: &str| payload.and_then(|p| p.get(name)).filter(|v| !v.is_null());
    let (fallbacks, odd_fallbacks) = fallbacks(of("fallbacks"));
    let holder = payload.unwrap_or(job);
    let words = ["message", "text", "argv", "command", "script"];
    Extras {
        timeout_seconds: None,
        fallbacks,
        odd_fallbacks,
        odd_model: of("model")
            .filter(|m| !m.is_string())
            .map(|m| describe(Some(m))),
        session_key: trimmed_text(job.get("sessionKey")),
        external_source: trimmed_text(of("externalContentSource")),
        declaration_key: trimmed_text(job.get("declarationKey")),
        declared_target: None,
        wake_mode: trimmed_text(job.get("wakeMode")).filter(|mode| mode != "now"),
        restarts: words.iter().find_map(|name| restarts_of(holder.get(name)?)),
    }
}

/// The texts of an array, and what is wrong with it.
fn fallbacks(value: Option<&Value>) -> (Option<Vec<String>>, Option<String>) {
    let Some(value) = value else {
        return (None, None);
    };
    let Some(items) = value.as_array() else {
        return (None, Some(type_of(value).to_owned()));
    };
    let texts = items.iter().filter_map(Value::as_str).map(str::to_owned);
    let odd = items
        .iter()
        .enumerate()
        .filter(|(_, item)| !item.is_string());
    let mut said: Vec<_> = odd
        .map(|(n, item)| format!("entry {} is {}", n + 1, type_of(item)))
        .collect();
    if said.len() > MAX_SAID {
        let more = said.len() - MAX_SAID;
        said.truncate(MAX_SAID);
        said.push(format!("and {more} more like it"));
    }
    (
        Some(texts.collect()),
        (!said.is_empty()).then(|| said.join(", ")),
    )
}

/// How many odd entries of one array are described.
const MAX_SAID: usize = 3;

/// Names a type, without the value.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Looks for words that restart the gateway in a text or an argument vector.
pub(super) fn restarts_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => restarts(text),
        Value::Array(argv) => {
            let words: Vec<_> = argv.iter().filter_map(Value::as_str).collect();
            restarts(&words.join(" "))
        }
        _ => None,
    }
}
