//! A whole document of jobs: `jobs.json`, `cron list --json`, arrays, several of them in a row.
//!
//! Elements are handed out one by one as text, so that a document that breaks off still gives the
//! jobs before the damage. Pure.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Nesting deeper than this is refused before a recursive parser sees it.
const MAX_DEPTH: usize = 128;
/// JSON5 is slower by an order of magnitude, and nobody writes this much of it by hand.
const MAX_JSON5: usize = 16 << 20;

/// What a document has around its jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The forms of the top-level values, in order, without repetition.
    pub tops: Vec<Top>,
    /// `version`, where it is a number.
    pub version: Option<i64>,
    /// `hasMore: true`: one page of a longer answer.
    pub has_more: bool,
    /// The keys beside the jobs that only `cron list` of 2026.8.1 and later prints.
    pub has_previews: bool,
    /// `total`, `offset` or `limit` beside the jobs: an answer of `cron.list`.
    pub has_paging: bool,
    /// Whether it had to be read as JSON5.
    pub is_json5: bool,
    /// Where it breaks off: what is wrong, line and column from 1.
    pub broken: Option<Broken>,
}

/// The form of a top-level value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// An object with a `jobs` array.
    Jobs,
    /// An array of jobs.
    Array,
    /// One job.
    Single,
}

/// Where and how a document breaks off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub what: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Reads a document and hands the text of each job to `job`, in order.
///
/// JSON first; what is not JSON is tried as JSON5, as OpenClaw reads its own files. What comes
/// before a break is still handed out, and [`Document::broken`] says where it is.
pub fn read_document(text: &str, job: &mut dyn FnMut(&str)) -> Document {
    let mut document = Document::default();
    let (complete, broken) = split(text);
    if let Some((_, error)) = &broken
        && !error.is_eof()
    {
        let broken = broken_at(text, broken.as_ref().map_or(0, |b| b.0), error);
        match from_json5(text) {
            Ok(value) => {
                let json = value.to_string();
                for raw in split(&json).0 {
                    drop(walk(raw.get(), &mut document, job));
                }
                document.is_json5 = true;
                return document;
            }
            // Whichever reader got further understood more of what was meant.
            Err(json5) if (json5.line, json5.column) > (broken.line, broken.column) => {
                document.broken = Some(json5);
            }
            Err(_) => document.broken = Some(broken),
        }
    }
    for raw in complete {
        // A complete value cannot fail again.
        drop(walk(raw.get(), &mut document, job));
    }
    if let Some((start, error)) = broken {
        // Once more from the start of the broken value, for the jobs before the damage.
        let error = walk(&text[start..], &mut document, job)
            .err()
            .unwrap_or(error);
        if document.broken.is_none() {
            document.broken = Some(broken_at(text, start, &error));
        }
    }
    document
}

/// Reads one value as JSON5, refusing what would exhaust the stack.
fn from_json5(text: &str) -> Result<serde_json::Value, Broken> {
    if text.len() > MAX_JSON5 {
        return Err(Broken {
            what: format!("not JSON, and too large for JSON5 (over {MAX_JSON5} bytes)"),
            line: 0,
            column: 0,
        });
    }
    check_depth(text)?;
    json5::from_str(text).map_err(|e| {
        let (line, column) = e.position().map_or((1, 1), |p| (p.line + 1, p.column + 1));
        // A custom message may repeat a value, and values may be secrets: only the code is shown.
        let what = e
            .code()
            .map_or_else(|| "not a value".to_owned(), |c| c.to_string());
        Broken { what, line, column }
    })
}

