//! Splitting expressions into words, with the white space of the language behind each dialect.

/// A word of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
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
pub(crate) fn words(text: &str, space: fn(char) -> bool) -> Vec<Word> {
    let mut all: Vec<Word> = Vec::with_capacity(7);
    let mut inside = false;
    for (column, c) in (1..).zip(text.chars()) {
        if space(c) {
            inside = false;
        } else if inside {
            if let Some(word) = all.last_mut() {
                word.text.push(c);
            }
        } else {
            inside = true;
            all.push(Word {
                text: c.to_string(),
                column,
            });
        }
    }
    all
}
