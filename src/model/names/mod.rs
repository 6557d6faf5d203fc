//! How a gateway writes providers and model ids alike before it compares them.
//!
//! Source: `normalizeProviderId`, `parseModelRef`, `splitTrailingAuthProfile`, `modelKey` and
//! `normalizeProviderModelId` of the checked releases; the tables are in [`tables`].

pub(super) mod claude;
pub(super) mod tables;
pub(super) mod words;

#[cfg(test)]
mod tests;

use super::ModelRef;

/// Pairs of what is written and what it stands for.
pub type Table = &'static [(&'static str, &'static str)];

/// How a release writes names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// Other names of providers, in lower case, and the names that they stand for.
    pub providers: Table,
    /// The rules for model ids, in the order that they are applied.
    pub ids: &'static [IdRule],
    /// The ids of Google's that later releases rewrite wherever a configuration lists them, also
    /// behind `google/` in another provider's id.
    pub google: Table,
    /// Ids that belong to another provider than the one that they are written with: the provider,
    /// the id (alone or with `-…` behind it), the provider that gets it. 2026.2.x.
    pub moved: &'static [(&'static str, &'static str, &'static str)],
    /// Whether `provider/provider/id` is `provider/id` (from 2026.6.11).
    pub cuts_own_prefix: bool,
    /// How the key of a model is written.
    pub keys: Keys,
    /// What is cut off as an auth profile.
    pub profiles: Profiles,
    /// Whether `openrouter:auto` and `openrouter:free` are words for models (from 2026.4.22).
    pub openrouter_words: bool,
    /// The aliases that entries of `agents.defaults.models` get when they have none.
    pub aliases: Table,
}

/// One rule for the model ids of some providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRule {
    /// The providers, folded.
    pub of: &'static [&'static str],
    /// What is done.
    pub change: Change,
}

/// What is done to a model id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A whole id is replaced when it is written exactly like this.
    Exact(Table),
    /// A whole id is replaced, in any case.
    AnyCase(Table),
    /// As [`Change::Exact`], also behind `google/`.
    Google(Table),
    /// This prefix is cut off, in any case.
    Cut(&'static str),
    /// An id without a slash gets this prefix.
    Prefix(&'static str),
    /// An id that begins with `claude-` gets the prefix `anthropic/`.
    Claude,
    /// As before, in any case of its letters.
    ClaudeAnyCase,
}

/// How the key of a model is written, by which models are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// `provider/id`, whatever the id is (2026.2.x).
    Full,
    /// The id alone when it begins with `provider/`.
    Short,
}

/// What is cut off a reference as its auth profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profiles {
    /// Nothing (2026.2.24).
    Kept,
    /// What follows the last `@` behind the last slash (2026.2.26).
    Last,
    /// What follows the first, unless that is a date: `@20250101` (2026.3.24 to 2026.4.5).
    First,
    /// As before, and `@q4_k_m` and `@4bit` belong to the id too (2026.4.22).
    FirstQuantised,
    /// As before, and `@iq4_xs` too (from 2026.4.29).
    FirstImatrix,
}

/// Trims as JavaScript does, byte order marks included.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}')
}

/// Trims and folds to lower case.
pub(super) fn fold(text: &str) -> String {
    trim(text).to_lowercase()
}

/// Splits `provider/model` at the first slash; `None` when there is no slash or a half is empty.
pub(super) fn halves(text: &str) -> Option<(&str, &str)> {
    let (provider, model) = text.split_once('/')?;
    let (provider, model) = (trim(provider), trim(model));
    (!provider.is_empty() && !model.is_empty()).then_some((provider, model))
}

impl Names {
    /// Folds a provider's name.
    pub(super) fn provider(&self, provider: &str) -> String {
        let lower = fold(provider);
        match find(self.providers, &lower) {
            Some(folded) => folded.to_owned(),
            None => lower,
        }
    }

    /// Rewrites the short and outdated ids of a provider, which is folded already.
    pub(super) fn model(&self, provider: &str, model: &str) -> String {
        let model = if self.cuts_own_prefix {
            without_prefix(model, provider)
        } else {
            model
        };
        self.static_model(provider, model)
    }

    /// As [`Names::model`], but an id keeps the name of its provider in front of it.
    pub(super) fn static_model(&self, provider: &str, model: &str) -> String {
        let mut id = model.to_owned();
        for rule in self.ids.iter().filter(|r| r.of.contains(&provider)) {
            if let Some(changed) = rule.change.apply(&id) {
                id = changed;
            }
        }
        id
    }

    /// As [`Names::static_model`], for an id that a provider of the configuration lists.
    pub(super) fn listed_model(&self, provider: &str, model: &str) -> String {
        let id = self.static_model(provider, model);
        let inner = match id.split_once('/') {
            Some(("google", _)) => google(self.google, &id),
            Some((head, rest)) if rest.starts_with("google/") => {
                google(self.google, rest).map(|rest| format!("{}/{rest}", fold(head)))
            }
            _ => None,
        };
        inner.unwrap_or(id)
    }

