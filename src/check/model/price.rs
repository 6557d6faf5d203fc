//! Price classes, by the families that models are named after. No prices are known here.

use super::ByModel;
use crate::check::facts::{GatewayFacts, SourceFacts};
use crate::check::finding::{Findings, Place};
use crate::check::rules::model as rules;
use crate::job::Job;
use crate::model::{Fate, ModelRef, Resolution};
use crate::openclaw::Confidence;

/// A class of prices within the models of a vendor: each is several times dearer than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Small,
    Medium,
    Large,
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// Returns the class that a model's name says; `None` for families that are not known.
fn class(model: &ModelRef) -> Option<Class> {
    let name = model.model.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |word: &str| words.contains(&word);
    let of_gpt = has("gpt");
    let small = ["mini", "nano", "flash", "lite", "haiku"];
    if (of_gpt || has("gemini") || has("claude") || has("haiku"))
        && small.iter().any(|word| has(word))
    {
        return Some(Class::Small);
    }
    if has("opus") || ((of_gpt || has("gemini")) && has("pro")) {
        return Some(Class::Large);
    }
    if has("sonnet") || of_gpt {
        return Some(Class::Medium);
    }
    None
}

/// Whether a provider runs on the gateway's own machine, where a call costs nothing.
fn is_local(config: &GatewayFacts<'_>, model: &ModelRef) -> bool {
    let own = |id: &str| id.trim().eq_ignore_ascii_case(&model.provider);
    let local = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"];
    config.settings.providers.iter().any(|provider| {
        let base = provider.base.as_deref().unwrap_or_default();
        own(&provider.id) && local.iter().any(|host| base.contains(host))
    }) || ["ollama", "lmstudio", "vllm", "sglang"].contains(&model.provider.as_str())
}

/// The models of unknown class that jobs run on.
#[derive(Default)]
pub(super) struct Priced<'a>(ByModel<'a>);

impl<'a> Priced<'a> {
    pub(super) fn add(&mut self, config: &GatewayFacts<'_>, job: &'a Job, answer: &Resolution) {
        let Some(model) = &answer.effective else {
            return;
        };
        if class(model).is_none() && !is_local(config, model) {
            self.0.entry(model.to_string()).or_default().push(job);
        }
    }

    /// Says each such model once.
    pub(super) fn unknown(&self, findings: &mut Findings<'_>, source: &SourceFacts<'_>) {
        for (model, jobs) in &self.0 {
            let first = jobs.first().and_then(|job| job.name.as_deref());
            let named = first.map_or_else(String::new, |name| format!(", {name} among them"));
            let message = format!("{} jobs run on {model}{named}", jobs.len());
            let identity = format!("model:{model}");
            let place = Place::file(source.store);
            findings.source(rules::PRICE_UNKNOWN, source, &identity, place, message);
        }
    }
}

/// A run that uses, or may fall back to, a dearer class than the job asks for.
pub(super) fn jump(
    findings: &mut Findings<'_>,
    config: &GatewayFacts<'_>,
    job: &Job,
    answer: &Resolution,
) {
    let asked = answer.intended.as_ref().or(answer.effective.as_ref());
    let Some((asked, class_asked)) = asked.and_then(|model| Some((model, class(model)?))) else {
        return;
    };
    let reached = answer
        .candidates
        .iter()
        .filter(|c| matches!(c.fate, Fate::Called | Fate::Waits));
    let dearer = reached
        .filter_map(|candidate| Some((candidate, class(&candidate.model)?)))
        .find(|(candidate, class)| *class > class_asked && !is_local(config, &candidate.model));
    if let Some((candidate, class)) = dearer {
        let how = if candidate.fate == Fate::Called {
            "runs on"
        } else {
            "may fall back to"
        };
        let message = format!(
            "asks for {asked} ({}), and {how} {} ({}, from {})",
            class_asked.word(),
            candidate.model,
            class.word(),
            candidate.from
        );
        // By the names of the families, not by prices.
        let finding = findings.job(rules::PRICE_JUMP, job, message);
        finding.sure(Confidence::Likely);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_name_and_others_are_not() {
        for (provider, model, expected) in [
            ("anthropic", "claude-opus-5", Some(Class::Large)),
            ("anthropic", "claude-sonnet-4-6", Some(Class::Medium)),
            ("anthropic", "claude-haiku-4-5", Some(Class::Small)),
            ("openai", "gpt-5.4", Some(Class::Medium)),
            ("openai", "gpt-5.4-nano", Some(Class::Small)),
            ("openai", "gpt-5.4-pro", Some(Class::Large)),
            ("google", "gemini-3.1-pro-preview", Some(Class::Large)),
            ("google", "gemini-3-flash-preview", Some(Class::Small)),
            (
                "openrouter",
                "anthropic/claude-opus-4.6",
                Some(Class::Large),
            ),
            ("mock", "model-a", None),
            ("openai", "gemini", None),
            ("x", "miniature-gpt4all", None),
        ] {
            assert_eq!(class(&ModelRef::new(provider, model)), expected, "{model}");
        }
    }
}
