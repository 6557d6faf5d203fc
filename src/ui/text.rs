//! Text for people: control characters made visible, lines wrapped.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Returns `text` with everything that could move the cursor, change a colour, reverse the reading
/// direction or hide made visible as an escape: names of jobs are written by others.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Returns JSON with the same characters as `\u` escapes: JSON allows most of them as they are, in strings
/// only, and a terminal obeys them all the same. What it means does not change.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    // Line breaks and such stand between the values: within strings they are escapes already.
    let hidden = |c: char| is_unsafe(c) && (c == '\u{7f}' || !c.is_ascii());
    if is_plain(json.as_bytes()) || !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether nothing is hidden because nothing can be, which is nearly always so.
fn is_plain(json: &[u8]) -> bool {
    json.is_ascii() && !json.contains(&0x7f)
}

/// A writer of JSON, escaped as by [`escape_json`]. It is given whole characters at a time.
#[derive(Debug)]
pub struct JsonWriter<W>(pub W);

impl<W: io::Write> io::Write for JsonWriter<W> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        if is_plain(json) {
            self.0.write_all(json)?;
            return Ok(json.len());
        }
        let text = String::from_utf8_lossy(json);
        self.0.write_all(escape_json(&text).as_bytes())?;
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn is_unsafe(c: char) -> bool {
    // The zero-width joiner (200d) and the variation selectors stay: emoji are built with them.
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Breaks `text` at spaces into lines of at most `width` characters; a longer word gets a line of
/// its own, unbroken.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Returns the first lines of a text, as many as stand on so many with the cursor below them; says how
/// many are left out.
pub(super) fn cut(text: &str, height: usize) -> Cow<'_, str> {
    let lines = text.lines().count();
    if lines < height {
        return Cow::Borrowed(text);
    }
    let kept = height.saturating_sub(2);
    let left = lines - kept;
    let end: usize = text.split_inclusive('\n').take(kept).map(str::len).sum();
    Cow::Owned(format!("{}… {left} more lines\n", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_made_visible() {
        assert_eq!(escape("nightly é 👩‍🚀 完"), "nightly é 👩‍🚀 完");
        assert_eq!(
            escape("a\u{1b}[31mb\r\n\t\u{7}"),
            "a\\u{1b}[31mb\\r\\n\\t\\u{7}"
        );
        assert_eq!(
            escape("x\u{202e}y\u{9b}z\u{e0061}"),
            "x\\u{202e}y\\u{9b}z\\u{e0061}"
        );
    }

    #[test]
    fn json_keeps_its_meaning_and_hides_nothing() {
        for plain in ["{\n  \"a\": \"nightly é 👩‍🚀 完\"\n}", "", "\"\\n\\u001b\""] {
            assert!(matches!(escape_json(plain), Cow::Borrowed(same) if same == plain));
        }
        let name = "a\u{9b}31m\u{7f}\u{202e}b\u{e0061}\n";
        let json = serde_json::to_string(name).unwrap();
        let safe = escape_json(&json);
        assert_eq!(safe, r#""a\u009b31m\u007f\u202eb\udb40\udc61\n""#);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), name);
    }

    #[test]
    fn a_text_is_cut_to_the_height_and_says_so() {
        let text = "a\nb\nc\n";
        for height in [4, 5, usize::MAX] {
            assert_eq!(cut(text, height), text);
        }
        assert_eq!(cut(text, 3), "a\n… 2 more lines\n");
        assert_eq!(cut(text, 1), "… 3 more lines\n");
        assert_eq!(cut("", 1), "");
    }

    #[test]
    fn lines_break_at_spaces_and_words_do_not() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("a extraordinarily b", 5),
            ["a", "extraordinarily", "b"]
        );
        assert_eq!(wrap("", 5), [""]);
    }
}
