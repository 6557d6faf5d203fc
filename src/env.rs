//! The environment of the process, read once.
//!
//! Everything that depends on a variable takes an [`Env`], so that tests and `config show` see the
//! same values that the command saw.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A snapshot of the environment variables whose names and values are valid UTF-8.
#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: BTreeMap<String, String>,
}

impl Env {
    /// Takes the snapshot of this process.
    pub fn of_process() -> Self {
        let text = |s: std::ffi::OsString| s.into_string().ok();
        Self {
            vars: std::env::vars_os()
                .filter_map(|(k, v)| Some((text(k)?, text(v)?)))
                .collect(),
        }
    }

    /// Builds an environment from pairs, for tests.
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let own = |(k, v): (&str, &str)| (k.to_owned(), v.to_owned());
        Self {
            vars: pairs.into_iter().map(own).collect(),
        }
    }

    /// Returns the value of `name`; an empty value counts as unset.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Returns the value of `name` as a path; an empty value counts as unset.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }
}
