//! `$include`: other files merged into the configuration, confined to its directory.
//!
//! The rules and limits are those of OpenClaw 2026.3.28 to 2026.9.6.

use std::path::{Path, PathBuf};

use super::node::{Kind, Node, is_blocked, merge};
use super::parse_text;
use crate::error::Error;
use crate::openclaw::discover::absolute;

const INCLUDE: &str = "$include";
const MAX_BYTES: u64 = 2 << 20;
const MAX_DEPTH: usize = 10;
const MAX_PATH: usize = 4096;
/// Ours: ten levels of an array that names a file twice would otherwise be a thousand reads.
const MAX_FILES: usize = 1000;

/// Resolves the includes of one configuration.
pub(super) struct Includes {
    /// Every file read, the root configuration first.
    pub(super) files: Vec<PathBuf>,
    /// Allowed directories: as written, and with symbolic links resolved.
    roots: Vec<(PathBuf, PathBuf)>,
    loads: usize,
}

impl Includes {
    /// Confines includes to the directory of `config` and to `extra` (absolute) directories.
    pub(super) fn new(config: &Path, extra: Vec<PathBuf>) -> Self {
        let dir = config.parent().unwrap_or(Path::new("/")).to_owned();
        let roots = std::iter::once(dir)
            .chain(extra)
            .map(|root| (root.clone(), root.canonicalize().unwrap_or(root)))
            .collect();
        Self {
            files: vec![config.to_owned()],
            roots,
            loads: 0,
        }
    }

    /// Resolves the includes of a tree that was read from `chain`'s last file.
    pub(super) fn resolve(&mut self, node: Node, chain: &mut Vec<PathBuf>) -> Result<Node, Error> {
        let file = node.file;
        let kind = match node.kind {
            Kind::Array(items) => Kind::Array(
                items
                    .into_iter()
                    .map(|item| self.resolve(item, chain))
                    .collect::<Result<_, _>>()?,
            ),
            Kind::Object(mut entries) => {
                let include = entries
                    .iter()
                    .position(|(k, _)| k == INCLUDE)
                    .map(|at| entries.remove(at).1);
                let rest = entries
                    .into_iter()
                    .filter(|(k, _)| !is_blocked(k))
                    .map(|(k, v)| Ok((k, self.resolve(v, chain)?)))
                    .collect::<Result<Vec<_>, Error>>()?;
                let Some(include) = include else {
                    return Ok(Node {
                        file,
                        kind: Kind::Object(rest),
                    });
                };
                let included = self.included(&include, chain)?;
                if rest.is_empty() {
                    return Ok(included);
                }
                if !matches!(included.kind, Kind::Object(_)) {
                    let message = format!(
                        "{}: keys beside {INCLUDE} need an included object, and the include is {}",
                        current(chain),
                        included.kind.name()
                    );
                    return Err(Error::failed(message));
                }
                let rest = Node {
                    file,
                    kind: Kind::Object(rest),
                };
                return Ok(merge(included, rest));
            }
            other => other,
        };
        Ok(Node { file, kind })
    }

    fn included(&mut self, include: &Node, chain: &mut Vec<PathBuf>) -> Result<Node, Error> {
        let wrong = |kind: &Kind, chain: &[PathBuf]| {
            let name = kind.name();
            Error::failed(format!(
                "{}: {INCLUDE} is {name}, not a file name or an array of file names",
                current(chain)
            ))
        };
        match &include.kind {
            Kind::Text(path) => self.load(path, chain),
            Kind::Array(items) => {
                let mut all = Node {
                    file: include.file,
                    kind: Kind::Object(Vec::new()),
                };
                for item in items {
                    let path = item.text().ok_or_else(|| wrong(&item.kind, chain))?;
                    all = merge(all, self.load(path, chain)?);
                }
                Ok(all)
            }
            other => Err(wrong(other, chain)),
        }
    }

    fn load(&mut self, written: &str, chain: &mut Vec<PathBuf>) -> Result<Node, Error> {
        let fail =
            |why: String| Error::failed(format!("{}: {INCLUDE} {written:?} {why}", current(chain)));
        if written.contains('\0') || written.len() >= MAX_PATH {
            let what = "is not a usable file name (it has a zero byte, or 4096 bytes or more)";
            return Err(Error::failed(format!(
                "{}: {INCLUDE} {what}",
                current(chain)
            )));
        }
        let base = chain
            .last()
            .and_then(|p| p.parent())
            .unwrap_or(Path::new("/"));
        let path = absolute(Path::new(written), base);
        let inside = |candidate: &Path, real: bool| {
            self.roots
                .iter()
                .any(|(dir, real_dir)| candidate.starts_with(if real { real_dir } else { dir }))
        };
        if !inside(&path, false) {
            return Err(
                fail("leaves the directory of the configuration".to_owned()).hint(
                    "set OPENCLAW_INCLUDE_ROOTS to allow another directory, as for the gateway",
                ),
            );
        }
        let real = path
            .canonicalize()
            .map_err(|e| fail(format!("cannot be read ({}): {e}", path.display())))?;
        if !inside(&real, true) {
            return Err(fail(
                "leaves the directory of the configuration through a symbolic link".to_owned(),
            ));
        }
        if chain.contains(&path) {
            let round: Vec<_> = chain.iter().map(|p| p.display().to_string()).collect();
            return Err(fail(format!(
                "is a cycle: {} -> {}",
                round.join(" -> "),
                path.display()
            )));
        }
        if chain.len() > MAX_DEPTH {
            return Err(fail(format!("is nested more than {MAX_DEPTH} deep")));
        }
        self.loads += 1;
        if self.loads > MAX_FILES {
            return Err(fail(format!("is include number {MAX_FILES} and more")));
        }
        check_file(&real).map_err(fail)?;
        let bytes = crate::files::read(&real, MAX_BYTES)?;
        let index = self.files.len();
        self.files.push(path.clone());
        let node = parse_text(&bytes, &path)?.in_file(index);
        chain.push(path);
        let resolved = self.resolve(node, chain);
        chain.pop();
        resolved
    }
}

/// Only a regular file of at most 2 MiB without other names may be included.
fn check_file(real: &Path) -> Result<(), String> {
    let meta = real
        .metadata()
        .map_err(|e| format!("cannot be read: {e}"))?;
    if !meta.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if meta.len() > MAX_BYTES {
        return Err(format!("is larger than {MAX_BYTES} bytes"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&meta) > 1 {
        return Err("has several hard links, which the gateway refuses".to_owned());
    }
    Ok(())
}

fn current(chain: &[PathBuf]) -> String {
    chain
        .last()
        .map_or_else(String::new, |p| p.display().to_string())
}
