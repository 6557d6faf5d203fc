//! Numbers in OpenClaw's stored schedules: JavaScript numbers, or text that the gateway coerces.

use serde::Deserialize;
use serde_json::Value;

/// The largest instant of a JavaScript date, in milliseconds.
const LARGEST: i64 = 8_640_000_000_000_000;

/// A number of a stored schedule as it was found: odd ones too, which the gateways give a meaning.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Value")]
pub enum AsFound {
    /// A whole number.
    Whole(i64),
    /// Anything else: a fraction, a text, an object. Never a whole number that fits.
    Other(Box<Value>),
}

impl From<Value> for AsFound {
    fn from(value: Value) -> Self {
        match value.as_i64() {
            Some(whole) => Self::Whole(whole),
            None => Self::Other(Box::new(value)),
        }
    }
}

impl From<i64> for AsFound {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}

/// How a gateway version reads a number that is stored as text or as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coercion {
    /// 2026.3: any text that JavaScript's `Number` takes, no upper bound.
    Loose,
    /// 2026.9: only digits as text, and no more than a date can hold.
    Strict,
}

/// Returns a stored number rounded down, `None` when the gateway takes it as absent.
pub(crate) fn whole(found: &AsFound, coercion: Coercion) -> Option<i64> {
    let number = match found {
        #[expect(
            clippy::cast_precision_loss,
            reason = "JavaScript has no other numbers"
        )]
        AsFound::Whole(n) => *n as f64,
        AsFound::Other(value) => number(value, coercion)?,
    };
    if !number.is_finite() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and no clock reaches the ends"
    )]
    let floor = number.floor() as i64;
    (coercion == Coercion::Loose || floor <= LARGEST).then_some(floor)
}

fn number(value: &Value, coercion: Coercion) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => {
            let text = text.trim_matches(super::text::is_js_space);
            match coercion {
                Coercion::Loose => {
                    let plain = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
                    let numeric = !text.is_empty() && text.bytes().all(plain);
                    numeric.then(|| text.parse::<f64>().ok()).flatten()
                }
                Coercion::Strict => {
                    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                    digits.then(|| text.parse::<f64>().ok()).flatten()
                }
            }
        }
        _ => None,
    }
}
