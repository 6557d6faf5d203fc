//! Short, outdated and other names, by release.

use super::Table;

pub(in crate::model) const CLAUDE_46: Table = &[
    ("opus-4.6", "claude-opus-4-6"),
    ("opus-4.5", "claude-opus-4-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
    ("sonnet-4.5", "claude-sonnet-4-5"),
];
pub(in crate::model) const CLAUDE_48: Table = &[
    ("opus-4.8", "claude-opus-4-8"),
    ("opus", "claude-opus-4-8"),
    ("opus-4.6", "claude-opus-4-6"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
pub(in crate::model) const CLAUDE_JULY: Table = &[
    ("opus-4.8", "claude-opus-4-8"),
    ("opus", "claude-opus-4-8"),
    ("opus-4.6", "claude-opus-4-6"),
    ("mythos-5", "claude-mythos-5"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
pub(in crate::model) const CLAUDE_AUGUST: Table = &[
    ("opus-5", "claude-opus-5"),
    ("opus", "claude-opus-5"),
    ("opus-4.8", "claude-opus-4-8"),
    ("opus-4.6", "claude-opus-4-6"),
    ("mythos-5", "claude-mythos-5"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-5"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
pub(in crate::model) const CLAUDE_SEPTEMBER: Table = &[
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
pub(in crate::model) const CLAUDE_AT_VERCEL: Table = &[
    ("opus-4.6", "claude-opus-4-6"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];
pub(in crate::model) const CLAUDE_AT_VERCEL_JULY: Table = &[
    ("opus-4.6", "claude-opus-4-6"),
    ("sonnet-5", "claude-sonnet-5"),
    ("sonnet", "claude-sonnet-4-6"),
    ("sonnet-4.6", "claude-sonnet-4-6"),
];

pub(in crate::model) const GEMINI_FEBRUARY: Table = &[
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
pub(in crate::model) const GEMINI_MAY: Table = &[
    ("gemini-3-pro", "gemini-3.1-pro-preview"),
    ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
    ("gemini-3-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-pro", "gemini-3.1-pro-preview"),
    ("gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"),
    ("gemini-3.1-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-flash-preview", "gemini-3-flash-preview"),
];
pub(in crate::model) const GEMINI_JUNE: Table = &[
    ("gemini-3-pro", "gemini-3.1-pro-preview"),
    ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
    ("gemini-3-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-pro", "gemini-3.1-pro-preview"),
    ("gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"),
    ("gemini-3.1-flash", "gemini-3-flash-preview"),
    ("gemini-3.1-flash-preview", "gemini-3-flash-preview"),
    ("gemma-4-26b", "gemma-4-26b-a4b-it"),
];

pub(in crate::model) const GROK_4: Table = &[
    ("grok-4-fast-reasoning", "grok-4-fast"),
    ("grok-4-1-fast-reasoning", "grok-4-1-fast"),
];
pub(in crate::model) const GROK_420: Table = &[
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
pub(in crate::model) const GROK_LATEST: Table = &[
    ("grok-4.3-latest", "grok-4.3"),
    ("grok-4.5-latest", "grok-4.5"),
    ("grok-build-latest", "grok-4.5"),
];

pub(in crate::model) const FOLDS_FEBRUARY: Table = &[
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
pub(in crate::model) const FOLDS_MARCH_24: Table = &[
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
pub(in crate::model) const FOLDS_MARCH: Table = &[
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
pub(in crate::model) const FOLDS_APRIL: Table = &[
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
