//! How wide text is, in hundredths of a pixel: estimated, since the reader's font is not known.

use unicode_width::UnicodeWidthChar;

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Font {
    /// Its size, pixels.
    pub(super) size: i64,
    /// Whether it is semi-bold.
    pub(super) bold: bool,
}

impl Font {
    pub(super) const fn plain(size: i64) -> Self {
        Self { size, bold: false }
    }

    pub(super) const fn bold(size: i64) -> Self {
        Self { size, bold: true }
    }

    /// Width of a text, rather too wide than too narrow: letters as in `DejaVu Sans` and Verdana,
    /// the widest of the fonts that readers are likely to have.
    pub(super) fn width(self, text: &str) -> i64 {
        text.chars().map(|c| self.advance(c)).sum()
    }

    fn advance(self, c: char) -> i64 {
        // Hundredths of the size; bold letters are wider by an eighth.
        let em = em(c) * self.size;
        if self.bold { em * 9 / 8 } else { em }
    }
}

fn em(c: char) -> i64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 35,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 100,
        'A'..='Z' | '&' | '<' | '>' | '=' | '+' | '~' => 84,
        _ if c.is_ascii() => 65,
        _ => match c.width() {
            Some(0) | None => 0,
            Some(1) => 84,
            Some(_) => 110,
        },
    }
}

/// The text, cut to what fits, with an ellipsis.
pub(super) fn fit(text: &str, font: Font, room: i64) -> String {
    let text = crate::ui::escape(text);
    if font.width(&text) <= room {
        return text.into_owned();
    }
    let mut used = font.advance('…');
    let mut short = String::new();
    for c in text.chars() {
        used += font.advance(c);
        if used > room {
            break;
        }
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    short + "…"
}

/// The text in lines that fit, broken at spaces; a word that is longer than a line is broken, too.
pub(super) fn lines(text: &str, font: Font, room: i64) -> Vec<String> {
    let text = crate::ui::escape(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let mut word = word;
        let with_word = || font.width(&line) + font.advance(' ') + font.width(word);
        if !line.is_empty() && with_word() > room {
            lines.push(std::mem::take(&mut line));
        }
        while font.width(word) > room {
            let mut used = 0;
            let end = word.char_indices().find(|(_, c)| {
                used += font.advance(*c);
                used > room
            });
            // At least one character per line, or it would never end.
            let first = word.chars().next().map_or(0, char::len_utf8);
            let end = end.map_or(word.len(), |(at, _)| at.max(first));
            lines.push(word[..end].to_owned());
            word = &word[end..];
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const FONT: Font = Font::bold(12);

    #[test]
    fn what_does_not_fit_is_cut_and_says_so() {
        assert_eq!(fit("anthropic", FONT, 100_000), "anthropic");
        let cut = fit(&"x".repeat(500), FONT, 20_000);
        assert!(cut.ends_with("x…") && FONT.width(&cut) <= 20_000, "{cut}");
        assert_eq!(fit("a\u{202e}b", FONT, 100_000), "a\\u{202e}b");
    }

    #[test]
    fn lines_never_exceed_their_room() {
        let text = format!("a word {} and 完全な文 after", "y".repeat(300));
        let lines = lines(&text, FONT, 30_000);
        assert!(lines.iter().all(|l| FONT.width(l) <= 30_000), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }
}
