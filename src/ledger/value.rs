//! Values of our own types as columns.

use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The name that a value of a closed list has in JSON: `turns-route`.
pub(super) fn word(value: impl Serialize) -> rusqlite::Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Ok(text),
        Ok(other) => Ok(other.to_string()),
        Err(e) => Err(rusqlite::Error::ToSqlConversionFailure(e.into())),
    }
}

/// The value that a column names; an unknown name is an error that says which column.
pub(super) fn from_word<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else {
        return Ok(None);
    };
    let value = serde_json::from_value(serde_json::Value::String(text));
    value.map(Some).map_err(|e| unreadable(column, e))
}

/// A value as JSON text.
pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

/// The value that a column holds as JSON text.
pub(super) fn from_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else {
        return Ok(None);
    };
    let value = serde_json::from_str(&text);
    value.map(Some).map_err(|e| unreadable(column, e))
}

fn unreadable(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

/// Text from outside without what follows `Bearer`: servers repeat headers in what they answer.
pub(super) fn without_tokens(text: &str) -> String {
    const MARK: &str = "bearer ";
    // The same length, byte for byte.
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lower[from..].find(MARK) {
        let token = from + found + MARK.len();
        let rest = &text[token..];
        let length = rest.find(|c: char| c.is_whitespace() || "\"',;<>)}]".contains(c));
        clean.push_str(&text[from..token]);
        clean.push_str("[token]");
        from = token + length.unwrap_or(rest.len());
    }
    clean.push_str(&text[from..]);
    clean
}
