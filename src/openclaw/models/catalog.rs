//! Lists of models: `models` maps of agents, and what providers offer.

use super::{OBJECT, Reader, Spot, host_of};
use crate::model::{CatalogEntry, Provider};
use crate::openclaw::config::{Kind, Node};

const MODEL_ID: &str = "a model's id (text)";

impl Reader {
    /// A `models` map; `None` when it is absent or no object. An entry counts by its key.
    pub(super) fn catalog(&mut self, spot: Option<Spot<'_>>) -> Option<Vec<CatalogEntry>> {
        let spot = self.object(spot)?;
        let entry = |(key, spot): (&str, Spot<'_>)| {
            let alias = match spot.node.kind {
                Kind::Null => None,
                _ => self
                    .object(Some(spot.clone()))
                    .and_then(|entry| self.text(entry.get("alias"), "an alias (text)")),
            };
            CatalogEntry {
                key: key.to_owned(),
                alias: alias.map(|text| text.trim().to_owned()),
                at: self.at(&spot),
            }
        };
        Some(spot.members().map(entry).collect())
    }

    /// `models.providers`, in the order of the file: the first one is a default of last resort.
    pub(super) fn providers(&mut self, spot: &Spot<'_>) -> Vec<Provider> {
        let provider = |(id, spot): (&str, Spot<'_>)| {
            let spot = match spot.node.kind {
                Kind::Null => None,
                _ => self.object(Some(spot)),
            }?;
            let is_google = |api: Option<Spot<'_>>| {
                api.is_some_and(|api| api.node.text() == Some("google-generative-ai"))
            };
            let models = spot.get("models");
            let mut offered = models.iter().flat_map(Spot::items);
            let speaks_google =
                is_google(spot.get("api")) || offered.any(|m| is_google(m.get("api")));
            let base = self.said(spot.get("baseUrl"), "a URL (text)");
            Some(Provider {
                id: id.to_owned(),
                models: self.offered(spot.get("models")),
                api: self
                    .said(
                        spot.get("api"),
                        "an API such as \"openai-completions\" (text)",
                    )
                    .map(|said| said.text.trim().to_owned()),
                speaks_google,
                base: base.and_then(|said| host_of(&said.text)),
                at: self.at(&spot),
            })
        };
        spot.members().filter_map(provider).collect()
    }

    /// The ids of a provider's `models[]`. A text in place of an object is no model to any version.
    fn offered(&mut self, spot: Option<Spot<'_>>) -> Vec<String> {
        let Some(spot) = spot else {
            return Vec::new();
        };
        if !matches!(spot.node.kind, Kind::Array(_)) {
            self.wrong(&spot, "an array of objects with an id");
            return Vec::new();
        }
        let mut ids = Vec::new();
        for entry in spot.items() {
            let Some(entry) = self.object(Some(entry)) else {
                continue;
            };
            match entry.node.get("id").map(|id| (id, Node::text(id))) {
                Some((_, Some(id))) if !id.trim().is_empty() => ids.push(id.trim().to_owned()),
                Some((id, None)) => self.odd(
                    &entry,
                    format!("{OBJECT} whose id is {}", id.kind.name()),
                    MODEL_ID,
                ),
                _ => self.odd(&entry, "an object without an id", MODEL_ID),
            }
        }
        ids
    }
}
