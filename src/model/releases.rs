//! The eras and the rules of each checked release.

use super::era::{Era, Otherwise, Release};
use super::names::{claude, tables};
use super::rules::{
    Aliases, Allow, Bare, Chain, Disallowed, Drops, First, FirstProvider, Foreign, Gmail,
    HiddenAllowlist, Inherit, Live, Load, Named, OwnFallbacks, OwnModels, Payloads, Primary,
    Rejection, Rosters, Rules, Subagents,
};
use crate::schedule::Version;

const fn v(month: u16, patch: u16) -> Version {
    Version::new(2026, month, patch)
}

/// 2026.2.24.
const FEBRUARY_24: Rules = Rules {
    names: tables::FEBRUARY_24,
    aliases: Aliases::Bare,
    builtin_twice: true,
    own_models: OwnModels::None,
    bare: Bare::DefaultProvider,
    primary: Primary::Early,
    foreign: Foreign::None,
    builtin: ("anthropic", "claude-opus-4-6"),
    first_provider: FirstProvider::Never,
    allow: Allow::MapAndDefault,
    disallowed: Disallowed::Fails,
    rejection: Rejection::Bare,
    subagents: Subagents::None,
    chain: Chain {
        payload: false,
        payload_trimmed: false,
        inherit: Inherit::SameModel,
        own: OwnFallbacks::Listed,
        pinned_ends: false,
        of_subagents: false,
        same_text: false,
        filtered: true,
        first: First::Normalised,
        blind: false,
        normalised: false,
        by_pair: false,
    },
    live: Live::None,
    drops: Drops::None,
    gmail: Gmail::HookOnly,
    named_sessions: Named::Ignored,
    payloads: Payloads::Turns,
    hidden: HiddenAllowlist::Parsed,
    cli_providers: false,
    load: Load::Kept,
    roster: Rosters::List,
};

/// 2026.2.26.
const FEBRUARY_26: Rules = Rules {
    names: tables::FEBRUARY_26,
    disallowed: Disallowed::RunsDefault,
    chain: Chain {
        inherit: Inherit::SameProvider,
        filtered: false,
        ..FEBRUARY_24.chain
    },
    ..FEBRUARY_24
};

/// 2026.3.24.
const MARCH_24: Rules = Rules {
    names: tables::MARCH_24,
    first_provider: FirstProvider::UnlessNamed,
    allow: Allow::Map,
    subagents: Subagents::WithoutAgentModel,
    chain: Chain {
        payload: true,
        ..FEBRUARY_26.chain
    },
    gmail: Gmail::BySource,
    named_sessions: Named::Any,
    ..FEBRUARY_26
};

/// 2026.3.28.
const MARCH_28: Rules = Rules {
    names: tables::MARCH_28,
    live: Live::Compare,
    ..MARCH_24
};

/// 2026.3.31.
const MARCH_31: Rules = Rules {
    subagents: Subagents::AgentModelFirst,
    live: Live::Track,
    ..MARCH_28
};

/// 2026.4.1: it follows only what is asked for while a run lasts.
const APRIL_1: Rules = Rules {
    live: Live::Pending,
    ..MARCH_31
};

/// 2026.4.5.
const APRIL_5: Rules = Rules {
    names: tables::APRIL_5,
    bare: Bare::Written,
    builtin: ("openai", "gpt-5.4"),
    chain: Chain {
        pinned_ends: true,
        ..APRIL_1.chain
    },
    named_sessions: Named::Checked,
    hidden: HiddenAllowlist::Written(&[]),
    load: Load::GoogleRows,
    ..APRIL_1
};

/// 2026.4.22.
const APRIL_22: Rules = Rules {
    names: tables::APRIL_22,
    bare: Bare::Read,
    chain: Chain {
        payload_trimmed: true,
        ..APRIL_5.chain
    },
    hidden: HiddenAllowlist::Written(claude::CLI_APRIL_22),
    ..APRIL_5
};

/// 2026.4.29, which rewrites no id: it looks for the manifests of its plugins one directory too
/// high (run on 2026.4.29).
const APRIL_29: Rules = Rules {
    names: tables::APRIL_29,
    aliases: Aliases::Whole,
    bare: Bare::ReadInMaps,
    primary: Primary::Alias,
    foreign: Foreign::Named,
    builtin: ("openai", "gpt-5.5"),
    disallowed: Disallowed::Fails,
    rejection: Rejection::CronShort,
    chain: Chain {
        own: OwnFallbacks::Strict,
        first: First::AliasOfAny,
        blind: true,
        ..APRIL_22.chain
    },
    drops: Drops::Auto,
    hidden: HiddenAllowlist::Written(claude::CLI_APRIL_29),
    cli_providers: true,
    ..APRIL_22
};

/// 2026.4.29 once the index of its plugins is there.
const APRIL_29_INDEXED: Rules = Rules {
    names: tables::APRIL_29_INDEXED,
    ..APRIL_29
};

/// 2026.5.28.
const MAY_28: Rules = Rules {
    names: tables::MAY_28,
    bare: Bare::Listed,
    primary: Primary::AliasOrProfile,
    allow: Allow::MapWithWildcards,
    rejection: Rejection::Cron,
    chain: Chain {
        inherit: Inherit::Always,
        of_subagents: true,
        first: First::AliasOfProvider,
        ..APRIL_29.chain
    },
    drops: Drops::AutoOrFallback,
    hidden: HiddenAllowlist::Known(&claude::CLAUDE_IN_MAY),
    cli_providers: false,
    load: Load::Short,
    ..APRIL_29
};

