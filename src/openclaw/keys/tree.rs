//! The recorded keys as a tree, read once from the file that is built in.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Migration, When};
use crate::schedule::Version;

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::parse(include_str!("keys.txt")));

/// A set of checked versions: bit `i` is `Tree::versions[i]`.
pub(super) type Set = u16;

/// Every key of every checked version.
pub(super) struct Tree {
    /// The checked versions, oldest first.
    pub(super) versions: Vec<Version>,
    /// The same as the file writes them, without the year.
    names: Vec<&'static str>,
    entries: Vec<Entry>,
}

/// One key, or a place for any key or item.
#[derive(Default)]
pub(super) struct Entry {
    /// The versions that accept it.
    pub(super) accepted: Set,
    /// The versions in which anything may be below it.
    pub(super) open: Set,
    /// The versions that accept at least one named key below it.
    pub(super) below: Set,
    /// The versions that take over it or at least one key somewhere below it.
    pub(super) migrated_below: Set,
    /// The versions that take it over only without keys that no version before knew in it.
    pub(super) whole: Set,
    /// The keys below it.
    pub(super) keys: FxHashMap<&'static str, u32>,
    any: Option<u32>,
    items: Option<u32>,
    migrations: Vec<(Set, Migration)>,
}

impl Entry {
    /// What the version of `bit` does with the key although its schema lacks it.
    pub(super) fn migration(&self, bit: Set) -> Option<Migration> {
        let found = self.migrations.iter().find(|(set, _)| set & bit != 0)?;
        Some(found.1)
    }
}

impl Tree {
    /// The tree that is built in.
    pub(super) fn get() -> &'static Self {
        &TREE
    }

    pub(super) fn root(&self) -> &Entry {
        &self.entries[0]
    }

    pub(super) fn entry(&self, at: u32) -> &Entry {
        &self.entries[at as usize]
    }

    /// The key of that name below an entry.
    pub(super) fn child(&self, of: &Entry, key: &str) -> Option<&Entry> {
        of.keys.get(key).map(|at| self.entry(*at))
    }

    /// The rules for any key of a map.
    pub(super) fn any(&self, of: &Entry) -> Option<&Entry> {
        of.any.map(|at| self.entry(at))
    }

    /// The rules for the items of an array.
    pub(super) fn items(&self, of: &Entry) -> Option<&Entry> {
        of.items.map(|at| self.entry(at))
    }

    /// For `agents.list`, the rules of an entry of `agents.entries`, which replaced it.
    pub(super) fn roster(&self, of: &Entry) -> Option<&Entry> {
        let agents = self.child(self.root(), "agents")?;
        let list = self.child(agents, "list")?;
        if !std::ptr::eq(of, list) {
            return None;
        }
        self.any(self.child(agents, "entries")?)
    }

    fn parse(text: &'static str) -> Self {
        let mut tree = Self {
            versions: Vec::new(),
            names: Vec::new(),
            entries: vec![Entry::default()],
        };
        // The entry at each depth; the root is at depth 0.
        let mut open: Vec<u32> = vec![0];
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix('#') {
                if let Some(list) = comment.strip_prefix(" versions: ") {
                    tree.versions = list.split(' ').filter_map(|v| v.parse().ok()).collect();
                    let name = |v: &'static str| v.split_once('.').map(|(_, name)| name);
                    tree.names = list.split(' ').filter_map(name).collect();
                    tree.entries[0].accepted = tree.every();
                }
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            open.truncate(indent + 1);
            let parent = open[indent];
            open.push(tree.line(line.trim_start(), parent));
        }
        tree.sum(0);
        tree
    }

    /// Reads one line into a new entry below `parent`.
    fn line(&mut self, line: &'static str, parent: u32) -> u32 {
        let mut words = line.split(' ');
        let key = words.next().unwrap_or_default();
        let mut entry = Entry {
            accepted: self.entry(parent).accepted,
            ..Entry::default()
        };
        for word in words {
            let (when, rest) = match word.split_once(':') {
                Some(("load" | "load!", rest)) => (Some(When::Load), rest),
                Some(("start" | "start!", rest)) => (Some(When::Start), rest),
                _ => (None, word),
            };
            let (versions, into) = rest
                .split_once('>')
                .map_or((rest, None), |(versions, into)| (versions, Some(into)));
            let set = self.set(versions);
            match when {
                Some(when) => {
                    entry.migrated_below |= set;
                    if word.contains("!:") {
                        entry.whole |= set;
                    }
                    entry.migrations.push((set, Migration { when, into }));
                }
                None => entry.accepted = set,
            }
        }
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let above = &mut self.entries[parent as usize];
        match key {
            "**" => above.open |= entry.accepted,
            "*" => above.any = Some(at),
            "[]" => above.items = Some(at),
            name => {
                above.below |= entry.accepted;
                above.keys.insert(name, at);
            }
        }
        self.entries.push(entry);
        at
    }

    /// Completes `migrated_below` from the leaves up; returns it for one entry.
    fn sum(&mut self, at: u32) -> Set {
        let entry = self.entry(at);
        let mut below: Vec<u32> = entry.keys.values().copied().collect();
        below.extend(entry.any);
        below.extend(entry.items);
        let mut set = entry.migrated_below;
        for child in below {
            set |= self.sum(child);
        }
        self.entries[at as usize].migrated_below = set;
        set
    }

    fn every(&self) -> Set {
        Set::MAX >> (16 - self.versions.len())
    }

    /// Reads `3.28-4.1,9.6`, `-7.1`, `8.1-`, `all` or `none`.
    fn set(&self, text: &str) -> Set {
        let place = |name: &str| self.names.iter().position(|n| *n == name).unwrap_or(0);
        let last = self.versions.len() - 1;
        let range = |range: &str| match range {
            "all" => self.every(),
            "none" => 0,
            one => {
                let (from, to) = one.split_once('-').unwrap_or((one, one));
                let from = if from.is_empty() { 0 } else { place(from) };
                let to = if to.is_empty() { last } else { place(to) };
                (from..=to).fold(0, |set, i| set | 1 << i)
            }
        };
        text.split(',').fold(0, |set, part| set | range(part))
    }
}
