//! One session row, whatever it holds.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::SessionRow;
use crate::openclaw::loose::Loose;

/// A value in the place of a row.
pub(super) enum Entry {
    Row(Box<Fields>),
    /// No object; the type is named.
    Other(&'static str),
}

/// The fields of a row that matter.
#[derive(Default)]
pub(super) struct Fields {
    provider_override: Loose<String>,
    model_override: Loose<String>,
    override_source: Loose<String>,
    fallback_provider: Loose<String>,
    fallback_model: Loose<String>,
    auth_profile: Loose<String>,
    model_provider: Loose<String>,
    model: Loose<String>,
    live_switch_pending: Loose<bool>,
    status: Loose<String>,
    updated_at_ms: Loose<i64>,
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Name {
    ProviderOverride,
    ModelOverride,
    ModelOverrideSource,
    ModelOverrideFallbackOriginProvider,
    ModelOverrideFallbackOriginModel,
    AuthProfileOverride,
    ModelProvider,
    Model,
    LiveModelSwitchPending,
    Status,
    UpdatedAt,
    #[serde(other)]
    Other,
}

impl Fields {
    /// Names the first field of a wrong type.
    pub(super) fn oddity(&self) -> Option<(&'static str, &'static str)> {
        let texts = [
            ("providerOverride", &self.provider_override),
            ("modelOverride", &self.model_override),
            ("modelOverrideSource", &self.override_source),
            (
                "modelOverrideFallbackOriginProvider",
                &self.fallback_provider,
            ),
            ("modelOverrideFallbackOriginModel", &self.fallback_model),
            ("authProfileOverride", &self.auth_profile),
            ("modelProvider", &self.model_provider),
            ("model", &self.model),
            ("status", &self.status),
        ];
        texts
            .into_iter()
            .find_map(|(name, text)| Some((name, text.oddity()?)))
            .or_else(|| Some(("liveModelSwitchPending", self.live_switch_pending.oddity()?)))
            .or_else(|| Some(("updatedAt", self.updated_at_ms.oddity()?)))
    }

    pub(super) fn into_row(self, at: &Arc<str>) -> SessionRow {
        SessionRow {
            provider_override: self.provider_override.text(),
            model_override: self.model_override.text(),
            override_source: self.override_source.text(),
            override_of_fallback: self.fallback_provider.text().is_some()
                && self.fallback_model.text().is_some(),
            auth_profile: self.auth_profile.text(),
            model_provider: self.model_provider.text(),
            model: self.model.text(),
            live_switch_pending: self.live_switch_pending.ok().unwrap_or(false),
            status: self.status.text(),
            updated_at_ms: self.updated_at_ms.ok(),
            at: Arc::clone(at),
        }
    }
}

struct AnyEntry;

impl<'de> Visitor<'de> for AnyEntry {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut row = Box::<Fields>::default();
        // The last of equal keys wins, as in JavaScript.
        while let Some(name) = map.next_key::<Name>()? {
            match name {
                Name::ProviderOverride => row.provider_override = map.next_value()?,
                Name::ModelOverride => row.model_override = map.next_value()?,
                Name::ModelOverrideSource => row.override_source = map.next_value()?,
                Name::ModelOverrideFallbackOriginProvider => {
                    row.fallback_provider = map.next_value()?;
                }
                Name::ModelOverrideFallbackOriginModel => row.fallback_model = map.next_value()?,
                Name::AuthProfileOverride => row.auth_profile = map.next_value()?,
                Name::ModelProvider => row.model_provider = map.next_value()?,
                Name::Model => row.model = map.next_value()?,
                Name::LiveModelSwitchPending => row.live_switch_pending = map.next_value()?,
                Name::Status => row.status = map.next_value()?,
                Name::UpdatedAt => row.updated_at_ms = map.next_value()?,
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Entry::Row(row))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entry::Other("an array"))
    }

    fn visit_unit<E>(self) -> Result<Entry, E> {
        Ok(Entry::Other("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Entry, E> {
        Ok(Entry::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Entry, E> {
        Ok(Entry::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Entry, E> {
        Ok(Entry::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Entry, E> {
        Ok(Entry::Other("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Entry, E> {
        Ok(Entry::Other("a text"))
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(AnyEntry)
    }
}
