//! Fields that may be of another type than expected: those are `None`, and the rest of the row is kept.

use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Midnight of 1 January of the year 1: what Go writes for a time that was never set.
const GO_ZERO_MS: i64 = -62_135_596_800_000;

/// Reads a value as `T`, or as nothing.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A string or a whole number, read without a second look: most fields of long lists are one of them.
enum Plain {
    Text(String),
    Whole(i64),
    Other,
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Plain, E> {
                Ok(Plain::Text(text))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Plain, E> {
                Ok(Plain::Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Plain, E> {
                Ok(i64::try_from(number).map_or(Plain::Other, Plain::Whole))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Plain, E> {
                Ok(Plain::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Plain, E> {
                Ok(Plain::Other)
            }

            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Plain::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Plain, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Plain::Other)
            }
        }
        from.deserialize_any(Any)
    }
}

/// A string that is not empty.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(any_text(from)?.filter(|text| !text.is_empty()))
}

/// A string, empty where there is none.
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(any_text(from)?.unwrap_or_default())
}

/// A string, the empty one too.
pub(super) fn any_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Plain::deserialize(from)? {
        Plain::Text(text) => Some(text),
        Plain::Whole(_) | Plain::Other => None,
    })
}

/// A whole number.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Plain::deserialize(from)? {
        Plain::Whole(number) => Some(number),
        Plain::Text(_) | Plain::Other => None,
    })
}

/// Seconds, rounded down: a runtime that measures with floats is as good.
pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates; nothing runs for longer"
    )]
    Ok(lenient::<_, f64>(from)?.map(|seconds| seconds.floor() as i64))
}

/// A boolean.
pub(super) fn yes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    lenient(from)
}

/// A switch: off where nothing says that it is on.
pub(super) fn on<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(yes(from)? == Some(true))
}

/// An instant in words, epoch milliseconds.
pub(super) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(any_text(from)?.and_then(|text| parse_instant(&text)))
}

/// The instant of a start: Go's zero time means that it is not known.
pub(super) fn start<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(instant(from)?.filter(|&ms| ms > GO_ZERO_MS))
}

/// An instant in words (`/ws`) or in epoch milliseconds (`/events/stream`).
pub(super) fn stamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let raw = <&RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).ok().or_else(|| {
        let text: String = serde_json::from_str(raw.get()).ok()?;
        parse_instant(&text)
    }))
}

/// An object read as `T`; its defaults where it is none.
pub(super) fn object<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let raw = <&RawValue>::deserialize(from)?;
    // A struct can be read from a list too, which is not meant.
    let object = raw.get().starts_with('{').then_some(raw.get());
    Ok(object
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default())
}

/// Reads RFC 3339, and what Postgres prints: `2026-05-22 18:41:30.5+00`.
fn parse_instant(text: &str) -> Option<i64> {
    let instant: Timestamp = text.trim().parse().ok()?;
    Some(instant.as_millisecond())
}
