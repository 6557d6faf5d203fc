//! Fields of records that a gateway wrote, read without ever failing on a type.
//!
//! A record with one odd field is still a record: only broken JSON is an error here.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A field that should be a `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loose<T> {
    /// Missing, or `null`.
    Absent,
    /// What it should be.
    Is(T),
    /// A value of another type, which is named.
    Odd(&'static str),
}

/// `derive(Default)` would ask for a default of `T`.
impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self::Absent
    }
}

impl<T> Loose<T> {
    /// Returns the value when it is what it should be.
    pub(super) fn ok(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the type of a value that is not what it should be.
    pub(super) fn oddity(&self) -> Option<&'static str> {
        match self {
            Self::Odd(kind) => Some(kind),
            _ => None,
        }
    }
}

impl Loose<String> {
    /// Returns the text, trimmed; a blank one is none.
    pub(super) fn text(self) -> Option<String> {
        let text = self.ok()?;
        match text.trim() {
            "" => None,
            t if t.len() == text.len() => Some(text),
            t => Some(t.to_owned()),
        }
    }
}

/// What a [`Loose`] field may hold.
pub(super) trait Field: Sized {
    fn of_text(_: &str) -> Option<Self> {
        None
    }
    fn of_bool(_: bool) -> Option<Self> {
        None
    }
    fn of_number(_: f64) -> Option<Self> {
        None
    }
}

impl Field for String {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Field for bool {
    fn of_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

/// Milliseconds: whole numbers that a gateway can write exactly.
impl Field for i64 {
    fn of_number(value: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range is checked on the same line"
        )]
        (value.abs() <= 9_007_199_254_740_991.0).then(|| value.floor() as Self)
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Field> Visitor<'de> for Any<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Loose<T>, E> {
        Ok(Loose::Absent)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Loose<T>, E> {
        Ok(T::of_bool(v).map_or(Loose::Odd("a boolean"), Loose::Is))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Loose<T>, E> {
        Ok(T::of_number(v).map_or(Loose::Odd("a number"), Loose::Is))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "what loses precision is refused by the field"
    )]
    fn visit_i64<E>(self, v: i64) -> Result<Loose<T>, E> {
        Ok(T::of_number(v as f64).map_or(Loose::Odd("a number"), Loose::Is))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "what loses precision is refused by the field"
    )]
    fn visit_u64<E>(self, v: u64) -> Result<Loose<T>, E> {
        Ok(T::of_number(v as f64).map_or(Loose::Odd("a number"), Loose::Is))
    }

    fn visit_str<E>(self, v: &str) -> Result<Loose<T>, E> {
        Ok(T::of_text(v).map_or(Loose::Odd("a text"), Loose::Is))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Odd("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Odd("an object"))
    }
}

impl<'de, T: Field> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(Any(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_broken_json_is_an_error() {
        let text = |t: &str| serde_json::from_str::<Loose<String>>(t).unwrap();
        assert_eq!(text("\" a \"").text().as_deref(), Some("a"));
        assert_eq!(text("\"  \"").text(), None);
        assert_eq!(text("null"), Loose::Absent);
        assert_eq!(text("[1,{}]"), Loose::Odd("an array"));
        assert_eq!(text("{\"a\":[]}"), Loose::Odd("an object"));
        assert_eq!(text("5"), Loose::Odd("a number"));
        let int = |t: &str| serde_json::from_str::<Loose<i64>>(t).unwrap();
        assert_eq!(int("1795222850944"), Loose::Is(1_795_222_850_944));
        assert_eq!(int("5.9"), Loose::Is(5));
        assert_eq!(int("1e300"), Loose::Odd("a number"));
        assert_eq!(int("18446744073709551615"), Loose::Odd("a number"));
        assert_eq!(int("\"5\""), Loose::Odd("a text"));
        assert!(serde_json::from_str::<Loose<bool>>("tru").is_err());
    }
}
