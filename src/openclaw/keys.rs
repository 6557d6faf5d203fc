//! Which keys of a configuration a version of OpenClaw refuses.
//!
//! The gateway's schema is strict: one key that it does not know and it does not start. What each
//! checked version accepts, and what it takes out of a configuration by itself, is in `keys.txt`.

mod tree;

use std::fmt;

use super::config::{Kind, Node};
use crate::schedule::Version;
use tree::{Entry, Tree};

/// A key that a version does not accept as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it is, as `cron.skipMissedJobs` or `agents.list[1].foo`.
    pub path: String,
    /// Index into [`super::config::Config::files`] of the file of its value.
    pub file: usize,
    /// What the version does about it.
    pub fate: Fate,
    /// The first checked version after this one that accepts it.
    pub since: Option<Version>,
    /// The last checked version before this one that accepts it.
    pub until: Option<Version>,
    /// The accepted key beside it that is spelled most alike.
    pub nearest: Option<String>,
    /// How sure this is.
    pub confidence: Knowledge,
}

/// What a version does about a key that its schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The gateway does not start.
    Refused,
    /// The gateway starts without the key, or with what it became.
    Migrated(Migration),
}

/// How a key of an older version is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// When it happens.
    pub when: When,
    /// The key that the value becomes; none when it is dropped.
    pub into: Option<&'static str>,
}

/// When a key of an older version is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Whenever the file is read, in memory.
    Load,
    /// When the gateway starts: it rewrites the file, provided that every other key is accepted or
    /// taken over too. Until then `openclaw config validate` and other commands refuse the file.
    Start,
}

/// How sure a [`Refused`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// The version itself was checked.
    Exact,
    /// The checked versions before and after it agree, or it is newer than every checked one.
    Likely,
    /// The checked versions before and after it disagree, or it is older than every checked one.
    Unknown,
}

/// Says what happens to the key, as the rest of a sentence.
impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.when {
            When::Load => "whenever the file is read",
            When::Start => "from the file when the gateway starts",
        };
        match (self.into, self.when) {
            (None, _) => write!(f, "dropped {when}"),
            (Some(into), When::Load) => write!(f, "read as {into} {when}"),
            (Some(into), When::Start) => write!(f, "moved to {into} when the gateway starts"),
        }
    }
}

/// Keys of which a version between two checked ones is known to have them first.
///
/// Source: the code of 2026.9.1 reads `cron.skipMissedJobs` (`CatchUp`); 2026.8.1 refuses it.
const KNOWN_SINCE: [(&str, Version); 1] = [("cron.skipMissedJobs", Version::new(2026, 9, 1))];

/// The keys of a merged configuration that `version` does not accept, in the order of the file.
///
/// Only keys are judged, never values; nothing below objects with free keys, channels or plugins is.
/// A configuration with includes is not rewritten at the start, so [`When::Start`] is refused there.
pub fn refused(root: &Node, version: Version) -> Vec<Refused> {
    let mut found = by_checked(root, version);
    for (path, since) in KNOWN_SINCE {
        found.retain(|refused| refused.path != path || version < since);
        for refused in found.iter_mut().filter(|refused| refused.path == path) {
            refused.since = Some(since);
        }
    }
    found
}

/// The same by the checked versions alone.
fn by_checked(root: &Node, version: Version) -> Vec<Refused> {
    let tree = Tree::get();
    let versions = &tree.versions;
    let after = versions.partition_point(|v| *v <= version);
    let Some(before) = after.checked_sub(1) else {
        return mark(walk(tree, root, 0), Knowledge::Unknown);
    };
    if versions[before] == version {
        return walk(tree, root, before);
    }
    let found = walk(tree, root, before);
    if after == versions.len() {
        return mark(found, Knowledge::Likely);
    }
    let later = walk(tree, root, after);
    combine(found, later)
}

/// The versions that were checked, oldest first.
pub fn checked_versions() -> &'static [Version] {
    &Tree::get().versions
}

fn mark(mut found: Vec<Refused>, confidence: Knowledge) -> Vec<Refused> {
    for refused in &mut found {
        refused.confidence = confidence;
    }
    found
}

/// What two neighbours find: sure only where both find the same.
fn combine(before: Vec<Refused>, after: Vec<Refused>) -> Vec<Refused> {
    let mut later = mark(after, Knowledge::Unknown);
    let mut out = Vec::new();
    for mut old in before {
        let twin = later.iter().position(|new| new.path == old.path);
        let twin = twin.map(|at| later.remove(at));
        old.confidence = match &twin {
            Some(new) if new.fate == old.fate => Knowledge::Likely,
            _ => Knowledge::Unknown,
        };
        out.push(old);
    }
    out.append(&mut later);
    out
}

fn walk(tree: &'static Tree, root: &Node, at: usize) -> Vec<Refused> {
    let mut walk = Walk {
        tree,
        at,
        has_includes: from_elsewhere(root),
        path: String::new(),
        out: Vec::new(),
    };
    walk.node(root, tree.root());
    walk.out
}

