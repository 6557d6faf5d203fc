//! What a configuration means for the start of its gateway.

use crate::command::plan::given::Given;
use crate::openclaw::Confidence;
use crate::openclaw::config::Node;
use crate::openclaw::keys::{self, Fate, Knowledge};
use crate::schedule::Version;

/// A key at which a version does not start: how sure that is, the key, the sentence.
pub(super) type RefusedKey = (Confidence, String, String);

/// What the configuration of a source, where it is known, means for a start: `cron.skipMissedJobs`, and
/// the keys at which the version does not start.
pub(super) fn configured(
    given: &Given,
    index: usize,
    version: Version,
) -> (Option<bool>, Vec<RefusedKey>) {
    let config = given.loaded.gateways[index]
        .as_ref()
        .and_then(|g| g.config.as_ref());
    let skip = config
        .and_then(|c| c.get(&["cron", "skipMissedJobs"]))
        .and_then(|found| Node::bool(found.node));
    let refused = config.map_or_else(Vec::new, |c| refused(&c.root, version));
    (skip, refused)
}

/// The keys of a configuration at which the version does not start.
fn refused(root: &Node, version: Version) -> Vec<RefusedKey> {
    let of = |key: keys::Refused| {
        let confidence = match key.confidence {
            Knowledge::Exact => Confidence::Certain,
            Knowledge::Likely => Confidence::Likely,
            Knowledge::Unknown => Confidence::Assumed,
        };
        let why = match (key.since, key.until, &key.nearest) {
            (Some(since), ..) => format!(" ({since} is the first checked version that has it)"),
            (_, Some(until), _) => format!(" ({until} is the last checked version that has it)"),
            (_, _, Some(nearest)) => format!(" (did you mean {nearest}?)"),
            _ => String::new(),
        };
        let sure = match confidence {
            Confidence::Certain => "does not start",
            Confidence::Likely => "most likely does not start",
            Confidence::Assumed => "may not start",
        };
        let said = format!(
            "{} is no key of OpenClaw {version}{why}; the schema is strict, and the gateway {sure}: \
             `openclaw config unset {}`",
            key.path, key.path
        );
        (confidence, key.path, said)
    };
    let refused = keys::refused(root, version).into_iter();
    refused
        .filter(|key| key.fate == Fate::Refused)
        .map(of)
        .collect()
}
