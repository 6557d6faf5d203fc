//! What is known of adapters, with what `cronctl.toml` says above what is built in.

use crate::config::{Origin, SourceDefaults};
use crate::turn::Adapters;

/// Returns what is known of adapters: built in, and above it the context in use. Each setting names
/// its place, `cronctl.toml:7`.
pub fn adapters(defaults: &SourceDefaults) -> Adapters {
    let mut known = Adapters::built_in();
    for (name, said) in &defaults.adapters {
        let adapter = known.0.entry(name.clone()).or_default();
        if let Some(setting) = &said.ceiling_seconds {
            let ms = i64::try_from(setting.value).unwrap_or(i64::MAX);
            adapter.ceiling_ms = Some((ms.saturating_mul(1000), place(&setting.origin)));
        }
        if let Some(setting) = &said.native_session {
            adapter.native_session = Some((setting.value, place(&setting.origin)));
        }
        if let Some(setting) = &said.steerable {
            adapter.steerable = Some((setting.value, place(&setting.origin)));
        }
    }
    known
}

fn place(origin: &Origin) -> String {
    match origin {
        Origin::File(path, line) => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            format!("{}:{line}", name.to_string_lossy())
        }
        other => other.to_string(),
    }
}
