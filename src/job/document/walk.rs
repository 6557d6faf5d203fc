//! The jobs inside one top-level value, found by streaming over it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Document, Top};

/// Hands out the jobs of one top-level value.
pub(super) fn walk(
    text: &str,
    document: &mut Document,
    job: &mut dyn FnMut(&str),
) -> Result<(), serde_json::Error> {
    let mut note = |top| {
        if !document.tops.contains(&top) {
            document.tops.push(top);
        }
    };
    let mut de = serde_json::Deserializer::from_str(text);
    match text.trim_start().as_bytes().first() {
        Some(b'[') => {
            note(Top::Array);
            Elements(job).deserialize(&mut de)
        }
        Some(b'{') => {
            let found = Wrapper {
                document,
                job,
                depth: 0,
            }
            .deserialize(&mut de)?;
            let top = if found { Top::Jobs } else { Top::Single };
            if !document.tops.contains(&top) {
                document.tops.push(top);
            }
            if !found {
                job(text);
            }
            Ok(())
        }
        _ => {
            note(Top::Single);
            de.into_iter::<IgnoredAny>().next().transpose()?;
            job(text);
            Ok(())
        }
    }
}

/// Hands out the elements of an array; an array of arrays (answers joined by a tool) is flattened.
struct Elements<'a>(&'a mut dyn FnMut(&str));

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of jobs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(raw) = seq.next_element::<&RawValue>()? {
            let text = raw.get();
            if text.starts_with('[')
                && let Ok(inner) = serde_json::from_str::<Vec<&RawValue>>(text)
            {
                for raw in inner {
                    self.0(raw.get());
                }
            } else {
                self.0(text);
            }
        }
        Ok(())
    }
}

/// An object that may hold a `jobs` array, itself or in the `payload` of an RPC frame.
struct Wrapper<'a, 'b> {
    document: &'a mut Document,
    job: &'b mut dyn FnMut(&str),
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Wrapper<'_, '_> {
    /// Whether a `jobs` array was found.
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
        d.deserialize_any(self)
    }
}

macro_rules! nothing {
    ($($name:ident: $type:ty),*) => {
        $(fn $name<E>(self, _: $type) -> Result<bool, E> { Ok(false) })*
    };
}

impl<'de> Visitor<'de> for Wrapper<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with jobs")
    }

    nothing!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*key {
                "jobs" => {
                    // An array of jobs; `jobs` of another type is not a wrapper.
                    map.next_value_seed(Jobs(self.job, &mut found))?;
                }
                "payload" | "result" if self.depth == 0 => {
                    found |= map.next_value_seed(Wrapper {
                        document: self.document,
                        job: self.job,
                        depth: 1,
                    })?;
                }
                "version" => {
                    let version: &RawValue = map.next_value()?;
                    self.document.version = version.get().parse().ok();
                }
                "hasMore" => {
                    let more: &RawValue = map.next_value()?;
                    self.document.has_more |= more.get() == "true";
                }
                "deliveryPreviews" | "snapshotRevision" => {
                    self.document.has_previews = true;
                    map.next_value::<IgnoredAny>()?;
                }
                "total" | "offset" | "limit" => {
                    self.document.has_paging = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The value of `jobs`: its elements when it is an array, nothing otherwise.
struct Jobs<'a, 'b>(&'a mut dyn FnMut(&str), &'b mut bool);

impl<'de> DeserializeSeed<'de> for Jobs<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

macro_rules! ignored {
    ($($name:ident: $type:ty),*) => {
        $(fn $name<E>(self, _: $type) -> Result<(), E> { Ok(()) })*
    };
}

impl<'de> Visitor<'de> for Jobs<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of jobs")
    }

    ignored!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        *self.1 = true;
        Elements(self.0).visit_seq(seq)
    }
}
