//! A parsed model reference.

use std::fmt;

use serde::{Serialize, Serializer};

/// A model of a provider, as a gateway compares them: the provider folded to lower case, the
/// model's own id with its case kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelRef {
    /// The provider, folded.
    pub provider: String,
    /// The model's id at that provider; it may hold slashes.
    pub model: String,
}

impl ModelRef {
    /// Makes a reference of parts that are normal already.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
        }
    }

    /// Whether both are the same model to a gateway: the same parts, or the same key.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self == other || self.to_string() == other.to_string()
    }
}

/// The key that OpenClaw compares and prints: `provider/model`, or the model's id alone when it
/// already begins with `provider/` (`modelKey`, all checked releases).
impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self
            .model
            .get(..self.provider.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(&self.provider))
            && self.model.as_bytes().get(self.provider.len()) == Some(&b'/');
        if own {
            f.write_str(&self.model)
        } else {
            write!(f, "{}/{}", self.provider, self.model)
        }
    }
}

impl Serialize for ModelRef {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl schemars::JsonSchema for ModelRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ModelRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A model as `provider/model`."
        })
    }
}
