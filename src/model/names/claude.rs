//! Claude's models as releases know them when they load a configuration.

use super::words::CLAUDE_SEPTEMBER;
use crate::model::Claude;

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
pub(in crate::model) const CLAUDE_IN_MAY: Claude = Claude {
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
pub(in crate::model) const CLAUDE_IN_JULY: Claude = Claude {
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
pub(in crate::model) const CLAUDE_IN_AUGUST: Claude = Claude {
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
pub(in crate::model) const CLAUDE_IN_SEPTEMBER: Claude = Claude {
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
