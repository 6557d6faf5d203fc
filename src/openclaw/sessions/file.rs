//! `sessions.json`: one object of rows, read row by row so that damage keeps the rows before it.

use std::fmt;
use std::path::Path;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::row::Entry;
use super::{Sessions, Store};
use crate::error::Problem;
use crate::job::reason;

/// The largest session file that is read.
const MAX_BYTES: u64 = 256 << 20;

/// Adds the rows of a session file.
pub(super) fn read(path: &Path, into: &mut Sessions) -> Store {
    let name = path.display().to_string();
    let at = std::sync::Arc::from(name.as_str());
    let bytes = match crate::files::read(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            into.problems.unreadable(error);
            return Store::Unreadable { at };
        }
    };
    into.read.push(path.to_owned());
    // Cut in the middle of a character, or damaged inside a text: the rows are still rows.
    let text = String::from_utf8_lossy(&bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        into.problems.add(Problem::new(
            name.clone(),
            "is not UTF-8 text in places; the damaged characters are replaced",
        ));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        let what = format!(
            "is empty ({} bytes), not an object of sessions",
            bytes.len()
        );
        into.problems.add(Problem::new(name, what));
        return Store::Unreadable { at };
    }
    let mut n = 0_usize;
    let mut kept = 0_usize;
    let mut json = serde_json::Deserializer::from_str(text);
    let top = json.deserialize_any(Rows(&mut |key, entry| {
        n += 1;
        kept += usize::from(into.add(&key, entry, n, &at));
    }));
    let ended = top.and_then(|top| json.end().map(|()| top));
    match ended {
        Ok(None) => Store::Read { at },
        Ok(Some(other)) => {
            let what = format!("is {other}, not an object of sessions");
            into.problems.add(Problem::new(name, what));
            Store::Unreadable { at }
        }
        Err(error) => {
            let place = format!("{name}:{}:{}", error.line(), error.column().max(1));
            let what = match n {
                0 => format!("is not JSON ({}); no session row is known", reason(&error)),
                _ => format!(
                    "breaks off ({}); {kept} session rows before it are used",
                    reason(&error)
                ),
            };
            into.problems.add(Problem::new(place, what));
            if n == 0 {
                Store::Unreadable { at }
            } else {
                Store::Partial { at }
            }
        }
    }
}

/// The whole file; its value is the type of what is no object.
struct Rows<'a>(&'a mut dyn FnMut(String, Entry));

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of sessions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some((key, entry)) = map.next_entry::<String, Entry>()? {
            (self.0)(key, entry);
        }
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some("an array"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Some("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Some("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Some("a text"))
    }
}
