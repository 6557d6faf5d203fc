//! Where nine in ten rehearsals lie: each figure's 5th and 95th percentile, as fields beside it, so
//! that every format has them.

use std::borrow::Cow;

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema, json_schema};
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::rehearsal::{Figures, percentile};

/// The 5th and 95th percentiles of the figures, by nearest rank: `calls_low`, `calls_high`, and so on;
/// null of a single run.
#[derive(Clone, Debug)]
pub struct Ranges {
    /// The 5th percentiles; `None` of a single run.
    pub low: Option<Figures>,
    /// The 95th percentiles; `None` of a single run.
    pub high: Option<Figures>,
}

impl Ranges {
    pub(super) fn of(all: &[Figures]) -> Self {
        let many = all.len() > 1;
        Self {
            low: many.then(|| percentile(all, 5)),
            high: many.then(|| percentile(all, 95)),
        }
    }

    /// Splits the name of a figure or of an end of its range: the figure, and where its value is, with
    /// `own` for that of the figure itself.
    pub(super) fn find<'a, 'k>(
        &'a self,
        own: &'a Figures,
        key: &'k str,
    ) -> (&'k str, Option<&'a Figures>) {
        if let Some(key) = key.strip_suffix("_low") {
            (key, self.low.as_ref())
        } else if let Some(key) = key.strip_suffix("_high") {
            (key, self.high.as_ref())
        } else {
            (key, Some(own))
        }
    }
}

impl Serialize for Ranges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        let none = Figures::default();
        for (end, figures) in [("low", &self.low), ("high", &self.high)] {
            let names = figures.as_ref().unwrap_or(&none);
            let Value::Object(values) = serde_json::to_value(names).map_err(S::Error::custom)?
            else {
                continue;
            };
            for (key, value) in values {
                let value = figures.as_ref().map(|_| value);
                fields.serialize_entry(&format!("{key}_{end}"), &value)?;
            }
        }
        fields.end()
    }
}

impl JsonSchema for Ranges {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ranges".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let figures = Figures::json_schema(generator);
        let figures = figures.get("properties").and_then(Value::as_object);
        let mut properties = Map::new();
        for (key, schema) in figures.into_iter().flatten() {
            let kind = match &schema["type"] {
                Value::Array(kinds) => &kinds[0],
                kind => kind,
            };
            for (end, nth) in [("low", "5th"), ("high", "95th")] {
                let what = format!("The {nth} percentile of `{key}`; null of a single run.");
                let of = json!({"description": what, "type": [kind, "null"]});
                properties.insert(format!("{key}_{end}"), of);
            }
        }
        let required: Vec<&String> = properties.keys().collect();
        json_schema!({"type": "object", "required": required, "properties": properties})
    }
}
