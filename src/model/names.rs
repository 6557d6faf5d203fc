//! How a gateway writes providers and model ids alike before it compares them.
//!
//! Source: the functions `normalizeProviderId`, `parseModelRef`, `splitTrailingAuthProfile` and
//! `normalizeProviderModelId` of the checked releases, by era.

use super::ModelRef;

/// Which release's tables hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// 2026.2.24 to 2026.3.24.
    February,
    /// 2026.3.28 to 2026.4.1.
    March,
    /// 2026.4.5 to 2026.4.22.
    April,
    /// 2026.4.29 to 2026.5.x.
    May,
    /// 2026.6.11 to 2026.7.1.
    June,
    /// 2026.8.1 and later.
    August,
}

/// Trims as JavaScript does, byte order marks included.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

impl Names {
    /// Folds a provider's name.
    pub(super) fn provider(self, provider: &str) -> String {
        let lower = trim(provider).to_lowercase();
        let folded = match (lower.as_str(), self) {
            ("qwen", Self::February) => "qwen-portal",
            ("z.ai" | "z-ai", _) => "zai",
            ("opencode-zen", _) => "opencode",
            ("opencode-go-auth", _) => "opencode-go",
            ("kimi-code" | "kimi-coding", _) => "kimi",
            ("bedrock" | "aws-bedrock", _) => "amazon-bedrock",
            ("bytedance" | "doubao", _) => "volcengine",
            _ => return lower,
        };
        if self == Self::August {
            return lower;
        }
        folded.to_owned()
    }

    /// Rewrites the short and outdated ids of a provider, which is folded already.
    pub(super) fn model(self, provider: &str, model: &str) -> String {
        if self <= Self::April {
            early(provider, model)
        } else {
            late(provider, without_own_prefix(provider, model))
        }
    }

    /// As [`Names::model`], for an id that a provider of the configuration lists: its own name in
    /// front of it is kept.
    pub(super) fn listed_model(self, provider: &str, model: &str) -> String {
        if self <= Self::April {
            early(provider, model)
        } else {
            late(provider, model)
        }
    }

    /// Makes a reference of a provider and a model.
    pub(super) fn reference(self, provider: &str, model: &str) -> ModelRef {
        let provider = self.provider(provider);
        let model = self.model(&provider, trim(model));
        ModelRef { provider, model }
    }

    /// Parses `provider/model` at the first slash; a bare name belongs to `default_provider`.
    /// `None` when a half is empty.
    pub(super) fn parse(self, text: &str, default_provider: &str) -> Option<ModelRef> {
        let text = trim(text);
        if text.is_empty() {
            return None;
        }
        if self >= Self::May && text.eq_ignore_ascii_case("openrouter:auto") {
            return Some(self.reference("openrouter", "auto"));
        }
        let Some((provider, model)) = text.split_once('/') else {
            return Some(self.reference(default_provider, text));
        };
        let (provider, model) = (trim(provider), trim(model));
        (!provider.is_empty() && !model.is_empty()).then(|| self.reference(provider, model))
    }

    /// Cuts off an auth profile: `provider/model@profile`. Dates (`@20250101`) and, later,
    /// quantisations (`@q4_k_m`, `@4bit`) belong to the id.
    pub(super) fn without_profile(self, text: &str) -> &str {
        let text = trim(text);
        let after_slash = text.rfind('/').map_or(0, |i| i + 1);
        let Some(mut at) = text[after_slash..].find('@').map(|i| i + after_slash) else {
            return text;
        };
        if at == 0 {
            return text;
        }
        if is_date(&text[at + 1..]) {
            match text[at + 9..].find('@') {
                Some(next) => at += 9 + next,
                None => return text,
            }
        }
        if self >= Self::April && is_quantisation(&text[at + 1..]) {
            match text[at + 1..].find('@') {
                Some(next) => at += 1 + next,
                None => return text,
            }
        }
        let (model, profile) = (trim(&text[..at]), trim(&text[at + 1..]));
        if model.is_empty() || profile.is_empty() {
            text
        } else {
            model
        }
    }
}

/// Whether a suffix begins with eight digits and nothing more before the next `@`.
fn is_date(suffix: &str) -> bool {
    let digits = suffix.bytes().take_while(u8::is_ascii_digit).count();
    digits == 8 && matches!(suffix.as_bytes().get(8), None | Some(b'@'))
}