/// Refuses nesting beyond [`MAX_DEPTH`]. Brackets in texts and comments do not count.
pub(crate) fn check_depth(text: &str) -> Result<(), Broken> {
    let bytes = text.as_bytes();
    let (mut depth, mut i) = (0_usize, 0);
    while i < bytes.len() {
        match bytes[i] {
            quote @ (b'"' | b'\'') => {
                i += 1;
                while i < bytes.len() && bytes[i] != quote {
                    i += if bytes[i] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if bytes.get(i + 1) == Some(&b'/') => {
                while i < bytes.len() && bytes[i] != b'\n' {
                    i += 1;
                }
            }
            b'/' if bytes.get(i + 1) == Some(&b'*') => {
                i += 2;
                while i < bytes.len() && !bytes[i..].starts_with(b"*/") {
                    i += 1;
                }
                i += 1;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let (line, column) = position(text, i);
                    return Err(Broken {
                        what: format!("nested more than {MAX_DEPTH} deep"),
                        line,
                        column,
                    });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        i += 1;
    }
    Ok(())
}

/// Returns line and column, both from 1, of a byte offset.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|b| **b == b'\n').count();
    let start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n + 1);
    (line + 1, before.len() - start + 1)
}

/// Splits a text into its top-level values; also returns where the broken one starts, if one is.
fn split(text: &str) -> (Vec<&RawValue>, Option<(usize, serde_json::Error)>) {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut complete = Vec::new();
    loop {
        let start = stream.byte_offset();
        match stream.next() {
            None => return (complete, None),
            Some(Ok(raw)) => complete.push(raw),
            Some(Err(error)) => return (complete, Some((start, error))),
        }
    }
}

/// Places an error of the value that starts at `start` in the whole text.
fn broken_at(text: &str, start: usize, error: &serde_json::Error) -> Broken {
    let (line, column) = position(text, start);
    let column = if error.line() <= 1 {
        column + error.column().saturating_sub(1)
    } else {
        error.column()
    };
    Broken {
        what: reason(error),
        line: line + error.line().saturating_sub(1),
        column: column.max(1),
    }
}

/// The message of a JSON error without the position that serde_json appends to it.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Hands out the jobs of one top-level value.
fn walk(
    text: &str,
    document: &mut Document,
    job: &mut dyn FnMut(&str),
) -> Result<(), serde_json::Error> {
    let mut note = |top| {
        if !document.tops.contains(&top) {
            document.tops.push(top);
        }
    };
    let mut de = serde_json::Deserializer::from_str(text);
    match text.trim_start().as_bytes().first() {
        Some(b'[') => {
            note(Top::Array);
            Elements(job).deserialize(&mut de)
        }
        Some(b'{') => {
            let found = Wrapper {
                document,
                job,
                depth: 0,
            }
            .deserialize(&mut de)?;
            let top = if found { Top::Jobs } else { Top::Single };
            if !document.tops.contains(&top) {
                document.tops.push(top);
            }
            if !found {
                job(text);
            }
            Ok(())
        }
        _ => {
            note(Top::Single);
            de.into_iter::<IgnoredAny>().next().transpose()?;
            job(text);
            Ok(())
        }
    }
}

/// Hands out the elements of an array; an array of arrays (answers joined by a tool) is flattened.
struct Elements<'a>(&'a mut dyn FnMut(&str));

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of jobs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(raw) = seq.next_element::<&RawValue>()? {
            let text = raw.get();
            if text.starts_with('[')
                && let Ok(inner) = serde_json::from_str::<Vec<&RawValue>>(text)
            {
                inner.iter().for_each(|raw| self.0(raw.get()));
            } else {
                self.0(text);
            }
        }
        Ok(())
    }
}

/// An object that may hold a `jobs` array, itself or in the `payload` of an RPC frame.
struct Wrapper<'a, 'b> {
    document: &'a mut Document,
    job: &'b mut dyn FnMut(&str),
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Wrapper<'_, '_> {
    /// Whether a `jobs` array was found.
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
        d.deserialize_any(self)
    }
}

macro_rules! nothing {
    ($($name:ident: $type:ty),*) => {
        $(fn $name<E>(self, _: $type) -> Result<bool, E> { Ok(false) })*
    };
}

