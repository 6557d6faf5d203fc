//! The fields of a row, read back from its own JSON without building a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The top-level fields of a JSON object, as written.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads a serialised row.
    pub(super) fn of(json: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// Returns the JSON of one field, or of a field within it: `low.calls`.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        if let Some((outer, inner)) = key.split_once('.') {
            // Of what is not known, nothing is.
            return match self.get(outer)? {
                "null" => Some("null"),
                json => Self::of(json).ok()?.get(inner),
            };
        }
        let field = self.0.iter().find(|(name, _)| *name == key)?;
        Some(field.1.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(&'de str, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row that serialises as an object with plain field names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Pairs).map(Self)
    }
}

/// Returns a field as plain text: `null` is empty, a string is itself, the rest is its JSON.
pub(super) fn plain(json: &str) -> Cow<'_, str> {
    if json == "null" {
        return Cow::Borrowed("");
    }
    match json.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        None => Cow::Borrowed(json),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        // It is a string that the serialiser wrote: reading it back cannot fail.
        Some(_) => Cow::Owned(serde_json::from_str(json).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_as_written() {
        let fields = Fields::of(r#"{"a":1,"b":"x\ny","c":null,"d":[1,2]}"#).unwrap();
        assert_eq!(fields.get("a"), Some("1"));
        assert_eq!(plain(fields.get("b").unwrap()), "x\ny");
        assert_eq!(plain(fields.get("c").unwrap()), "");
        assert_eq!(plain(fields.get("d").unwrap()), "[1,2]");
        assert_eq!(fields.get("e"), None);
        let nested = Fields::of(r#"{"low":{"calls":3},"high":null}"#).unwrap();
        assert_eq!(nested.get("low.calls"), Some("3"));
        assert_eq!(nested.get("high.calls"), Some("null"));
        assert_eq!(nested.get("low.x"), None);
    }
}
