//! The configuration as a tree that remembers which file each value came from.
//!
//! Objects keep their order, because it has a meaning (the first provider is a default).

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// One value and the file that it was written in.
#[derive(Clone, PartialEq)]
pub struct Node {
    /// Index into [`super::Config::files`].
    pub file: usize,
    /// The value.
    pub kind: Kind,
}

/// A value of the configuration.
#[derive(Clone, PartialEq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Node>),
    /// An object, in the order of the file; keys are unique.
    Object(Vec<(String, Node)>),
}

/// Shows types and keys only: values may be secrets.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Array(items) => f.debug_list().entries(items).finish(),
            Kind::Object(entries) => f
                .debug_map()
                .entries(entries.iter().map(|(k, v)| (k, v)))
                .finish(),
            other => f.write_str(other.name()),
        }
    }
}

impl Kind {
    /// Names the type, for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl Node {
    /// Returns the entry of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Object(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Returns the entries of an object, in order; none for anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            Kind::Object(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of an array; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => &[],
        }
    }

    /// Returns the text.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the boolean.
    pub fn bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// Returns the number.
    pub fn number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(n) => n.as_f64(),
            _ => None,
        }
    }

    /// Returns the tree as plain JSON (which loses the order of keys and the origins).
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Number(n) => Value::Number(n.clone()),
            Kind::Text(t) => Value::String(t.clone()),
            Kind::Array(items) => items.iter().map(Self::to_value).collect(),
            Kind::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(k, v)| (k.clone(), v.to_value()))
                    .collect(),
            ),
        }
    }

    /// Marks the whole tree as coming from `file`.
    pub(super) fn in_file(mut self, file: usize) -> Self {
        self.file = file;
        match &mut self.kind {
            Kind::Array(items) => {
                for item in items {
                    *item = std::mem::take(item).in_file(file);
                }
            }
            Kind::Object(entries) => {
                for (_, value) in entries {
                    *value = std::mem::take(value).in_file(file);
                }
            }
            _ => {}
        }
        self
    }
}

impl Default for Node {
    fn default() -> Self {
        Self {
            file: 0,
            kind: Kind::Null,
        }
    }
}

/// Merges `over` into `base` as OpenClaw merges includes and their siblings: objects recurse,
/// arrays concatenate, anything else is replaced.
pub(super) fn merge(base: Node, over: Node) -> Node {
    match (base.kind, over.kind) {
        (Kind::Array(mut items), Kind::Array(more)) => {
            items.extend(more);
            Node {
                file: base.file,
                kind: Kind::Array(items),
            }
        }
        (Kind::Object(mut entries), Kind::Object(more)) => {
            for (key, value) in more {
                match entries.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, old)) => *old = merge(std::mem::take(old), value),
                    None => entries.push((key, value)),
                }
            }
            Node {
                file: base.file,
                kind: Kind::Object(entries),
            }
        }
        (_, kind) => Node {
            file: over.file,
            kind,
        },
    }
}

/// Whether the gateway drops a key because it could change a JavaScript prototype.
pub(super) fn is_blocked(key: &str) -> bool {
    matches!(key, "__proto__" | "prototype" | "constructor")
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(Tree)
    }
}

struct Tree;

fn leaf(kind: Kind) -> Node {
    Node { file: 0, kind }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(leaf(Kind::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(leaf(Kind::Null))
    }

    fn visit_bool<E>(self, v: bool) -> Result<Node, E> {
        Ok(leaf(Kind::Bool(v)))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Node, E> {
        Ok(leaf(Kind::Number(v.into())))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Node, E> {
        Ok(leaf(Kind::Number(v.into())))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Node, E> {
        // Infinity and NaN exist in JSON5 only; no key of the configuration gives them a meaning.
        Ok(leaf(Number::from_f64(v).map_or(Kind::Null, Kind::Number)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Node, E> {
        Ok(leaf(Kind::Text(v.to_owned())))
    }

    fn visit_string<E>(self, v: String) -> Result<Node, E> {
        Ok(leaf(Kind::Text(v)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(leaf(Kind::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        let mut index = std::collections::HashMap::new();
        while let Some((key, value)) = map.next_entry::<String, Node>()? {
            // The last of equal keys wins and stays where the first was, as in JavaScript.
            match index.get(&key) {
                Some(&at) => {
                    let slot: &mut (String, Node) = &mut entries[at];
                    slot.1 = value;
                }
                None => {
                    index.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
            }
        }
        Ok(leaf(Kind::Object(entries)))
    }
}
