//! Finding and reading `cronctl.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, Kind, dotted};
use super::{Origin, Setting, Value};
use crate::env::Env;
use crate::error::Error;
use crate::files;
use crate::report::nearest;

const FILE_NAME: &str = "cronctl.toml";

/// A configuration file larger than this is not one.
const LIMIT: u64 = 1 << 20;

/// One place where configuration is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// `project` or `user`.
    pub scope: &'static str,
    /// The file; `None` when the environment names no home.
    pub path: Option<PathBuf>,
    /// Whether it is there.
    pub found: bool,
}

/// Returns the places, strongest first: the project file (in the directory or the nearest parent
/// that has one), then the user file.
pub fn places(env: &Env, directory: &Path) -> [Looked; 2] {
    let candidates = directory.ancestors().map(|d| d.join(FILE_NAME));
    let project = candidates.into_iter().find(|path| path.is_file());
    let user = user_directory(env).map(|d| d.join("cronctl").join(FILE_NAME));
    [
        Looked {
            scope: "project",
            found: project.is_some(),
            path: project.or_else(|| Some(directory.join(FILE_NAME))),
        },
        Looked {
            scope: "user",
            found: user.as_deref().is_some_and(Path::is_file),
            path: user,
        },
    ]
}

fn user_directory(env: &Env) -> Option<PathBuf> {
    // The XDG specification tells to ignore a relative path.
    env.path("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(home(env)?.join(".config")))
}

fn home(env: &Env) -> Option<PathBuf> {
    env.path("HOME").or_else(|| env.path("USERPROFILE"))
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) values: BTreeMap<String, Setting<Value>>,
    pub(super) contexts: BTreeSet<String>,
}

/// Reads one file. The user's own is `trusted`; a project file may come from anywhere.
pub(super) fn read(path: &Path, trusted: bool, env: &Env) -> Result<Read, Error> {
    let read = if trusted {
        files::read_named
    } else {
        files::read
    };
    let bytes = read(path, LIMIT)?;
    let text = String::from_utf8(bytes)
        .map_err(|e| Error::failed(format!("{}: it is not UTF-8", path.display())).because(e))?;
    let reader = Reader {
        path,
        text: &text,
        trusted,
        env,
    };
    let root = DeTable::parse(&text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        Error::failed(format!("{}: it is not TOML", reader.place(at))).because(e.message())
    })?;
    let mut read = Read::default();
    reader.table(&mut Vec::new(), root.get_ref(), &mut read)?;
    Ok(read)
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    trusted: bool,
    env: &'a Env,
}

impl<'a> Reader<'a> {
    fn table(
        &self,
        parents: &mut Vec<&'a str>,
        table: &'a DeTable<'_>,
        read: &mut Read,
    ) -> Result<(), Error> {
        for (name, value) in table {
            parents.push(name.get_ref());
            self.entry(parents, name.span().start, value, read)?;
            parents.pop();
        }
        Ok(())
    }

