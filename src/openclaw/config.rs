//! OpenClaw's configuration: JSON5 with includes and variables, merged as the gateway merges it.
//!
//! Values may be secrets, so no message repeats one: messages name files, key paths and types.

mod cron;
mod include;
mod node;
mod vars;

use std::fmt;
use std::path::{Path, PathBuf};

pub use cron::CronSettings;
pub use node::{Kind, Node};

use super::discover::{Paths, absolute, expand};
use crate::env::Env;
use crate::error::{Error, Problem};

/// The largest root configuration that is read.
const MAX_BYTES: u64 = 16 << 20;

/// The merged configuration.
#[derive(Clone)]
pub struct Config {
    /// Every file read: the configuration, then its includes in the order met.
    pub files: Vec<PathBuf>,
    /// The merged tree; each value knows its file.
    pub root: Node,
    /// Variables that are not set here, each with a key path: their texts keep `${NAME}`.
    pub missing: Vec<(String, String)>,
}

/// Shows files and types only: values may be secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("files", &self.files)
            .field("root", &self.root)
            .field("missing", &self.missing)
            .finish()
    }
}

/// A value with the place that it was written at.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The value.
    pub node: &'a Node,
    /// The file that it was written in.
    pub file: &'a Path,
}

impl Config {
    /// Reads the configuration at `paths.config`; `None` when there is no such file.
    ///
    /// # Errors
    /// When a file cannot be read or is not JSON5, or an include breaks a rule. The message names
    /// the file and never a value.
    pub fn load(paths: &Paths, env: &Env, cwd: &Path) -> Result<Option<Self>, Error> {
        let path = absolute(&paths.config, cwd);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = crate::files::read(&path, MAX_BYTES)?;
        let home = paths.home.as_deref();
        let extra = env
            .get("OPENCLAW_INCLUDE_ROOTS")
            .map(|roots| {
                std::env::split_paths(roots)
                    .filter_map(|p| p.to_str().map(|p| expand(p, home)))
                    .filter(|p| p.is_absolute())
                    .map(|p| absolute(&p, cwd))
                    .collect()
            })
            .unwrap_or_default();
        let mut includes = include::Includes::new(&path, extra);
        let mut root = includes.resolve(parse_text(&bytes, &path)?, &mut vec![path.clone()])?;
        if !matches!(root.kind, Kind::Object(_)) {
            let message = format!("{}: is {}, not an object", path.display(), root.kind.name());
            return Err(Error::failed(message));
        }
        let vars = vars::Vars::new(env, cwd, home, &root);
        let missing = vars::substitute(&mut root, &vars);
        Ok(Some(Self {
            files: includes.files,
            root,
            missing,
        }))
    }

    /// Reads a configuration from a text, without includes and variables.
    ///
    /// # Errors
    /// When it is not JSON5 or no object; the message names `name` and never a value.
    pub fn of_text(text: &str, name: &str) -> Result<Self, Error> {
        let root = parse_text(text.as_bytes(), Path::new(name))?;
        if !matches!(root.kind, Kind::Object(_)) {
            let message = format!("{name}: is {}, not an object", root.kind.name());
            return Err(Error::failed(message));
        }
        Ok(Self {
            files: vec![PathBuf::from(name)],
            root,
            missing: Vec::new(),
        })
    }

    /// Returns the value at a key path such as `["cron", "store"]`, with the file it came from.
    pub fn get(&self, path: &[&str]) -> Option<Found<'_>> {
        let node = path
            .iter()
            .try_fold(&self.root, |node, key| node.get(key))?;
        Some(self.found(node))
    }

    /// Says that the value at a key path, if there is one, is not what was expected, and not used.
    pub(super) fn wrong(&self, path: &[&str], expected: &str) -> Option<Problem> {
        let found = self.get(path)?;
        let what = format!(
            "{}: is {}, expected {expected}; it is not used",
            path.join("."),
            found.node.kind.name()
        );
        Some(Problem::new(found.file.display().to_string(), what))
    }

    /// Adds the file to a value of this configuration.
    pub fn found<'a>(&'a self, node: &'a Node) -> Found<'a> {
        let file = self.files.get(node.file).map_or(Path::new(""), |p| p);
        Found { node, file }
    }

    /// Returns the merged configuration as plain JSON. It may hold secrets: never print it whole.
    pub fn to_value(&self) -> serde_json::Value {
        self.root.to_value()
    }

    /// Says which variables are not set here: `not set here, kept as ${NAME}: A, B`.
    pub fn unset(&self) -> Option<String> {
        let mut names: Vec<&str> = self.missing.iter().map(|(n, _)| n.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        (!names.is_empty())
            .then(|| format!("not set here, kept as ${{NAME}}: {}", names.join(", ")))
    }

    /// Returns the agents: `agents.entries` (2026.9.6) or `agents.list` (2026.3.x, still accepted).
    pub fn agents(&self) -> Vec<Agent<'_>> {
        let entries = self.get(&["agents", "entries"]);
        if let Some(entries) = entries.filter(|e| e.node.kind != Kind::Null) {
            let agent = |(id, node)| Agent { id, node };
            let pairs = entries.node.entries().iter();
            return pairs.map(|(id, node)| agent((id.as_str(), node))).collect();
        }
        let list = self.get(&["agents", "list"]);
        list.map_or(&[][..], |found| found.node.items())
            .iter()
            .filter_map(|node| {
                let id = node.get("id")?.text()?;
                Some(Agent { id, node })
            })
            .collect()
    }
}

/// One agent of the roster.
#[derive(Clone, Copy, Debug)]
pub struct Agent<'a> {
    /// Its id, as written.
    pub id: &'a str,
    /// Its entry.
    pub node: &'a Node,
}

/// Reads one file as JSON, else as JSON5. The message of an error names a place, never a value.
fn parse_text(bytes: &[u8], path: &Path) -> Result<Node, Error> {
    let name = path.display();
    let text = std::str::from_utf8(bytes)
        .map_err(|e| {
            Error::failed(format!(
                "{name}: is not UTF-8 text (byte {})",
                e.valid_up_to()
            ))
        })?
        .trim_start_matches('\u{feff}');
    let too_deep =
        |b: crate::job::Broken| Error::failed(format!("{name}:{}:{}: {b}", b.line, b.column));
    crate::job::check_depth(text).map_err(too_deep)?;
    if let Ok(node) = serde_json::from_str(text) {
        return Ok(node);
    }
    json5::from_str(text).map_err(|e| {
        let (line, column) = e.position().map_or((1, 1), |p| (p.line + 1, p.column + 1));
        // The text of a custom error may repeat a value: the code is enough.
        let why = e
            .code()
            .map_or_else(|| "not a value".to_owned(), |c| c.to_string());
        Error::failed(format!("{name}:{line}:{column}: is not JSON5")).because(why)
    })
}

#[cfg(test)]
mod tests;
