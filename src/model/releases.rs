//! The eras and the rules of each checked release.

use super::era::{
    Aliases, Allow, Bare, Chain, Disallowed, Era, Live, Rejection, Release, Rules, Subagents,
};
use super::names::Names;
use crate::schedule::Version;

const fn v(month: u16, patch: u16) -> Version {
    Version::new(2026, month, patch)
}

/// 2026.2.24.
const FEBRUARY: Rules = Rules {
    names: Names::February,
    aliases: Aliases::Bare,
    agent_aliases: false,
    bare: Bare::DefaultProvider,
    builtin: ("anthropic", "claude-opus-4-6"),
    allow: Allow::Map,
    disallowed: Disallowed::Fails,
    rejection: Rejection::Bare,
    subagents: Subagents::WithoutAgentModel,
    chain: Chain::DefaultBehind,
    live: Live::None,
    drops_auto_override: false,
    rewrites: false,
    entries: false,
};

/// 2026.2.26 and 2026.3.24.
const MARCH: Rules = Rules {
    disallowed: Disallowed::RunsDefault,
    ..FEBRUARY
};

/// 2026.3.28.
const INCIDENT: Rules = Rules {
    names: Names::March,
    live: Live::Compare,
    ..MARCH
};

/// 2026.3.31 and 2026.4.1.
const AFTER: Rules = Rules {
    subagents: Subagents::AgentModelFirst,
    live: Live::Track,
    ..INCIDENT
};

/// 2026.4.5 and 2026.4.22.
const APRIL: Rules = Rules {
    names: Names::April,
    live: Live::Pending,
    ..AFTER
};

/// 2026.4.29.
const LATE_APRIL: Rules = Rules {
    names: Names::May,
    aliases: Aliases::Whole,
    bare: Bare::OnlyProvider,
    builtin: ("openai", "gpt-5.5"),
    disallowed: Disallowed::Fails,
    rejection: Rejection::CronShort,
    chain: Chain::Strict,
    ..APRIL
};

/// 2026.6.11 and 2026.7.1.
const JUNE: Rules = Rules {
    names: Names::June,
    aliases: Aliases::Scoped,
    allow: Allow::MapWithWildcards,
    rejection: Rejection::Cron,
    subagents: Subagents::AgentModelLast,
    chain: Chain::WithSubagents,
    drops_auto_override: true,
    ..LATE_APRIL
};

/// 2026.8.1.
const AUGUST: Rules = Rules {
    names: Names::August,
    agent_aliases: true,
    allow: Allow::Policy,
    rejection: Rejection::Automation,
    rewrites: true,
    entries: true,
    ..JUNE
};

/// 2026.9.6.
const SEPTEMBER: Rules = Rules {
    builtin: ("openai", "gpt-6-astra"),
    ..AUGUST
};

const fn at(version: Version, rules: Rules) -> Release {
    Release { version, rules }
}

/// The eras, oldest first.
pub const ERAS: &[Era] = &[
    Era {
        name: "up to 2026.2.24",
        from: None,
        until: Some(v(2, 24)),
        change: "a payload model that is not allowed fails the run",
        source: "openclaw#26786",
        releases: &[at(v(2, 24), FEBRUARY)],
    },
    Era {
        name: "2026.2.25 to 2026.3.27",
        from: Some(v(2, 25)),
        until: Some(v(3, 27)),
        change: "a payload model that is not allowed silently runs the default",
        source: "openclaw PR 26717, #79955",
        releases: &[at(v(2, 26), MARCH), at(v(3, 24), MARCH)],
    },
    Era {
        name: "2026.3.28",
        from: Some(v(3, 28)),
        until: Some(v(3, 28)),
        change: "every attempt is compared with the session's selection: the incident",
        source: "openclaw#57450, #58592, #57206; run on 2026.3.28",
        releases: &[at(v(3, 28), INCIDENT)],
    },
    Era {
        name: "2026.3.31 to 2026.4.4",
        from: Some(v(3, 31)),
        until: Some(v(4, 4)),
        change: "only an attempt that equals the selection at its start is tracked; the agent's \
                 model counts among the sub-agent defaults",
        source: "openclaw PR 57972, #58003; run on 2026.3.31",
        releases: &[at(v(3, 31), AFTER), at(v(4, 1), AFTER)],
    },
    Era {
        name: "2026.4.5 to 2026.4.22",
        from: Some(v(4, 5)),
        until: Some(v(4, 22)),
        change: "only a switch that someone asked for is followed (liveModelSwitchPending)",
        source: "read in 2026.4.5 and 2026.4.22",
        releases: &[at(v(4, 5), APRIL), at(v(4, 22), APRIL)],
    },
    Era {
        name: "2026.4.29 to 2026.7.1",
        from: Some(v(4, 29)),
        until: Some(v(7, 1)),
        change: "a payload model that is not allowed fails the run; it never falls to the default",
        source: "openclaw PR 73156, #73146; read in 2026.4.29 and 2026.7.1",
        releases: &[
            at(v(4, 29), LATE_APRIL),
            at(v(6, 11), JUNE),
            at(v(7, 1), JUNE),
        ],
    },
    Era {
        name: "2026.8.1 and later",
        from: Some(v(8, 1)),
        until: None,
        change: "modelPolicy decides what is allowed; agents.entries; fallbacks and the default \
                 are not allowed by themselves",
        source: "run on 2026.9.6; read in 2026.8.1",
        releases: &[at(v(8, 1), AUGUST), at(v(9, 6), SEPTEMBER)],
    },
];
