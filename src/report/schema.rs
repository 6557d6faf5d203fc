//! The published JSON Schemas, generated from the types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::{Document, Report};

/// One file of `docs/schema/`.
#[derive(Clone, Debug)]
pub struct Published {
    /// `cronctl.<name>/<version>`.
    pub id: &'static str,
    /// The JSON Schema.
    pub schema: serde_json::Value,
}

impl Published {
    /// Returns the file name: `config-1.json` for `cronctl.config/1`.
    pub fn file_name(&self) -> String {
        let name = self.id.strip_prefix("cronctl.").unwrap_or(self.id);
        format!("{}.json", name.replace('/', "-"))
    }
}

/// Returns the schema of a line that is printed while a command goes on.
pub fn published_line<T: JsonSchema>(id: &'static str) -> Published {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), id.into());
    Published {
        id,
        schema: schema.to_value(),
    }
}

/// Returns the schema of the document that [`super::write`] prints for a report.
pub fn published<R: Report + JsonSchema + 'static>() -> Published {
    // The contract of serialisation: an optional field is null, never missing.
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<Document<'static, R>>();
    schema.insert("title".to_owned(), R::SCHEMA.into());
    if let Some(properties) = schema.get_mut("properties") {
        properties["schema"]["const"] = R::SCHEMA.into();
    }
    Published {
        id: R::SCHEMA,
        schema: schema.to_value(),
    }
}
