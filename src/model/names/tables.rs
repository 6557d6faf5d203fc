//! The tables of names, by release.
//!
//! Source: read in the packages of the checked releases; from 2026.4.29 on the plugins' manifests
//! (`modelIdNormalization`) come first and the gateway's own tables behind them.

use super::Change::{AnyCase, Claude, ClaudeAnyCase, Cut, Exact, Google, Prefix};
use super::words::{
    CLAUDE_46, CLAUDE_48, CLAUDE_AT_VERCEL, CLAUDE_AT_VERCEL_JULY, CLAUDE_AUGUST, CLAUDE_JULY,
    CLAUDE_SEPTEMBER, FOLDS_APRIL, FOLDS_FEBRUARY, FOLDS_MARCH, FOLDS_MARCH_24, GEMINI_FEBRUARY,
    GEMINI_JUNE, GEMINI_MARCH, GEMINI_MAY, GROK_4, GROK_420, GROK_LATEST,
};
use super::{Change, IdRule, Keys, Names, Profiles};

const fn rule(of: &'static [&'static str], change: Change) -> IdRule {
    IdRule { of, change }
}

const ANTHROPIC: &[&str] = &["anthropic"];
const GOOGLES: &[&str] = &["google", "google-vertex"];
const ALL_GOOGLES: &[&str] = &["google", "google-gemini-cli", "google-vertex"];
const VERCEL: &[&str] = &["vercel-ai-gateway"];
const XAI: &[&str] = &["xai"];
const OPENROUTER: IdRule = rule(&["openrouter"], Prefix("openrouter"));
const NVIDIA: IdRule = rule(&["nvidia"], Prefix("nvidia"));
const HUGGINGFACE: IdRule = rule(&["huggingface"], Cut("huggingface"));
const KIMI: IdRule = rule(
    &["together"],
    Exact(&[("moonshotai/Kimi-K2.5", "moonshotai/Kimi-K2.6")]),
);

/// The aliases of a release, with the models that they stand for.
macro_rules! aliases {
    ($opus:literal, $sonnet:literal, $mini:literal, $lite:literal $(, $nano:literal)?) => {
        &[
            ("opus", $opus),
            ("sonnet", $sonnet),
            ("gpt", "openai/gpt-5.4"),
            ("gpt-mini", $mini),
            $(("gpt-nano", $nano),)?
            ("gemini", "google/gemini-3.1-pro-preview"),
            ("gemini-flash", "google/gemini-3-flash-preview"),
            ("gemini-flash-lite", $lite),
        ]
    };
}

/// 2026.2.24.
pub(in crate::model) const FEBRUARY_24: Names = Names {
    providers: FOLDS_FEBRUARY,
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_46)),
        rule(&["google"], Exact(GEMINI_FEBRUARY)),
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_46)),
        rule(VERCEL, Claude),
    ],
    google: &[],
    moved: &[("openai", "gpt-5.3-codex", "openai-codex")],
    cuts_own_prefix: false,
    keys: Keys::Full,
    profiles: Profiles::Kept,
    openrouter_words: false,
    aliases: &[
        ("opus", "anthropic/claude-opus-4-6"),
        ("sonnet", "anthropic/claude-sonnet-4-6"),
        ("gpt", "openai/gpt-5.2"),
        ("gpt-mini", "openai/gpt-5-mini"),
        ("gemini", "google/gemini-3-pro-preview"),
        ("gemini-flash", "google/gemini-3-flash-preview"),
    ],
};

/// 2026.2.26.
pub(in crate::model) const FEBRUARY_26: Names = Names {
    profiles: Profiles::Last,
    ..FEBRUARY_24
};

/// 2026.3.24.
pub(in crate::model) const MARCH_24: Names = Names {
    providers: FOLDS_MARCH_24,
    ..MARCH_28
};

/// 2026.3.28 to 2026.4.1.
pub(in crate::model) const MARCH_28: Names = Names {
    providers: FOLDS_MARCH,
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_46)),
        rule(GOOGLES, Exact(GEMINI_MARCH)),
        OPENROUTER,
        rule(XAI, Exact(GROK_4)),
        rule(XAI, Exact(GROK_420)),
        rule(VERCEL, AnyCase(CLAUDE_46)),
        rule(VERCEL, Claude),
    ],
    google: &[],
    moved: &[],
    cuts_own_prefix: false,
    keys: Keys::Short,
    profiles: Profiles::First,
    openrouter_words: false,
    aliases: aliases!(
        "anthropic/claude-opus-4-6",
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-5-mini",
        "google/gemini-3.1-flash-lite-preview"
    ),
};

/// 2026.4.5.
pub(in crate::model) const APRIL_5: Names = Names {
    providers: FOLDS_APRIL,
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_46)),
        rule(GOOGLES, Exact(GEMINI_MARCH)),
        OPENROUTER,
        rule(XAI, Exact(GROK_4)),
        rule(XAI, Exact(GROK_420)),
        rule(VERCEL, AnyCase(CLAUDE_46)),
        rule(VERCEL, Claude),
        HUGGINGFACE,
    ],
    aliases: aliases!(
        "anthropic/claude-opus-4-6",
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-5.4-mini",
        "google/gemini-3.1-flash-lite-preview",
        "openai/gpt-5.4-nano"
    ),
    ..MARCH_28
};

/// 2026.4.22.
pub(in crate::model) const APRIL_22: Names = Names {
    profiles: Profiles::FirstQuantised,
    openrouter_words: true,
    aliases: aliases!(
        "anthropic/claude-opus-4-7",
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-5.4-mini",
        "google/gemini-3.1-flash-lite-preview",
        "openai/gpt-5.4-nano"
    ),
    ..APRIL_5
};