/// Whether any value comes from an included file.
fn from_elsewhere(node: &Node) -> bool {
    node.file != 0
        || node.items().iter().any(from_elsewhere)
        || node.entries().iter().any(|(_, node)| from_elsewhere(node))
}

/// One pass over a configuration with the rules of one checked version.
struct Walk {
    tree: &'static Tree,
    at: usize,
    has_includes: bool,
    path: String,
    out: Vec<Refused>,
}

impl Walk {
    fn node(&mut self, node: &Node, entry: &'static Entry) {
        if entry.open & self.bit() != 0 {
            return;
        }
        let length = self.path.len();
        match &node.kind {
            Kind::Object(entries) => {
                for (key, value) in entries {
                    if !self.path.is_empty() {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    self.key(key, value, entry);
                    self.path.truncate(length);
                }
            }
            Kind::Array(items) => {
                let Some(rules) = self.tree.items(entry) else {
                    return;
                };
                for (index, item) in items.iter().enumerate() {
                    self.index(index);
                    self.node(item, rules);
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn index(&mut self, index: usize) {
        self.path.push('[');
        self.path.push_str(&index.to_string());
        self.path.push(']');
    }

    fn bit(&self) -> u16 {
        1 << self.at
    }

    fn key(&mut self, key: &str, value: &Node, parent: &'static Entry) {
        let bit = self.bit();
        let child = self.tree.child(parent, key);
        if let Some(child) = child.filter(|child| child.accepted & bit != 0) {
            return self.node(value, child);
        }
        let any = self.tree.any(parent);
        if let Some(any) = any.filter(|any| any.accepted & bit != 0) {
            return self.node(value, any);
        }
        // A place for one plain value in this version: not a question of keys.
        if parent.accepted & bit != 0 && parent.below & bit == 0 {
            return;
        }
        let child = child.or(any.filter(|any| any.migration(bit).is_some()));
        if let Some(child) = child {
            if let Some(migration) = child.migration(bit) {
                self.report(key, value, parent, Some(child), Some(migration));
                if let Some(items) = self.tree.roster(child) {
                    self.roster(value, items);
                }
                return;
            }
            // Refused as a whole unless every key in it is taken over.
            if child.migrated_below & bit != 0 && !value.entries().is_empty() {
                return self.node(value, child);
            }
        }
        self.report(key, value, parent, child, None);
    }

    /// The array `agents.list` where the version reads its items as `agents.entries`.
    fn roster(&mut self, list: &Node, rules: &'static Entry) {
        let length = self.path.len();
        for (index, agent) in list.items().iter().enumerate() {
            for (key, value) in agent.entries() {
                if key != "id" && key != "default" {
                    self.index(index);
                    self.path.push('.');
                    self.path.push_str(key);
                    self.key(key, value, rules);
                    self.path.truncate(length);
                }
            }
        }
    }

    fn report(
        &mut self,
        key: &str,
        value: &Node,
        parent: &'static Entry,
        child: Option<&'static Entry>,
        migration: Option<Migration>,
    ) {
        let fate = match migration {
            Some(m) if m.when == When::Start && self.has_includes => Fate::Refused,
            Some(_)
                if child.is_some_and(|c| c.whole & self.bit() != 0 && self.is_odd(value, c)) =>
            {
                Fate::Refused
            }
            Some(m) => Fate::Migrated(m),
            None => Fate::Refused,
        };
        let accepted = child.map_or(0, |child| child.accepted);
        let versions = &self.tree.versions;
        let accepts = |i: &usize| accepted & (1 << i) != 0;
        self.out.push(Refused {
            path: self.path.clone(),
            file: value.file,
            fate,
            since: (self.at + 1..versions.len())
                .find(accepts)
                .map(|i| versions[i]),
            until: (0..self.at).rev().find(accepts).map(|i| versions[i]),
            nearest: self.nearest(key, parent),
            confidence: Knowledge::Exact,
        });
    }

    /// Whether no earlier version that accepts an entry accepts all the keys of a value.
    fn is_odd(&self, value: &Node, entry: &'static Entry) -> bool {
        let knows = |at: usize| {
            let mut walk = Walk {
                tree: self.tree,
                at,
                has_includes: false,
                path: String::new(),
                out: Vec::new(),
            };
            walk.node(value, entry);
            walk.out.is_empty()
        };
        let accepts = |at: &usize| entry.accepted & (1 << at) != 0;
        !(0..self.at).rev().filter(accepts).any(knows)
    }

    fn nearest(&self, key: &str, parent: &'static Entry) -> Option<String> {
        let wrong = key.to_lowercase();
        parent
            .keys
            .iter()
            .filter(|(_, at)| self.tree.entry(**at).accepted & self.bit() != 0)
            .map(|(name, _)| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), *name))
            .filter(|(likeness, _)| *likeness >= 0.86)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
            .map(|(_, name)| name.to_owned())
    }
}

#[cfg(test)]
mod tests;