    fn entry(
        &self,
        key: &mut Vec<&'a str>,
        at: usize,
        value: &'a Spanned<DeValue<'_>>,
        read: &mut Read,
    ) -> Result<(), Error> {
        let name = dotted(key.iter().copied());
        let known: Vec<&Key> = KEYS.iter().filter(|k| begins(k, key)).collect();
        if known.is_empty() {
            return Err(self.unknown(key, at));
        }
        let depth = key.len();
        if let Some(leaf) = known.iter().find(|k| k.name.split('.').count() == depth) {
            let value = self.value(&name, leaf.kind, value)?;
            let origin = Origin::File(self.path.to_owned(), self.position(at).0);
            read.values.insert(name, Setting { value, origin });
            return Ok(());
        }
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.wrong(&name, "a table", value));
        };
        if let ["contexts", context] = key[..] {
            read.contexts.insert(context.to_owned());
        }
        self.table(key, table, read)
    }

    fn value(&self, name: &str, kind: Kind, found: &Spanned<DeValue<'_>>) -> Result<Value, Error> {
        let wrong = || self.wrong(name, &kind.expectation(), found);
        match (kind, found.get_ref()) {
            (Kind::Count(least), DeValue::Integer(n)) => {
                let n = u64::from_str_radix(&n.as_str().replace('_', ""), n.radix());
                let n = n.ok().filter(|n| *n >= least).ok_or_else(wrong)?;
                Ok(Value::Count(n))
            }
            (Kind::Switch, DeValue::Boolean(on)) => Ok(Value::Switch(*on)),
            (Kind::Paths, DeValue::Array(items)) => {
                let path = |item: &Spanned<DeValue<'_>>| match item.get_ref().as_str() {
                    Some(text) => Ok(self.resolve(text)),
                    None => Err(self.wrong(name, &kind.expectation(), item)),
                };
                items
                    .iter()
                    .map(path)
                    .collect::<Result<_, _>>()
                    .map(Value::List)
            }
            (Kind::Paths, DeValue::String(text)) => Ok(Value::List(vec![self.resolve(text)])),
            (Kind::Secret, DeValue::String(text)) if !self.trusted && leaves(text) => {
                let at = self.place(found.span().start);
                Err(
                    Error::failed(format!("{at}: {name}: it is outside the project"))
                        .because(
                            "a project file could otherwise send any file of yours to its platform",
                        )
                        .hint("set it in the user file; `cronctl config path` shows where that is"),
                )
            }
            (Kind::Secret, DeValue::String(text)) => Ok(Value::Text(self.resolve(text))),
            (Kind::Count(_) | Kind::Switch, DeValue::String(_)) => Err(wrong()),
            (_, DeValue::String(text)) => kind.parse(text).map_err(|why| {
                let at = self.place(found.span().start);
                let error = Error::failed(format!("{at}: {name}: {why}"));
                match kind.near(text) {
                    Some(near) => error.hint(format!("did you mean {near:?}?")),
                    None => error,
                }
            }),
            _ => Err(wrong()),
        }
    }

    /// Makes a path absolute: `~/` is the home directory, anything relative is beside the file.
    fn resolve(&self, text: &str) -> String {
        if text == "-" {
            return text.to_owned();
        }
        let from_home = text.strip_prefix("~/").or((text == "~").then_some(""));
        let path = match (from_home, home(self.env)) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.path.parent().unwrap_or(Path::new("")).join(text),
        };
        path.to_string_lossy().into_owned()
    }

    fn unknown(&self, key: &[&str], at: usize) -> Error {
        let (parents, last) = (&key[..key.len() - 1], key[key.len() - 1]);
        let (line, _) = self.position(at);
        let name = dotted(key.iter().copied());
        let here = format!("{}:{line}", self.path.display());
        let secrets = ["token", "secret", "password", "api_key"];
        if secrets.iter().any(|s| last.to_lowercase().ends_with(s)) {
            return Error::failed(format!(
                "{here}: {name}: secrets do not belong in this file"
            ))
            .hint("put the token in a file of its own and name it: token_file = \"~/…\"");
        }
        let siblings = KEYS.iter().filter(|k| begins(k, parents));
        let mut names: Vec<_> = siblings
            .filter_map(|k| k.name.split('.').nth(parents.len()))
            .filter(|name| *name != "*")
            .collect();
        names.dedup();
        let error = Error::failed(format!("{here}: {name}: there is no such key"));
        let error = match nearest(last, names.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error,
        };
        error.hint(format!("the keys here are {}", names.join(", ")))
    }

    fn wrong(&self, name: &str, expected: &str, found: &Spanned<DeValue<'_>>) -> Error {
        let at = self.place(found.span().start);
        let kind = found.get_ref().type_str();
        Error::failed(format!("{at}: {name}: expected {expected}, found {kind}"))
    }

    fn place(&self, at: usize) -> String {
        let (line, column) = self.position(at);
        format!("{}:{line}:{column}", self.path.display())
    }

    /// Returns line and column, both from 1, the column in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

/// Returns whether a path leads out of the directory that it is relative to.
fn leaves(text: &str) -> bool {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    text.starts_with('~') || !Path::new(text).components().all(inside)
}

/// Returns whether a key starts with the given parts.
fn begins(key: &Key, parts: &[&str]) -> bool {
    let mut pattern = key.name.split('.');
    parts
        .iter()
        .all(|part| pattern.next().is_some_and(|p| p == "*" || p == *part))
}