/// 2026.4.29 as a fresh gateway runs it: it looks for its plugins' manifests one directory too high
/// and rewrites no id.
pub(in crate::model) const APRIL_29: Names = Names {
    ids: &[],
    profiles: Profiles::FirstImatrix,
    ..APRIL_22
};

/// 2026.4.29 once the index of installed plugins (`plugins/installs.json`) is there.
pub(in crate::model) const APRIL_29_INDEXED: Names = Names {
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_46)),
        rule(GOOGLES, AnyCase(GEMINI_MARCH)),
        HUGGINGFACE,
        NVIDIA,
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_46)),
        rule(VERCEL, ClaudeAnyCase),
        rule(XAI, AnyCase(GROK_4)),
        rule(XAI, AnyCase(GROK_420)),
    ],
    ..APRIL_29
};

/// 2026.5.28.
pub(in crate::model) const MAY_28: Names = Names {
    providers: &[],
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_48)),
        rule(ALL_GOOGLES, AnyCase(GEMINI_MAY)),
        rule(ALL_GOOGLES, Google(GEMINI_MAY)),
        HUGGINGFACE,
        NVIDIA,
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_AT_VERCEL)),
        rule(VERCEL, ClaudeAnyCase),
        rule(XAI, AnyCase(GROK_420)),
        rule(XAI, AnyCase(GROK_4)),
        KIMI,
    ],
    google: GEMINI_MAY,
    aliases: aliases!(
        "anthropic/claude-opus-4-8",
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-5.4-mini",
        "google/gemini-3.1-flash-lite",
        "openai/gpt-5.4-nano"
    ),
    ..APRIL_29
};

/// 2026.6.11.
pub(in crate::model) const JUNE_11: Names = Names {
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_48)),
        rule(ANTHROPIC, Cut("anthropic")),
        rule(ANTHROPIC, AnyCase(CLAUDE_48)),
        rule(ALL_GOOGLES, AnyCase(GEMINI_MAY)),
        rule(ALL_GOOGLES, Google(GEMINI_JUNE)),
        HUGGINGFACE,
        NVIDIA,
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_AT_VERCEL)),
        rule(VERCEL, ClaudeAnyCase),
        rule(XAI, AnyCase(GROK_420)),
        rule(XAI, AnyCase(GROK_4)),
        KIMI,
    ],
    google: GEMINI_JUNE,
    cuts_own_prefix: true,
    ..MAY_28
};

/// 2026.7.1.
pub(in crate::model) const JULY_1: Names = Names {
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_JULY)),
        rule(ANTHROPIC, Cut("anthropic")),
        rule(ANTHROPIC, AnyCase(CLAUDE_JULY)),
        rule(ALL_GOOGLES, AnyCase(GEMINI_MAY)),
        rule(ALL_GOOGLES, Google(GEMINI_JUNE)),
        HUGGINGFACE,
        NVIDIA,
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_AT_VERCEL_JULY)),
        rule(VERCEL, ClaudeAnyCase),
        rule(XAI, AnyCase(GROK_420)),
        rule(XAI, AnyCase(GROK_4)),
        KIMI,
    ],
    aliases: aliases!(
        "anthropic/claude-opus-4-8",
        "anthropic/claude-sonnet-5",
        "openai/gpt-5.4-mini",
        "google/gemini-3.1-flash-lite",
        "openai/gpt-5.4-nano"
    ),
    ..JUNE_11
};

/// 2026.8.1.
pub(in crate::model) const AUGUST_1: Names = Names {
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_AUGUST)),
        rule(ANTHROPIC, Cut("anthropic")),
        rule(ANTHROPIC, AnyCase(CLAUDE_AUGUST)),
        rule(ALL_GOOGLES, AnyCase(GEMINI_MAY)),
        rule(ALL_GOOGLES, Google(GEMINI_JUNE)),
        HUGGINGFACE,
        NVIDIA,
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_AT_VERCEL_JULY)),
        rule(VERCEL, ClaudeAnyCase),
        rule(XAI, AnyCase(GROK_LATEST)),
        rule(XAI, AnyCase(GROK_4)),
        KIMI,
    ],
    aliases: aliases!(
        "anthropic/claude-opus-5",
        "anthropic/claude-sonnet-5",
        "openai/gpt-5.4-mini",
        "google/gemini-3.1-flash-lite",
        "openai/gpt-5.4-nano"
    ),
    ..JULY_1
};

/// 2026.9.6.
pub(in crate::model) const SEPTEMBER_6: Names = Names {
    ids: &[
        rule(ANTHROPIC, AnyCase(CLAUDE_SEPTEMBER)),
        rule(ANTHROPIC, Cut("anthropic")),
        rule(ANTHROPIC, AnyCase(CLAUDE_SEPTEMBER)),
        rule(ALL_GOOGLES, AnyCase(GEMINI_MAY)),
        rule(ALL_GOOGLES, Google(GEMINI_JUNE)),
        HUGGINGFACE,
        NVIDIA,
        OPENROUTER,
        rule(VERCEL, AnyCase(CLAUDE_AT_VERCEL_JULY)),
        rule(VERCEL, ClaudeAnyCase),
        rule(XAI, AnyCase(GROK_LATEST)),
        rule(XAI, AnyCase(&[("grok-4.7-latest", "grok-4.7")])),
        rule(XAI, AnyCase(GROK_4)),
        KIMI,
    ],
    ..AUGUST_1
};