/// 2026.6.11.
const JUNE_11: Rules = Rules {
    names: tables::JUNE_11,
    primary: Primary::Configured,
    foreign: Foreign::NamedOrHalf,
    payloads: Payloads::Commands,
    chain: Chain {
        same_text: true,
        blind: false,
        normalised: true,
        ..MAY_28.chain
    },
    ..MAY_28
};

/// 2026.7.1.
const JULY_1: Rules = Rules {
    names: tables::JULY_1,
    aliases: Aliases::Scoped,
    builtin_twice: false,
    hidden: HiddenAllowlist::Known(&claude::CLAUDE_IN_JULY),
    ..JUNE_11
};

/// 2026.8.1.
const AUGUST_1: Rules = Rules {
    names: tables::AUGUST_1,
    own_models: OwnModels::Instead,
    builtin: ("openai", "gpt-5.6-sol"),
    first_provider: FirstProvider::UnlessListed,
    allow: Allow::PolicyAndDefault,
    rejection: Rejection::Automation,
    subagents: Subagents::AgentModelLast,
    chain: Chain {
        first: First::Normalised,
        by_pair: true,
        ..JULY_1.chain
    },
    payloads: Payloads::Scripts,
    hidden: HiddenAllowlist::Known(&claude::CLAUDE_IN_AUGUST),
    roster: Rosters::Entries,
    ..JULY_1
};

/// 2026.9.6.
const SEPTEMBER_6: Rules = Rules {
    names: tables::SEPTEMBER_6,
    bare: Bare::ExactCase,
    primary: Primary::Scoped,
    foreign: Foreign::NamedOrBare,
    builtin: ("openai", "gpt-6-astra"),
    allow: Allow::Policy,
    chain: Chain {
        first: First::Verbatim,
        normalised: false,
        ..AUGUST_1.chain
    },
    drops: Drops::AutoOrDefault,
    own_models: OwnModels::Beside,
    hidden: HiddenAllowlist::Known(&claude::CLAUDE_IN_SEPTEMBER),
    load: Load::Full,
    roster: Rosters::Repaired,
    ..AUGUST_1
};

const fn at(version: Version, rules: Rules) -> Release {
    Release {
        version,
        rules,
        otherwise: None,
    }
}

/// The eras, oldest first.
pub const ERAS: &[Era] = &[
    Era {
        name: "up to 2026.2.24",
        from: None,
        until: Some(v(2, 24)),
        change: "a payload model that is not allowed fails the run",
        source: "openclaw#26786",
        releases: &[at(v(2, 24), FEBRUARY_24)],
    },
    Era {
        name: "2026.2.25 to 2026.3.27",
        from: Some(v(2, 25)),
        until: Some(v(3, 27)),
        change: "a payload model that is not allowed silently runs the default",
        source: "openclaw PR 26717, #79955",
        releases: &[at(v(2, 26), FEBRUARY_26), at(v(3, 24), MARCH_24)],
    },
    Era {
        name: "2026.3.28",
        from: Some(v(3, 28)),
        until: Some(v(3, 28)),
        change: "every attempt is compared with the session's selection: the incident",
        source: "openclaw#57450, #58592, #57206; run on 2026.3.28",
        releases: &[at(v(3, 28), MARCH_28)],
    },
    Era {
        name: "2026.3.31 to 2026.4.4",
        from: Some(v(3, 31)),
        until: Some(v(4, 4)),
        change: "only an attempt that equals the selection at its start is tracked; the agent's \
                 model counts among the sub-agent defaults",
        source: "openclaw PR 57972, #58003; run on 2026.3.31",
        releases: &[at(v(3, 31), MARCH_31), at(v(4, 1), APRIL_1)],
    },
    Era {
        name: "2026.4.5 to 2026.4.22",
        from: Some(v(4, 5)),
        until: Some(v(4, 22)),
        change: "only a switch that someone asked for is followed (liveModelSwitchPending)",
        source: "read in 2026.4.5 and 2026.4.22",
        releases: &[at(v(4, 5), APRIL_5), at(v(4, 22), APRIL_22)],
    },
    Era {
        name: "2026.4.29 to 2026.7.1",
        from: Some(v(4, 29)),
        until: Some(v(7, 1)),
        change: "a payload model that is not allowed fails the run; it never falls to the default",
        source: "openclaw PR 73156, #73146; read in 2026.4.29, 2026.5.28, 2026.6.11 and 2026.7.1",
        releases: &[
            Release {
                version: v(4, 29),
                rules: APRIL_29,
                otherwise: Some(Otherwise {
                    when: "once the gateway has written the index of its plugins",
                    rules: APRIL_29_INDEXED,
                }),
            },
            at(v(5, 28), MAY_28),
            at(v(6, 11), JUNE_11),
            at(v(7, 1), JULY_1),
        ],
    },
    Era {
        name: "2026.8.1 and later",
        from: Some(v(8, 1)),
        until: None,
        change: "modelPolicy decides what is allowed; agents.entries; fallbacks are not allowed by \
                 themselves, from 2026.9.6 on the default neither",
        source: "run on 2026.9.6; read in 2026.8.1",
        releases: &[at(v(8, 1), AUGUST_1), at(v(9, 6), SEPTEMBER_6)],
    },
];
