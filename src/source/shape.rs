//! What a stream of bytes is, from its beginning. Pure: nothing more is read to refuse it.

use crate::error::Error;
use crate::job::check_depth;

use super::crontab;

/// How the rest of a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One or several JSON or JSON5 documents.
    Document,
    /// One JSON object per line.
    Lines,
    /// cron(8) lines.
    Crontab,
}

/// Recognises the shape from the first bytes; `whole` says that there are no more.
///
/// # Errors
/// When the bytes are nothing that holds jobs; the message names the first byte that shows it.
pub(super) fn recognise(name: &str, head: &[u8], whole: bool) -> Result<Shape, Error> {
    if let Some(error) = known_binary(name, head) {
        return Err(error);
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut at the end of what was read.
        Err(e) if !whole && e.error_len().is_none() => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(e) => {
            let at = e.valid_up_to();
            return Err(Error::failed(format!(
                "{name}: is not UTF-8 text: byte 0x{:02x} at offset {at}",
                head[at]
            )));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(at) = text
        .bytes()
        .position(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c))
    {
        return Err(nothing(
            name,
            head,
            at + (head.len() - text.len()).min(3) * usize::from(head.starts_with(b"\xef\xbb\xbf")),
        ));
    }
    let start = text.trim_start();
    let offset = text.len() - start.len();
    match start.as_bytes().first() {
        None => Err(Error::failed(format!("{name}: is empty"))
            .hint("check the command that writes it; if there are really no jobs, pass []")),
        Some(b'{') => {
            check(name, text)?;
            Ok(lines_or_document(start, whole))
        }
        Some(b'[') => {
            check(name, text)?;
            Ok(Shape::Document)
        }
        Some(b'/') if start.starts_with("//") || start.starts_with("/*") => {
            check(name, text)?;
            Ok(Shape::Document)
        }
        Some(_) if crontab::looks_like(start, whole) => Ok(Shape::Crontab),
        Some(_) => Err(nothing(name, head, offset)),
    }
}

/// Whether the beginning of a document shows that the rest need not be read.
pub(super) fn is_broken(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return true,
    };
    let text = valid.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with(['{', '[', '/']) {
        return false;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let Some(Err(error)) = values.find(Result::is_err) else {
        return false;
    };
    if error.is_eof() {
        return false;
    }
    // Not JSON; JSON5 is broken too when its reader stops well before the end of what was read.
    match json5::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => false,
        Err(error) => error.position().is_some_and(|at| {
            let lines = text.lines().count();
            let last = text.lines().next_back().map_or(0, |l| l.chars().count());
            at.line + 1 < lines || at.column + 64 < last
        }),
    }
}

fn check(name: &str, text: &str) -> Result<(), Error> {
    check_depth(text)
        .map_err(|b| Error::failed(format!("{name}:{}:{}: {b}; jobs are not", b.line, b.column)))
}

fn nothing(name: &str, head: &[u8], at: usize) -> Error {
    let byte = head.get(at).copied().unwrap_or_default();
    let shown = match byte {
        0x21..=0x7e => format!("0x{byte:02x} ({:?})", char::from(byte)),
        _ => format!("0x{byte:02x}"),
    };
    Error::failed(format!(
        "{name}: is not JSON, JSON5, NDJSON or a crontab: byte {shown} at offset {at}"
    ))
    .hint("give what `openclaw cron list --all --json` prints, a jobs.json, a crontab, or the schedules of a Molecule workspace")
}

/// Files that are often given by mistake.
fn known_binary(name: &str, head: &[u8]) -> Option<Error> {
    let is = |what: &str| Error::failed(format!("{name}: is {what}"));
    if head.starts_with(b"\x1f\x8b") {
        return Some(is("gzip-compressed").hint(format!("zcat {name} | cronctl … --jobs -")));
    }
    if head.starts_with(b"\x28\xb5\x2f\xfd") {
        return Some(is("zstd-compressed").hint(format!("zstdcat {name} | cronctl … --jobs -")));
    }
    if head.starts_with(b"\xfd7zXZ\0") {
        return Some(is("xz-compressed").hint(format!("xzcat {name} | cronctl … --jobs -")));
    }
    if head.starts_with(b"BZh") {
        return Some(is("bzip2-compressed").hint(format!("bzcat {name} | cronctl … --jobs -")));
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Some(
            is("a SQLite database")
                .hint("give the state directory that holds it instead: --openclaw STATE_DIR"),
        );
    }
    let utf16 = match head {
        [0xff, 0xfe, ..] => Some("UTF-16 (little-endian)"),
        [0xfe, 0xff, ..] => Some("UTF-16 (big-endian)"),
        [b'[' | b'{' | b' ' | b'\n' | b'\r', 0, ..] => Some("UTF-16 (little-endian, no mark)"),
        [0, b'[' | b'{' | b' ' | b'\n' | b'\r', ..] => Some("UTF-16 (big-endian, no mark)"),
        _ => None,
    };
    utf16.map(|what| {
        is(what).hint(format!(
            "iconv -f UTF-16 -t UTF-8 {name} | cronctl … --jobs -"
        ))
    })
}

