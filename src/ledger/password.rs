//! The password of a database: read from a file or a variable, and never shown.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use crate::error::Error;
use crate::files;

/// A file larger than this holds no password.
const LIMIT: u64 = 64 * 1024;

/// A password. `Debug` does not show it.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Reads a password from a file: its content without the line's end. On Unix the file must not
    /// be readable by group or others; what is no regular file (a pipe) is not asked for its mode.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds no password. No error repeats its
    /// content.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let fail = |why: &dyn fmt::Display| {
            Error::failed(format!("{shown}: the password cannot be read")).because(why)
        };
        let file = files::open_private(path, "password")?;
        let mut bytes = Vec::new();
        file.take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| fail(&e))?;
        if bytes.len() as u64 > LIMIT {
            return Err(fail(&"the file is larger than 64 KiB"));
        }
        let text = String::from_utf8(bytes).map_err(|_| fail(&"it is not UTF-8"))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Self::new(line.strip_suffix('\r').unwrap_or(line))
            .ok_or_else(|| fail(&"the file holds none"))
    }

    /// Takes the value of a variable.
    ///
    /// # Errors
    /// When it is none. The error does not repeat it.
    pub fn from_variable(name: &str, text: &str) -> Result<Self, Error> {
        Self::new(text).ok_or_else(|| Error::usage(format!("{name}: it holds no password")))
    }

    /// Wraps a password; `None` when there is nothing in it, or a NUL, which no server takes.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && !text.contains('\0');
        fits.then(|| Self(text.to_owned()))
    }

    /// The password itself, for the connection.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}
