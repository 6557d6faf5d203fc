//! Values of our own types as columns.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::database::Row;
use super::fault::Fault;

/// The name that a value of a closed list has in JSON: `turns-route`.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        // Not of such a list: there is nothing in one that JSON cannot say.
        Err(e) => e.to_string(),
    }
}

/// The value that a column names; an unknown name is an error that says which column.
pub(super) fn from_word<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>, Fault> {
    let Some(text) = row.get::<Option<String>>(column)? else {
        return Ok(None);
    };
    let value = serde_json::from_value(serde_json::Value::String(text));
    value.map(Some).map_err(|e| Fault::unreadable(column, e))
}

/// A value as JSON text.
pub(super) fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|e| Fault::Unexpected(e.to_string()))
}

/// The value that a column holds as JSON text.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>, Fault> {
    let Some(text) = row.get::<Option<String>>(column)? else {
        return Ok(None);
    };
    let value = serde_json::from_str(&text);
    value.map(Some).map_err(|e| Fault::unreadable(column, e))
}