/// An object at the start: one job per line, or a document that happens to start with one?
fn lines_or_document(text: &str, whole: bool) -> Shape {
    let Some((first, rest)) = text.split_once('\n') else {
        return Shape::Document;
    };
    let is_complete = |line: &str| serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok();
    let first = first.trim_end();
    let second = rest.trim_start();
    if is_complete(first) {
        let wraps_jobs = first.contains("\"jobs\"") && has_jobs(first);
        return if wraps_jobs || (second.is_empty() && whole) {
            Shape::Document
        } else {
            Shape::Lines
        };
    }
    // A damaged first line among good ones is still one job per line.
    let second = second.lines().next().unwrap_or_default().trim_end();
    let goes_on = first.ends_with(['{', '[', ',', ':']);
    if !goes_on && second.starts_with('{') && is_complete(second) {
        Shape::Lines
    } else {
        Shape::Document
    }
}

fn has_jobs(object: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Wrapper {
        jobs: Option<Vec<serde::de::IgnoredAny>>,
    }
    serde_json::from_str::<Wrapper>(object).is_ok_and(|w| w.jobs.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        recognise("x", text.as_bytes(), true).unwrap()
    }

    fn refusal(bytes: &[u8]) -> String {
        let error = recognise("x", bytes, false).unwrap_err();
        format!("{} | {}", error.message, error.hints.join(" | "))
    }

    #[test]
    fn shapes_are_recognised() {
        use Shape::{Crontab, Document, Lines};
        for (text, expected) in [
            ("{\"jobs\":[]}", Document),
            ("{\"id\":1}", Document),
            ("{\"id\":1}\n", Document),
            ("{\"id\":1}\n{\"id\":2}\n", Lines),
            (
                "{\"id\":1, \"payload\": {\"jobs\": 1}}\r\n\r\n{\"id\":2}",
                Lines,
            ),
            ("{\"id\":1,\n{\"id\":2}\n", Document),
            ("{\"id\":1, \"na\n{\"id\":2}\n", Lines),
            ("{\"id\":1 bad}\n{\"id\":2}\n", Lines),
            ("{\"jobs\":[]}\n{\"jobs\":[]}\n", Document),
            ("{\n  \"jobs\": [\n", Document),
            ("{\"jobs\":[\n{\"id\":1}\n]}\n", Document),
            ("[{}]\n[{}]", Document),
            ("\u{feff}  [1]", Document),
            ("// c\n{}", Document),
            ("# c\n0 22 * * * x\n", Crontab),
            ("MAILTO=a\n@daily x\n", Crontab),
        ] {
            assert_eq!(shape(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_holds_no_jobs_is_named() {
        for (bytes, expected) in [
            (
                &b"\x1f\x8b\x08rest"[..],
                "gzip-compressed | zcat x | cronctl",
            ),
            (b"\xff\xfe[\0", "UTF-16 (little-endian)"),
            (b"\0[\0]", "UTF-16 (big-endian, no mark)"),
            (
                b"SQLite format 3\0",
                "SQLite database | give the state directory",
            ),
            (b"hello hello", "byte 0x68 ('h') at offset 0"),
            (b"\n  <html>", "byte 0x3c ('<') at offset 3"),
            (b"[1, \x01]", "byte 0x01 at offset 4"),
            (b"\x7fELF\x02", "byte 0x02 at offset 4"),
            (b"[\"\xc3(\"]", "not UTF-8 text: byte 0xc3 at offset 2"),
            (b"", "is empty"),
            (b" \n\t", "is empty"),
            (b"null", "byte 0x6e"),
        ] {
            let text = refusal(bytes);
            assert!(text.contains(expected), "{bytes:?}: {text}");
        }
        let deep = refusal("[".repeat(1000).as_bytes());
        assert!(deep.contains("nested more than 128 deep"), "{deep}");
    }
}
