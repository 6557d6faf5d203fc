//! The tables of names, by release.
//!
//! Source: read in the packages of the checked releases; from 2026.4.29 on the plugins' manifests
//! (`modelIdNormalization`) come first and the gateway's own tables behind them.

use super::super::anthropic::Claude as ClaudeModels;
use super::Change::{AnyCase, Claude, ClaudeAnyCase, Cut, Exact, Google, Prefix};
use super::{Change, IdRule, Keys, Names, Profiles, Table};

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

const CLAUDE_46: Table = &[
    ("opus-4.6", "claude-opus-4-6"),
    ("opus-4.5", "claude-opus-4-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
    ("sonnet-4.5", "claude-sonnet-4-5"),
];
const CLAUDE_48: Table = &[
    ("opus-4.8", "claude-opus-4-8"),
    ("opus", "claude-opus-4-8"),
    ("opus-4.6", "claude-opus-4-6"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
const CLAUDE_JULY: Table = &[
    ("opus-4.8", "claude-opus-4-8"),
    ("opus", "claude-opus-4-8"),
    ("opus-4.6", "claude-opus-4-6"),
    ("mythos-5", "claude-mythos-5"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
const CLAUDE_AUGUST: Table = &[
    ("opus-5", "claude-opus-5"),
    ("opus", "claude-opus-5"),
    ("opus-4.8", "claude-opus-4-8"),
    ("opus-4.6", "claude-opus-4-6"),
    ("mythos-5", "claude-mythos-5"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
const CLAUDE_SEPTEMBER: Table = &[
    ("fable", "claude-fable-5-1"),
    ("fable-5", "claude-fable-5"),
    ("fable-5.1", "claude-fable-5-1"),
    ("fable-5-1", "claude-fable-5-1"),
    ("haiku", "claude-haiku-4-5"),
    ("opus-5.5", "claude-opus-5-5"),
    ("opus-5-5", "claude-opus-5-5"),
    ("opus-5", "claude-opus-5"),
    ("opus", "claude-opus-5"),
    ("opus-4.8", "claude-opus-4-8"),
    ("opus-4.7", "claude-opus-4-7"),
    ("opus-4.6", "claude-opus-4-6"),
    ("mythos-5", "claude-mythos-5"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
const CLAUDE_AT_VERCEL: Table = &[
    ("opus-4.6", "claude-opus-4-6"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
const CLAUDE_AT_VERCEL_JULY: Table = &[
    ("opus-4.6", "claude-opus-4-6"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-4-6"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];

const GEMINI_FEBRUARY: Table = &[
    ("gemini-3-pro", "gemini-3-pro-preview"),
    ("gemini-3-flash", "gemini-3-flash-preview"),
];
pub(in crate::model) const GEMINI_MARCH: Table = &[
    ("gemini-3-pro", "gemini-3-pro-preview"),
    ("gemini-3-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-pro", "gemini-3.1-pro-preview"),
    ("gemini-3.1-flash-lite", "gemini-3.1-flash-lite-preview"),
    ("gemini-3.1-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-flash-preview", "gemini-3-flash-preview"),
];
const GEMINI_MAY: Table = &[
    ("gemini-3-pro", "gemini-3.1-pro-preview"),
    ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
    ("gemini-3-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-pro", "gemini-3.1-pro-preview"),
    ("gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"),
    ("gemini-3.1-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-flash-preview", "gemini-3-flash-preview"),
];
const GEMINI_JUNE: Table = &[
    ("gemini-3-pro", "gemini-3.1-pro-preview"),
    ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
    ("gemini-3-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-pro", "gemini-3.1-pro-preview"),
    ("gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"),
    ("gemini-3.1-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-flash-preview", "gemini-3-flash-preview"),
    ("gemma-4-26b", "gemma-4-26b-a4b-it"),
];

const GROK_4: Table = &[
    ("grok-4-fast-reasoning", "grok-4-fast"),
    ("grok-4-1-fast-reasoning", "grok-4-1-fast"),
];
const GROK_420: Table = &[
    (
        "grok-4.20-experimental-beta-0304-reasoning",
        "grok-4.20-beta-latest-reasoning",
    ),
    (
        "grok-4.20-experimental-beta-0304-non-reasoning",
        "grok-4.20-beta-latest-non-reasoning",
    ),
    ("grok-4.20-reasoning", "grok-4.20-beta-latest-reasoning"),
    (
        "grok-4.20-non-reasoning",
        "grok-4.20-beta-latest-non-reasoning",
    ),
];
const GROK_LATEST: Table = &[
    ("grok-4.3-latest", "grok-4.3"),
    ("grok-4.5-latest", "grok-4.5"),
    ("grok-build-latest", "grok-4.5"),
];

const FOLDS_FEBRUARY: Table = &[
    ("z.ai", "zai"),
    ("z-ai", "zai"),
    ("opencode-zen", "opencode"),
    ("qwen", "qwen-portal"),
    ("kimi-code", "kimi-coding"),
    ("bedrock", "amazon-bedrock"),
    ("aws-bedrock", "amazon-bedrock"),
    ("bytedance", "volcengine"),
    ("doubao", "volcengine"),
];
const FOLDS_MARCH_24: Table = &[
    ("qwen", "qwen-portal"),
    ("z.ai", "zai"),
    ("z-ai", "zai"),
    ("opencode-zen", "opencode"),
    ("opencode-go-auth", "opencode-go"),
    ("kimi-code", "kimi"),
    ("kimi-coding", "kimi"),
    ("bedrock", "amazon-bedrock"),
    ("aws-bedrock", "amazon-bedrock"),
    ("bytedance", "volcengine"),
    ("doubao", "volcengine"),
];
const FOLDS_MARCH: Table = &[
    ("z.ai", "zai"),
    ("z-ai", "zai"),
    ("opencode-zen", "opencode"),
    ("opencode-go-auth", "opencode-go"),
    ("kimi-code", "kimi"),
    ("kimi-coding", "kimi"),
    ("bedrock", "amazon-bedrock"),
    ("aws-bedrock", "amazon-bedrock"),
    ("bytedance", "volcengine"),
    ("doubao", "volcengine"),
];
const FOLDS_APRIL: Table = &[
    ("modelstudio", "qwen"),
    ("qwencloud", "qwen"),
    ("z.ai", "zai"),
    ("z-ai", "zai"),
    ("opencode-zen", "opencode"),
    ("opencode-go-auth", "opencode-go"),
    ("kimi-code", "kimi"),
    ("kimi-coding", "kimi"),
    ("bedrock", "amazon-bedrock"),
    ("aws-bedrock", "amazon-bedrock"),
    ("bytedance", "volcengine"),
    ("doubao", "volcengine"),
];

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

/// The models of the Claude CLI, 2026.4.22.
pub(in crate::model) const CLI_APRIL_22: &[&str] = &[
    "claude-cli/claude-opus-4-7",
    "claude-cli/claude-sonnet-4-6",
    "claude-cli/claude-opus-4-6",
    "claude-cli/claude-opus-4-5",
    "claude-cli/claude-sonnet-4-5",
    "claude-cli/claude-haiku-4-5",
];

/// The models of the Claude CLI, 2026.4.29.
pub(in crate::model) const CLI_APRIL_29: &[&str] = &[
    "anthropic/claude-opus-4-7",
    "anthropic/claude-sonnet-4-6",
    "anthropic/claude-opus-4-6",
    "anthropic/claude-opus-4-5",
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-haiku-4-5",
];

/// Claude's models as 2026.5.28 and 2026.6.11 know them.
pub(in crate::model) const CLAUDE_IN_MAY: ClaudeModels = ClaudeModels {
    with_key: &["anthropic/claude-sonnet-4-6"],
    with_cli: &[
        "anthropic/claude-opus-4-8",
        "anthropic/claude-opus-4-7",
        "anthropic/claude-sonnet-4-6",
        "anthropic/claude-opus-4-6",
    ],
    ids: &[
        ("opus", "claude-opus-4-8"),
        ("sonnet", "claude-sonnet-4-6"),
        ("haiku", "claude-haiku-4-5"),
        ("opus-4.8", "claude-opus-4-8"),
        ("opus-4.7", "claude-opus-4-7"),
        ("opus-4.6", "claude-opus-4-6"),
        ("sonnet-4.6", "claude-sonnet-4-6"),
    ],
    opus: "claude-opus-4-8",
};

/// Claude's models as 2026.7.1 knows them.
pub(in crate::model) const CLAUDE_IN_JULY: ClaudeModels = ClaudeModels {
    with_key: &["anthropic/claude-sonnet-5", "anthropic/claude-sonnet-4-6"],
    with_cli: &[
        "anthropic/claude-opus-4-8",
        "anthropic/claude-sonnet-5",
        "anthropic/claude-opus-4-7",
        "anthropic/claude-sonnet-4-6",
        "anthropic/claude-opus-4-6",
    ],
    ids: &[
        ("opus", "claude-opus-4-8"),
        ("sonnet", "claude-sonnet-5"),
        ("haiku", "claude-haiku-4-5"),
        ("opus-4.8", "claude-opus-4-8"),
        ("opus-4.7", "claude-opus-4-7"),
        ("opus-4.6", "claude-opus-4-6"),
        ("sonnet-5", "claude-sonnet-5"),
        ("sonnet-4.6", "claude-sonnet-4-6"),
    ],
    opus: "claude-opus-4-8",
};

/// Claude's models as 2026.8.1 knows them.
pub(in crate::model) const CLAUDE_IN_AUGUST: ClaudeModels = ClaudeModels {
    with_key: CLAUDE_IN_JULY.with_key,
    with_cli: &[
        "anthropic/claude-opus-5",
        "anthropic/claude-sonnet-5",
        "anthropic/claude-fable-5",
        "anthropic/claude-opus-4-8",
        "anthropic/claude-opus-4-7",
        "anthropic/claude-sonnet-4-6",
        "anthropic/claude-opus-4-6",
    ],
    ids: &[
        ("opus", "claude-opus-5"),
        ("sonnet", "claude-sonnet-5"),
        ("fable", "claude-fable-5"),
        ("haiku", "claude-haiku-4-5"),
        ("opus-5", "claude-opus-5"),
        ("opus-4.8", "claude-opus-4-8"),
        ("opus-4.7", "claude-opus-4-7"),
        ("opus-4.6", "claude-opus-4-6"),
        ("sonnet-5", "claude-sonnet-5"),
        ("sonnet-4.6", "claude-sonnet-4-6"),
        ("fable-5", "claude-fable-5"),
    ],
    opus: "claude-opus-5",
};

/// Claude's models as 2026.9.6 knows them.
pub(in crate::model) const CLAUDE_IN_SEPTEMBER: ClaudeModels = ClaudeModels {
    with_key: CLAUDE_IN_JULY.with_key,
    with_cli: &[
        "anthropic/claude-opus-5",
        "anthropic/claude-sonnet-5",
        "anthropic/claude-fable-5",
        "anthropic/claude-fable-5-1",
        "anthropic/claude-opus-5-5",
        "anthropic/claude-opus-4-8",
        "anthropic/claude-opus-4-7",
        "anthropic/claude-sonnet-4-6",
        "anthropic/claude-opus-4-6",
    ],
    ids: CLAUDE_SEPTEMBER,
    opus: "claude-opus-5",
};
