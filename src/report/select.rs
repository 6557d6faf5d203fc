//! `--columns` and `--sort`.

use std::cmp::Ordering;
use std::str::FromStr;

use super::fields::{Fields, plain};
use super::row::{Column, Row};
use crate::error::Error;

/// `--sort KEY`, or `--sort -KEY` for descending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub key: String,
    /// Largest first.
    pub descending: bool,
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, descending) = text
            .strip_prefix('-')
            .map_or((text, false), |key| (key, true));
        if key.is_empty() {
            return Err("it names no column".to_owned());
        }
        Ok(Self {
            key: key.to_owned(),
            descending,
        })
    }
}

/// Returns the name in `known` that `wrong` was probably meant to be.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let near = known.into_iter().filter_map(|name| {
        let typed = name.to_lowercase();
        let edits = strsim::damerau_levenshtein(&wrong, &typed);
        let likeness = strsim::jaro_winkler(&wrong, &typed);
        let slips = (wrong.chars().count() / 3).max(1);
        (edits <= slips || likeness > 0.8).then_some((edits, likeness, name))
    });
    near.min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(_, _, name)| name)
}

/// Returns the chosen columns in the order in which they were named.
pub(super) fn columns<R: Row>(keys: Option<&[String]>) -> Result<Option<Vec<Column>>, Error> {
    let Some(keys) = keys else { return Ok(None) };
    let chosen = keys.iter().map(|key| column::<R>("--columns", key));
    chosen.collect::<Result<_, _>>().map(Some)
}

fn column<R: Row>(flag: &str, key: &str) -> Result<Column, Error> {
    let known = || R::COLUMNS.iter().map(|c| c.key);
    if let Some(column) = R::COLUMNS.iter().find(|c| c.key == key) {
        return Ok(*column);
    }
    let mut error = Error::usage(format!("{flag}: there is no column {key:?}"));
    if let Some(name) = nearest(key, known()) {
        error = error.hint(format!("did you mean {name}?"));
    }
    let all: Vec<_> = known().collect();
    Err(error.hint(format!("the columns are {}", all.join(", "))))
}

/// Returns the keys of columns that are no field of the row's JSON. For tests: the answer should be
/// empty.
pub fn unknown_columns<R: Row>(row: &R) -> Vec<&'static str> {
    let json = serde_json::to_string(row).unwrap_or_default();
    let fields = Fields::of(&json).ok();
    let known = |key: &str| fields.as_ref().is_some_and(|f| f.get(key).is_some());
    R::COLUMNS
        .iter()
        .map(|c| c.key)
        .filter(|key| !known(key))
        .collect()
}

/// The value of a row under the sort key. Unknown values come last, whatever the direction.
#[derive(Debug, PartialEq)]
enum Key {
    Number(f64),
    Text(String),
    Unknown,
}

impl Key {
    fn of(json: &str) -> Self {
        if json == "null" {
            Self::Unknown
        } else if let Ok(number) = json.parse() {
            Self::Number(number)
        } else {
            Self::Text(plain(json).into_owned())
        }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let turn = |o: Ordering| if descending { o.reverse() } else { o };
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => turn(a.total_cmp(b)),
            (Self::Text(a), Self::Text(b)) => turn(natural(a, b)),
            (Self::Number(_), Self::Text(_)) => turn(Ordering::Less),
            (Self::Text(_), Self::Number(_)) => turn(Ordering::Greater),
            (Self::Unknown, Self::Unknown) => Ordering::Equal,
            (Self::Unknown, _) => Ordering::Greater,
            (_, Self::Unknown) => Ordering::Less,
        }
    }
}

/// Sorts rows by a column, stably. An instant sorts by its `<key>_ms` field, so that zones do not
/// matter.
pub(super) fn sort<R: Row>(rows: &mut Vec<R>, order: &Order) -> Result<(), Error> {
    let key = column::<R>("--sort", &order.key)?.key;
    let in_ms = format!("{key}_ms");
    let key_of = |row: &R| -> serde_json::Result<Key> {
        let json = serde_json::to_string(row)?;
        let fields = Fields::of(&json)?;
        let value = fields.get(&in_ms).or_else(|| fields.get(key));
        Ok(value.map_or(Key::Unknown, Key::of))
    };
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        let key = key_of(&row).map_err(|e| Error::failed("a row has no JSON").because(e))?;
        keyed.push((key, row));
    }
    keyed.sort_by(|a, b| a.0.compare(&b.0, order.descending));
    rows.extend(keyed.into_iter().map(|(_, row)| row));
    Ok(())
}

/// Compares texts with runs of digits taken as numbers: `job-9` comes before `job-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_run, a_next) = run(a_rest);
        let (b_run, b_next) = run(b_rest);
        if a_run.is_empty() || b_run.is_empty() {
            return a_run.len().cmp(&b_run.len()).then_with(|| a.cmp(b));
        }
        let digits = |s: &str| s.starts_with(|c: char| c.is_ascii_digit());
        let order = if digits(a_run) && digits(b_run) {
            let (x, y) = (a_run.trim_start_matches('0'), b_run.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            a_run.cmp(b_run)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a_rest, b_rest) = (a_next, b_next);
    }
}

/// Splits off the leading run of digits or of anything else.
fn run(text: &str) -> (&str, &str) {
    let Some(first) = text.chars().next() else {
        return ("", "");
    };
    let kind = first.is_ascii_digit();
    let end = text.find(|c: char| c.is_ascii_digit() != kind);
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_names_compare_as_numbers() {
        let mut names = ["job-10", "job-9", "job-9b", "a", "", "job-09", "job"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["", "a", "job", "job-09", "job-9", "job-9b", "job-10"]
        );
    }

    #[test]
    fn unknown_comes_last_both_ways() {
        let keys = || ["2", "null", "10", "\"x\""].map(Key::of);
        let sorted = |descending| {
            let mut keys = keys();
            keys.sort_by(|a, b| a.compare(b, descending));
            keys
        };
        let (n2, n10, x) = (Key::Number(2.0), Key::Number(10.0), Key::Text("x".into()));
        assert_eq!(sorted(false), [n2, n10, x, Key::Unknown]);
        assert_eq!(sorted(true)[3], Key::Unknown);
        assert_eq!(sorted(true)[2], Key::Number(2.0));
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("proivder", ["id", "provider"]), Some("provider"));
        assert_eq!(nearest("zzz", ["id", "provider"]), None);
    }
}