/// Whether a suffix is `q4`, `iq4_xs`, `4bit` and the like.
fn is_quantisation(suffix: &str) -> bool {
    let word = suffix.split('@').next().unwrap_or("").to_ascii_lowercase();
    let digits_then = |text: &str| {
        let n = text.bytes().take_while(u8::is_ascii_digit).count();
        (n > 0).then(|| text[n..].to_owned())
    };
    if digits_then(&word).as_deref() == Some("bit") {
        return true;
    }
    let Some(rest) = word.strip_prefix('i').unwrap_or(&word).strip_prefix('q') else {
        return false;
    };
    let Some(rest) = digits_then(rest) else {
        return false;
    };
    rest.is_empty()
        || rest.strip_prefix('_').is_some_and(|parts| {
            parts
                .split('_')
                .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric()))
        })
}

fn early_anthropic(model: &str) -> Option<&'static str> {
    Some(match model.to_lowercase().as_str() {
        "opus-4.6" => "claude-opus-4-6",
        "opus-4.5" => "claude-opus-4-5",
        "sonnet-4.6" => "claude-sonnet-4-6",
        "sonnet-4.5" => "claude-sonnet-4-5",
        _ => return None,
    })
}

/// 2026.2.24 to 2026.4.22.
fn early(provider: &str, model: &str) -> String {
    let known = match provider {
        "anthropic" => early_anthropic(model),
        "google" | "google-vertex" => match model {
            "gemini-3-pro" => Some("gemini-3-pro-preview"),
            "gemini-3-flash" | "gemini-3.1-flash" | "gemini-3.1-flash-preview" => {
                Some("gemini-3-flash-preview")
            }
            "gemini-3.1-pro" => Some("gemini-3.1-pro-preview"),
            "gemini-3.1-flash-lite" => Some("gemini-3.1-flash-lite-preview"),
            _ => None,
        },
        "xai" => match model {
            "grok-4-fast-reasoning" => Some("grok-4-fast"),
            "grok-4-1-fast-reasoning" => Some("grok-4-1-fast"),
            "grok-4.20-experimental-beta-0304-reasoning" | "grok-4.20-reasoning" => {
                Some("grok-4.20-beta-latest-reasoning")
            }
            "grok-4.20-experimental-beta-0304-non-reasoning" | "grok-4.20-non-reasoning" => {
                Some("grok-4.20-beta-latest-non-reasoning")
            }
            _ => None,
        },
        "openrouter" if !model.contains('/') => return format!("openrouter/{model}"),
        "vercel-ai-gateway" if !model.contains('/') => {
            let full = early_anthropic(model).unwrap_or(model);
            if full.starts_with("claude-") {
                return format!("anthropic/{full}");
            }
            None
        }
        _ => None,
    };
    known.unwrap_or(model).to_owned()
}

/// Cuts off a provider's own name in front of its model.
fn without_own_prefix<'a>(provider: &str, model: &'a str) -> &'a str {
    let head = model.get(..provider.len());
    match model.as_bytes().get(provider.len()) {
        Some(b'/') if head.is_some_and(|h| h.eq_ignore_ascii_case(provider)) => {
            &model[provider.len() + 1..]
        }
        _ => model,
    }
}

/// 2026.4.29 and later.
fn late(provider: &str, model: &str) -> String {
    let lower = model.to_lowercase();
    let known = match provider {
        "anthropic" => match lower.as_str() {
            "fable" | "fable-5.1" | "fable-5-1" => Some("claude-fable-5-1"),
            "fable-5" => Some("claude-fable-5"),
            "haiku" => Some("claude-haiku-4-5"),
            "opus-5.5" | "opus-5-5" => Some("claude-opus-5-5"),
            "opus-5" | "opus" => Some("claude-opus-5"),
            "opus-4.8" => Some("claude-opus-4-8"),
            "opus-4.7" => Some("claude-opus-4-7"),
            "opus-4.6" => Some("claude-opus-4-6"),
            "mythos-5" => Some("claude-mythos-5"),
            "sonnet-5" | "sonnet" => Some("claude-sonnet-5"),
            "sonnet-4.6" => Some("claude-sonnet-4-6"),
            _ => None,
        },
        "google" | "google-gemini-cli" | "google-vertex" => late_google(&lower),
        "xai" => match lower.as_str() {
            "grok-4.3-latest" => Some("grok-4.3"),
            "grok-4.5-latest" | "grok-build-latest" => Some("grok-4.5"),
            "grok-4-fast-reasoning" => Some("grok-4-fast"),
            "grok-4-1-fast-reasoning" => Some("grok-4-1-fast"),
            _ => None,
        },
        "together" if model == "moonshotai/Kimi-K2.5" => Some("moonshotai/Kimi-K2.6"),
        "openrouter" | "nvidia" if !model.is_empty() && !model.contains('/') => {
            return format!("{provider}/{model}");
        }
        "vercel-ai-gateway" => {
            let full = match lower.as_str() {
                "opus-4.6" => "claude-opus-4-6",
                "sonnet-5" => "claude-sonnet-5",
                "sonnet" | "sonnet-4.6" => "claude-sonnet-4-6",
                _ => model,
            };
            if full.to_lowercase().starts_with("claude-") {
                return format!("anthropic/{full}");
            }
            return full.to_owned();
        }
        _ => None,
    };
    known.unwrap_or(model).to_owned()
}

