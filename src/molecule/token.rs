//! The bearer token: read from a file, a variable or stdin, and never shown.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::error::Error;
use crate::files;

/// A file larger than this holds no token.
const LIMIT: u64 = 64 * 1024;

/// A bearer token. `Debug` and `Display` do not show it.
#[derive(Clone)]
pub struct Token {
    text: String,
    origin: String,
}

impl Token {
    /// Wraps a token; `None` when it is blank or could not stand in a header.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self {
            text: text.to_owned(),
            origin: "as given".to_owned(),
        })
    }

    /// Reads a token from a file. On Unix the file must not be readable by group or others; what is
    /// no regular file (a pipe) is not asked for its mode.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds no token. No error repeats its content.
    pub fn from_file(path: &Path, origin: impl Into<String>) -> Result<Self, Error> {
        let file = files::open_private(path, "token")?;
        Self::from_reader(file, &path.display().to_string(), origin)
    }

    /// Reads a token to the end of a stream.
    ///
    /// # Errors
    /// When the stream cannot be read, or holds no token. No error repeats its content.
    pub fn from_reader(
        reader: impl Read,
        name: &str,
        origin: impl Into<String>,
    ) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        reader
            .take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::failed(format!("{name}: the token cannot be read")).because(e))?;
        let none = |why: &str| Error::failed(format!("{name}: it holds no token")).because(why);
        if bytes.len() as u64 > LIMIT {
            return Err(none("it is larger than 64 KiB"));
        }
        let text = String::from_utf8(bytes).map_err(|_| none("it is not UTF-8"))?;
        Self::read(&text, none).map(|token| token.named(origin))
    }

    /// Reads a token from the value of a variable.
    ///
    /// # Errors
    /// When it is none. The error does not repeat it.
    pub fn from_variable(name: &str, text: &str) -> Result<Self, Error> {
        let none = |why: &str| Error::usage(format!("{name}: it holds no token")).because(why);
        Self::read(text, none).map(|token| token.named(name))
    }

    fn read(text: &str, none: impl Fn(&str) -> Error) -> Result<Self, Error> {
        Self::new(text).ok_or_else(|| {
            none(if text.trim().is_empty() {
                "it is blank"
            } else {
                "there are spaces, line breaks or characters in it that no token has"
            })
        })
    }

    /// Says where it comes from.
    #[must_use]
    pub fn named(self, origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            ..self
        }
    }

    /// Where it comes from: `--token-file`, `CRONCTL_TOKEN`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the token itself, for the one header that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.text
    }

    /// Replaces the token wherever a text repeats it.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(&self.text, "[token]")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}