    /// Makes a reference of a provider and a model.
    pub(super) fn reference(&self, provider: &str, model: &str) -> ModelRef {
        let mut provider = self.provider(provider);
        let model = self.model(&provider, trim(model));
        let moved = self.moved.iter().find(|(of, id, _)| {
            let lower = model.to_lowercase();
            let behind = lower.strip_prefix(id);
            provider == *of && behind.is_some_and(|b| b.is_empty() || b.starts_with('-'))
        });
        if let Some((_, _, to)) = moved {
            provider = (*to).to_owned();
        }
        ModelRef { provider, model }
    }

    /// Parses `provider/model` at the first slash; a bare name belongs to `default_provider`.
    /// `None` when a half is empty.
    pub(super) fn parse(&self, text: &str, default_provider: &str) -> Option<ModelRef> {
        let text = trim(text);
        if text.is_empty() {
            return None;
        }
        if !text.contains('/') {
            return Some(self.reference(default_provider, text));
        }
        let (provider, model) = halves(text)?;
        Some(self.reference(provider, model))
    }

    /// Writes the key of a model.
    pub(super) fn key(&self, model: &ModelRef) -> String {
        match self.keys {
            Keys::Full => format!("{}/{}", model.provider, model.model),
            Keys::Short => model.to_string(),
        }
    }

    /// Cuts off an auth profile: `provider/model@profile`. Dates (`@20250101`) and, later,
    /// quantisations (`@q4_k_m`, `@4bit`) belong to the id.
    pub(super) fn without_profile<'a>(&self, text: &'a str) -> &'a str {
        let text = trim(text);
        let after_slash = text.rfind('/').map_or(0, |i| i + 1);
        let found = match self.profiles {
            Profiles::Kept => None,
            Profiles::Last => text[after_slash..].rfind('@'),
            _ => text[after_slash..].find('@'),
        };
        let Some(mut at) = found.map(|i| i + after_slash).filter(|at| *at > 0) else {
            return text;
        };
        if self.profiles != Profiles::Last {
            if is_date(&text[at + 1..]) {
                match text[at + 9..].find('@') {
                    Some(next) => at += 9 + next,
                    None => return text,
                }
            }
            if self.is_quantisation(&text[at + 1..]) {
                match text[at + 1..].find('@') {
                    Some(next) => at += 1 + next,
                    None => return text,
                }
            }
        }
        let (model, profile) = (trim(&text[..at]), trim(&text[at + 1..]));
        if model.is_empty() || profile.is_empty() {
            text
        } else {
            model
        }
    }

    /// Whether a suffix is `q4`, `iq4_xs`, `4bit` and the like.
    fn is_quantisation(&self, suffix: &str) -> bool {
        let imatrix = match self.profiles {
            Profiles::Kept | Profiles::Last | Profiles::First => return false,
            Profiles::FirstQuantised => false,
            Profiles::FirstImatrix => true,
        };
        let word = suffix.split('@').next().unwrap_or("").to_ascii_lowercase();
        let digits_then = |text: &str| {
            let n = text.bytes().take_while(u8::is_ascii_digit).count();
            (n > 0).then(|| text[n..].to_owned())
        };
        if digits_then(&word).as_deref() == Some("bit") {
            return true;
        }
        let plain = word.strip_prefix('i').filter(|_| imatrix).unwrap_or(&word);
        let Some(rest) = plain.strip_prefix('q').and_then(digits_then) else {
            return false;
        };
        let is_part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric());
        rest.is_empty()
            || rest
                .strip_prefix('_')
                .is_some_and(|parts| parts.split('_').all(is_part))
    }
}

/// Whether a suffix begins with eight digits and nothing more before the next `@`.
fn is_date(suffix: &str) -> bool {
    let digits = suffix.bytes().take_while(u8::is_ascii_digit).count();
    digits == 8 && matches!(suffix.as_bytes().get(8), None | Some(b'@'))
}

fn find(table: Table, key: &str) -> Option<&'static str> {
    table.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
}

/// Cuts off `prefix/`, in any case.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    let head = text.get(..prefix.len());
    match text.as_bytes().get(prefix.len()) {
        Some(b'/') if head.is_some_and(|h| h.to_lowercase() == prefix) => &text[prefix.len() + 1..],
        _ => text,
    }
}

/// The new id of one of Google's, also behind `google/`.
pub(super) fn google(table: Table, id: &str) -> Option<String> {
    let plain = id.trim_start_matches("google/");
    let head = &id[..id.len() - plain.len()];
    find(table, plain).map(|new| format!("{head}{new}"))
}

impl Change {
    fn apply(self, id: &str) -> Option<String> {
        let cut;
        let changed = match self {
            Self::Exact(table) => find(table, id)?,
            Self::AnyCase(table) => find(table, &fold(id))?,
            Self::Google(table) => return google(table, id),
            Self::Cut(prefix) => {
                cut = without_prefix(id, prefix);
                cut
            }
            Self::Prefix(prefix) => {
                let bare = !id.is_empty() && !id.contains('/');
                return bare.then(|| format!("{prefix}/{id}"));
            }
            Self::Claude => {
                return id.starts_with("claude-").then(|| format!("anthropic/{id}"));
            }
            Self::ClaudeAnyCase => {
                let claude = fold(id).starts_with("claude-");
                return claude.then(|| format!("anthropic/{id}"));
            }
        };
        Some(changed.to_owned())
    }
}
