//! The ways to Anthropic's models.

use super::{Reader, Spot};
use crate::model::{Anthropic, Login};

/// Reads the auth profiles and variables that lead to Anthropic's models. No secret is read: of a
/// variable, only that it is there.
///
/// Source: `resolveAnthropicDefaultAuthMode` of 2026.2.24 to 2026.9.6.
pub(super) fn anthropic(reader: &Reader, root: &Spot<'_>) -> Anthropic {
    let auth = root.get("auth");
    let text = |spot: &Spot<'_>, key: &str| {
        let found = spot.get(key)?;
        found.node.text().map(str::to_owned)
    };
    let profiles = auth.as_ref().and_then(|a| a.get("profiles"));
    let login = |(id, profile): (&str, Spot<'_>)| {
        let provider = text(&profile, "provider")?;
        let cli = provider == "claude-cli";
        (cli || provider == "anthropic").then(|| Login {
            id: id.to_owned(),
            cli,
            key: match text(&profile, "mode").as_deref() {
                Some("api_key") => Some(true),
                Some("oauth" | "token") => Some(false),
                _ => None,
            },
            at: reader.at(&profile),
        })
    };
    let order = auth.as_ref().and_then(|a| a.get("order"));
    let ordered = |provider: &str| -> Vec<String> {
        let ids = order.as_ref().and_then(|o| o.get(provider));
        let ids = ids.iter().flat_map(Spot::items);
        ids.filter_map(|id| id.node.text().map(str::to_owned))
            .collect()
    };
    let variable = |name: &str| {
        let env = root.get("env")?;
        let vars = env.get("vars").and_then(|v| v.get(name));
        let found = vars.or_else(|| env.get(name))?;
        let blank = found.node.text().is_none_or(|t| t.trim().is_empty());
        (!blank).then(|| reader.at(&found))
    };
    Anthropic {
        logins: profiles
            .iter()
            .flat_map(Spot::members)
            .filter_map(login)
            .collect(),
        order: ordered("anthropic"),
        cli_order: ordered("claude-cli"),
        env_token: variable("ANTHROPIC_OAUTH_TOKEN"),
        env_key: variable("ANTHROPIC_API_KEY"),
    }
}
