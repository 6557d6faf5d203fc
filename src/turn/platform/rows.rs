//! Rows, read one by one: one that cannot be used does not hide the others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::Deserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Parsed;
use super::parse::{excerpt, is_object};

/// So many rows are named that could not be used; more are counted.
const NAMED: usize = 100;

/// The ids of the workspaces whose rows are kept.
pub(crate) type Wanted = Arc<FxHashSet<String>>;

/// One row of a list.
pub(crate) trait Row: DeserializeOwned {
    /// The fields that the route has.
    const NEEDED: &'static [&'static str];
    /// The field without which a row is of no use.
    const ID: &'static str;
    /// What stands in it.
    fn id(&self) -> &str;
}

/// The rows of one answer so far.
#[derive(Debug)]
pub(super) struct Rows<T> {
    parsed: Parsed<Vec<T>>,
    wanted: Option<Wanted>,
}

impl<T: Row> Rows<T> {
    /// Begins; rows of other ids than those wanted are looked at and dropped.
    pub(super) fn new(wanted: Option<Wanted>) -> Self {
        Self {
            parsed: Parsed {
                value: Vec::new(),
                missing: Vec::new(),
                unusable: Vec::new(),
                unnamed: 0,
                rows: 0,
            },
            wanted,
        }
    }

    /// Whether nothing but the row itself is of interest: every field that is needed was seen.
    pub(super) fn has_seen_all_fields(&self) -> bool {
        self.parsed.rows > 0 && self.parsed.missing.is_empty()
    }

    /// Takes a row that was read; `false` when it has no id, and is to be named.
    pub(super) fn take(&mut self, row: T) -> bool {
        if row.id().is_empty() {
            return false;
        }
        self.parsed.rows += 1;
        self.keep(row);
        true
    }

    /// Reads a row from its text.
    pub(super) fn read(&mut self, text: &str) {
        if self.parsed.rows == 0 {
            self.parsed.missing = T::NEEDED.to_vec();
        }
        self.parsed.rows += 1;
        if !is_object(text) {
            self.skip(&format!("it is {}, and no object", excerpt(text)));
            return;
        }
        match serde_json::from_str::<T>(text).or_else(|e| without_broken(text).ok_or(e)) {
            Ok(row) if row.id().is_empty() => self.skip(&format!("it has no {}", T::ID)),
            Ok(row) => self.keep(row),
            Err(e) => self.skip(&e.to_string()),
        }
        // The first row of a sound answer has all of them, so that the others are not looked through.
        if !self.parsed.missing.is_empty() {
            strike_out(text, &mut self.parsed.missing);
        }
    }

    /// Ends the list.
    pub(super) fn finish(self) -> Parsed<Vec<T>> {
        self.parsed
    }

    fn keep(&mut self, row: T) {
        let wanted = self.wanted.as_ref();
        if wanted.is_none_or(|ids| ids.contains(row.id())) {
            self.parsed.value.push(row);
        }
    }

    fn skip(&mut self, why: &str) {
        let text = format!("row {}: {why}", self.parsed.rows);
        self.parsed.leave_out(text);
    }
}

impl<T> Parsed<T> {
    /// Names a row that cannot be used; after so many it is counted only.
    pub(super) fn leave_out(&mut self, why: String) {
        if self.unusable.len() < NAMED {
            self.unusable.push(why);
        } else {
            self.unnamed += 1;
        }
    }
}

/// Reads rows whose texts are there already.
pub(super) fn rows<T: Row>(all: &[&RawValue]) -> Parsed<Vec<T>> {
    let mut rows = Rows::new(None);
    for row in all {
        rows.read(row.get());
    }
    rows.finish()
}

/// Reads a row without the fields that cannot be read at all: a string of half a character.
fn without_broken<T: DeserializeOwned>(row: &str) -> Option<T> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(row).ok()?;
    let readable = |(name, value): (String, &RawValue)| {
        let value = serde_json::from_str::<Value>(value.get()).ok()?;
        Some((name, value))
    };
    let readable: serde_json::Map<_, _> = fields.into_iter().filter_map(readable).collect();
    serde_json::from_value(readable.into()).ok()
}

/// Whether an object has a key.
pub(super) fn has_key(text: &str, key: &'static str) -> bool {
    let mut left = vec![key];
    strike_out(text, &mut left);
    left.is_empty()
}

/// Takes the keys of an object out of a list of names. A text that is no object has none.
fn strike_out(text: &str, names: &mut Vec<&'static str>) {
    struct Keys<'n>(&'n mut Vec<&'static str>);
    impl<'de> Visitor<'de> for Keys<'_> {
        type Value = Vec<&'static str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut left = self.0.clone();
            // What stands under a key is skipped, not read.
            while let Some((key, IgnoredAny)) = entries.next_entry::<Cow<'de, str>, _>()? {
                left.retain(|name| *name != key);
            }
            Ok(left)
        }
    }
    if !is_object(text) {
        return;
    }
    let mut object = serde_json::Deserializer::from_str(text);
    // One that cannot be read to its end has none either.
    if let Ok(left) = object.deserialize_map(Keys(names))
        && object.end().is_ok()
    {
        *names = left;
    }
}