impl<'de> Visitor<'de> for Wrapper<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with jobs")
    }

    nothing!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*key {
                "jobs" => {
                    // An array of jobs; `jobs` of another type is not a wrapper.
                    map.next_value_seed(Jobs(self.job, &mut found))?;
                }
                "payload" | "result" if self.depth == 0 => {
                    found |= map.next_value_seed(Wrapper {
                        document: self.document,
                        job: self.job,
                        depth: 1,
                    })?;
                }
                "version" => {
                    let version: &RawValue = map.next_value()?;
                    self.document.version = version.get().parse().ok();
                }
                "hasMore" => {
                    let more: &RawValue = map.next_value()?;
                    self.document.has_more |= more.get() == "true";
                }
                "deliveryPreviews" | "snapshotRevision" => {
                    self.document.has_previews = true;
                    map.next_value::<IgnoredAny>()?;
                }
                "total" | "offset" | "limit" => {
                    self.document.has_paging = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The value of `jobs`: its elements when it is an array, nothing otherwise.
struct Jobs<'a, 'b>(&'a mut dyn FnMut(&str), &'b mut bool);

impl<'de> DeserializeSeed<'de> for Jobs<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

macro_rules! ignored {
    ($($name:ident: $type:ty),*) => {
        $(fn $name<E>(self, _: $type) -> Result<(), E> { Ok(()) })*
    };
}

impl<'de> Visitor<'de> for Jobs<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of jobs")
    }

    ignored!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        *self.1 = true;
        Elements(self.0).visit_seq(seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Document) {
        let mut jobs = Vec::new();
        let document = read_document(text, &mut |t| jobs.push(t.trim().to_owned()));
        (jobs, document)
    }

    #[test]
    fn the_forms_are_told_apart() {
        assert_eq!(read(r#"{"version":1,"jobs":[1,2]}"#).0, ["1", "2"]);
        assert_eq!(read(r#"{"version":1,"jobs":[]}"#).1.version, Some(1));
        assert_eq!(read("[1,2] \n [3]").0, ["1", "2", "3"]);
        assert_eq!(read("[[1,2],[3]]").0, ["1", "2", "3"]);
        assert_eq!(read(r#"{"id":"a"}"#).0, [r#"{"id":"a"}"#]);
        assert_eq!(
            read(r#"{"id":"a","payload":{"kind":"x"}}"#).1.tops,
            [Top::Single]
        );
        assert_eq!(read(r#"{"type":"res","payload":{"jobs":[1]}}"#).0, ["1"]);
        let (_, list) = read(r#"{"jobs":[],"total":9,"hasMore":true,"deliveryPreviews":{}}"#);
        assert!(list.has_more && list.has_paging && list.has_previews);
    }

    #[test]
    fn what_comes_before_the_damage_is_kept() {
        let (jobs, doc) = read("{\"jobs\": [\n 1,\n 2,\n {\"id\": \"x");
        assert_eq!(jobs, ["1", "2"]);
        let broken = doc.broken.unwrap();
        assert_eq!((broken.line, broken.column), (4, 10));
        assert!(broken.what.starts_with("EOF"), "{broken}");
        let (jobs, doc) = read("[1, 2, @]");
        assert_eq!(jobs, ["1", "2"]);
        assert_eq!(doc.broken.unwrap().line, 1);
    }

    #[test]
    fn json5_is_read_as_the_gateway_reads_it() {
        let (jobs, doc) = read("// mine\n{ jobs: [ {id: 'a',}, ], }");
        assert_eq!(jobs, [r#"{"id":"a"}"#]);
        assert!(doc.is_json5 && doc.broken.is_none());
    }

    #[test]
    fn deep_nesting_is_refused_without_using_the_stack() {
        for open in ["[", "{\"a\":", "[{\"jobs\":"] {
            let (_, doc) = read(&open.repeat(100_000));
            assert!(doc.broken.is_some(), "{open}");
            let text = format!("/* x */ {}", open.repeat(100_000));
            let broken = read(&text).1.broken.unwrap();
            assert!(
                broken.what.contains("nested more than 128 deep"),
                "{broken}"
            );
        }
        assert!(check_depth("\"[[[[[\" // [[[[").is_ok());
    }
}
