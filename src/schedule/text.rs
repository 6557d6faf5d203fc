//! Splitting expressions into words, with the white space of the language behind each dialect.

use std::borrow::Cow;

/// A word of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Where it begins: characters, from 1.
    pub(crate) column: usize,
}

/// Returns whether JavaScript's `trim` and `\s` take a character as white space.
pub(crate) fn is_js_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// Returns whether Go's `unicode.IsSpace` takes a character as white space.
pub(crate) fn is_go_space(c: char) -> bool {
    c.is_whitespace()
}

/// Splits a text at runs of white space.
pub(crate) fn words(text: &str, space: fn(char) -> bool) -> Vec<Word<'_>> {
    let mut all = Vec::with_capacity(7);
    let mut start = None;
    for (column, (at, c)) in (1..).zip(text.char_indices()) {
        match (start, space(c)) {
            (None, false) => start = Some((at, column)),
            (Some((from, column)), true) => {
                all.push(word(text.get(from..at), column));
                start = None;
            }
            _ => {}
        }
    }
    if let Some((from, column)) = start {
        all.push(word(text.get(from..), column));
    }
    all
}

fn word(text: Option<&str>, column: usize) -> Word<'_> {
    Word {
        text: Cow::Borrowed(text.unwrap_or_default()),
        column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_the_languages_own() {
        let texts = |text, space| -> Vec<(String, usize)> {
            let all = words(text, space);
            all.into_iter()
                .map(|w| (w.text.into_owned(), w.column))
                .collect()
        };
        let two = vec![("0".to_owned(), 2), ("é9".to_owned(), 4)];
        assert_eq!(texts("\u{feff}0\u{a0}é9\r", is_js_space), two);
        assert_eq!(texts(" 0\té9", is_go_space), two);
        assert_eq!(texts("\u{feff}0", is_go_space).len(), 1);
        assert_eq!(texts("0\u{85}9", is_go_space).len(), 2);
        assert_eq!(texts("0\u{85}9", is_js_space).len(), 1);
        assert!(texts(" \n", is_js_space).is_empty());
    }
}
