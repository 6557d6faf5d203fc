//! What is known of adapters: built in, and from `cronctl.toml`.

use std::collections::BTreeMap;

/// The ceiling where nothing names one: 30 minutes (RFC #1690).
pub const CEILING_MS: i64 = 1_800_000;

/// What is known of the workspaces of one runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adapter {
    /// Whether its SDK owns the turn, and what says so.
    pub native_session: Option<(bool, String)>,
    /// Whether it reports its turns in `active_tasks`.
    pub reports_busy: Option<bool>,
    /// Whether it can cancel a turn, and what says so.
    pub steerable: Option<(bool, String)>,
    /// Its ceiling in milliseconds, 0 for none, and where that is set (`cronctl.toml:7`).
    pub ceiling_ms: Option<(i64, String)>,
}

/// The adapters by runtime name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adapters(pub BTreeMap<String, Adapter>);

impl Adapters {
    /// What the real adapters of May 2026 declare and do (`molecule.md` §4: claude-code and hermes
    /// declare a native session; only claude-code and openclaw report busy; hermes cannot cancel).
    pub fn built_in() -> Self {
        let says = |says: &str| format!("built in: {says}");
        let adapter =
            |native: (bool, &str), reports_busy, steerable: Option<(bool, &str)>| Adapter {
                native_session: Some((native.0, says(native.1))),
                reports_busy: Some(reports_busy),
                steerable: steerable.map(|(yes, why)| (yes, says(why))),
                ceiling_ms: None,
            };
        let all = [
            (
                "claude-code",
                // Its SDK can interrupt, but whether the deployed adapter has the handler is not known.
                adapter(
                    (
                        true,
                        "the claude-code adapter declares provides_native_session",
                    ),
                    true,
                    None,
                ),
            ),
            (
                "hermes",
                adapter(
                    (true, "the hermes adapter declares provides_native_session"),
                    false,
                    Some((false, "hermes has no cancel per request")),
                ),
            ),
            (
                "codex",
                // It has turn/interrupt; whether the deployed adapter has the handler is not known.
                adapter(
                    (false, "the codex adapter declared none (May 2026)"),
                    false,
                    None,
                ),
            ),
            (
                "openclaw",
                adapter(
                    (false, "the openclaw adapter declared none (May 2026)"),
                    true,
                    Some((false, "the openclaw adapter's cancel does nothing")),
                ),
            ),
            (
                "langgraph",
                Adapter {
                    native_session: Some((
                        false,
                        says("langgraph runs inside the platform's runtime"),
                    )),
                    ..Adapter::default()
                },
            ),
        ];
        Self(
            all.into_iter()
                .map(|(name, adapter)| (name.to_owned(), adapter))
                .collect(),
        )
    }

    /// Returns what is known of a runtime.
    pub fn get(&self, runtime: Option<&str>) -> Option<&Adapter> {
        self.0.get(runtime?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in() {
        let adapters = Adapters::built_in();
        let known = |runtime: &str| {
            let adapter = adapters.get(Some(runtime)).unwrap();
            (
                adapter.native_session.as_ref().map(|known| known.0),
                adapter.reports_busy,
                adapter.steerable.as_ref().map(|known| known.0),
            )
        };
        assert_eq!(known("claude-code"), (Some(true), Some(true), None));
        assert_eq!(known("hermes"), (Some(true), Some(false), Some(false)));
        assert_eq!(known("codex"), (Some(false), Some(false), None));
        assert_eq!(known("openclaw"), (Some(false), Some(true), Some(false)));
        assert_eq!(known("langgraph"), (Some(false), None, None));
        assert_eq!(adapters.get(Some("other")), None);
        assert_eq!(adapters.get(None), None);
    }
}
