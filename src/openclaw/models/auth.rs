//! Whether an API key is the configured way to Anthropic.

use super::{Reader, Spot};
use crate::model::At;

/// Returns what makes an API key the way to Anthropic: an auth profile of mode `api_key` without
/// one of another mode, else `ANTHROPIC_API_KEY` among the variables of the configuration.
///
/// A gateway also looks at its own environment, which cannot be seen from here.
/// Source: `resolveAnthropicDefaultAuthMode` of 2026.2.24 to 2026.4.22.
pub(super) fn anthropic_key(reader: &Reader, root: &Spot<'_>) -> Option<At> {
    let auth = root.get("auth");
    let profiles = auth.as_ref().and_then(|a| a.get("profiles"));
    let text = |spot: &Spot<'_>, key: &str| {
        let found = spot.get(key)?;
        found.node.text().map(str::to_owned)
    };
    let mode = |spot: &Spot<'_>| {
        (text(spot, "provider").as_deref() == Some("anthropic"))
            .then(|| text(spot, "mode"))
            .flatten()
    };
    let is_key = |mode: &str| match mode {
        "api_key" => Some(true),
        "oauth" | "token" => Some(false),
        _ => None,
    };
    let order = auth
        .as_ref()
        .and_then(|a| a.get("order"))
        .and_then(|o| o.get("anthropic"));
    for id in order.iter().flat_map(Spot::items) {
        let Some(profile) = id
            .node
            .text()
            .and_then(|id| profiles.as_ref().and_then(|p| p.get(id)))
        else {
            continue;
        };
        match mode(&profile).as_deref().and_then(is_key) {
            Some(true) => return Some(reader.at(&profile)),
            Some(false) => return None,
            None => {}
        }
    }
    let all: Vec<Spot<'_>> = profiles
        .iter()
        .flat_map(Spot::members)
        .map(|(_, spot)| spot)
        .collect();
    let of = |wanted: bool| {
        all.iter()
            .find(|p| mode(p).as_deref().and_then(is_key) == Some(wanted))
    };
    match (of(true), of(false)) {
        (Some(key), None) => return Some(reader.at(key)),
        (None, Some(_)) => return None,
        _ => {}
    }
    let env = root.get("env")?;
    let variable = |name: &str| {
        let vars = env.get("vars").and_then(|v| v.get(name));
        vars.or_else(|| env.get(name))
            .filter(|v| v.node.text().is_some_and(|t| !t.trim().is_empty()))
    };
    if variable("ANTHROPIC_OAUTH_TOKEN").is_some() {
        return None;
    }
    variable("ANTHROPIC_API_KEY").map(|v| reader.at(&v))
}