fn late_google(model: &str) -> Option<&'static str> {
    Some(match model {
        "gemini-3-pro" | "gemini-3-pro-preview" | "gemini-3.1-pro" => "gemini-3.1-pro-preview",
        "gemini-3-flash" | "gemini-3.1-flash" | "gemini-3.1-flash-preview" => {
            "gemini-3-flash-preview"
        }
        "gemini-3.1-flash-lite-preview" => "gemini-3.1-flash-lite",
        "gemma-4-26b" => "gemma-4-26b-a4b-it",
        _ => return None,
    })
}

/// The aliases that a release adds to entries of `agents.defaults.models` that have none.
pub(super) fn builtin_aliases(names: Names) -> &'static [(&'static str, &'static str)] {
    match names {
        Names::February | Names::March | Names::April => &[
            ("opus", "anthropic/claude-opus-4-6"),
            ("sonnet", "anthropic/claude-sonnet-4-6"),
            ("gpt", "openai/gpt-5.4"),
            ("gpt-mini", "openai/gpt-5-mini"),
            ("gemini", "google/gemini-3.1-pro-preview"),
            ("gemini-flash", "google/gemini-3-flash-preview"),
            ("gemini-flash-lite", "google/gemini-3.1-flash-lite-preview"),
        ],
        Names::May | Names::June => &[
            ("opus", "anthropic/claude-opus-4-7"),
            ("sonnet", "anthropic/claude-sonnet-4-6"),
            ("gpt", "openai/gpt-5.4"),
            ("gpt-mini", "openai/gpt-5.4-mini"),
            ("gpt-nano", "openai/gpt-5.4-nano"),
            ("gemini", "google/gemini-3.1-pro-preview"),
            ("gemini-flash", "google/gemini-3-flash-preview"),
            ("gemini-flash-lite", "google/gemini-3.1-flash-lite-preview"),
        ],
        Names::August => &[
            ("opus", "anthropic/claude-opus-5"),
            ("sonnet", "anthropic/claude-sonnet-5"),
            ("gpt", "openai/gpt-5.4"),
            ("gpt-mini", "openai/gpt-5.4-mini"),
            ("gpt-nano", "openai/gpt-5.4-nano"),
            ("gemini", "google/gemini-3.1-pro-preview"),
            ("gemini-flash", "google/gemini-3-flash-preview"),
            ("gemini-flash-lite", "google/gemini-3.1-flash-lite"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_cut_off_and_dates_are_not() {
        let march = |t| Names::March.without_profile(t);
        assert_eq!(march(" mock/b@work "), "mock/b");
        assert_eq!(march("mock/b@x@y"), "mock/b");
        assert_eq!(march("mock/b@"), "mock/b@");
        assert_eq!(march("mock/b@20250101"), "mock/b@20250101");
        assert_eq!(march("mock/b@20250101@work"), "mock/b@20250101");
        assert_eq!(march("mock/b@202501011"), "mock/b");
        assert_eq!(march("mock@x/b"), "mock@x/b");
        assert_eq!(march("@work"), "@work");
        assert_eq!(march("mock/b@q4_k_m"), "mock/b");
        let late = |t| Names::August.without_profile(t);
        assert_eq!(late("mock/b@q4_k_m"), "mock/b@q4_k_m");
        assert_eq!(late("mock/b@4bit@work"), "mock/b@4bit");
        assert_eq!(late("mock/b@iq4_xs"), "mock/b@iq4_xs");
        assert_eq!(late("mock/b@quick"), "mock/b");
    }

    #[test]
    fn references_split_at_the_first_slash() {
        let parse = |t| {
            Names::March
                .parse(t, "d")
                .map(|r| (r.provider.clone(), r.model))
        };
        let pair = |p: &str, m: &str| Some((p.to_owned(), m.to_owned()));
        assert_eq!(parse(" MOCK / B "), pair("mock", "B"));
        assert_eq!(parse("mock//b"), pair("mock", "/b"));
        assert_eq!(
            parse("openrouter/anthropic/x"),
            pair("openrouter", "anthropic/x")
        );
        assert_eq!(parse("x"), pair("d", "x"));
        assert_eq!(
            parse("openrouter/auto"),
            pair("openrouter", "openrouter/auto")
        );
        assert_eq!(parse("Z.AI/glm"), pair("zai", "glm"));
        assert_eq!(parse("mock/"), None);
        assert_eq!(parse("/b"), None);
        assert_eq!(parse("  "), None);
    }
}
