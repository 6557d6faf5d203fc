//! What is known of adapters: built in, and what the context in use says above it.

use crate::config::{Origin, Setting, SourceDefaults};
use crate::turn::Adapters;

/// Returns the built-in adapters with what the context says of them. A configured value names its
/// file and line, so that every verdict can be traced.
pub(crate) fn adapters(context: &SourceDefaults) -> Adapters {
    let mut adapters = Adapters::built_in();
    for (runtime, said) in &context.adapters {
        let adapter = adapters.0.entry(runtime.clone()).or_default();
        if let Some(seconds) = &said.ceiling_seconds {
            let ms = i64::try_from(seconds.value).unwrap_or(i64::MAX);
            adapter.ceiling_ms = Some((ms.saturating_mul(1000), place(seconds)));
        }
        if let Some(native) = &said.native_session {
            adapter.native_session = Some((native.value, place(native)));
        }
        if let Some(steerable) = &said.steerable {
            adapter.steerable = Some((steerable.value, place(steerable)));
        }
    }
    adapters
}

fn place<T>(setting: &Setting<T>) -> String {
    match &setting.origin {
        Origin::File(path, line) => format!("{}:{line}", path.display()),
        other => other.to_string(),
    }
}
