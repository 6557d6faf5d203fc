//! Rules about the configuration and what an upgrade does to it.

use crate::check::rule::define;

define! {
    CONFIG_UNUSABLE = "config-unusable", Error,
        title: "The configuration cannot be read",
        why: "A gateway that cannot read its configuration, or one of its includes, does not start.",
        fix: "Correct the file that is named: syntax, include cycles, files outside of its directory.",
        source: "OpenClaw 2026.3.28 to 2026.9.6: the rules for $include.";

    CONFIG_REFUSED = "config-refused", Error,
        title: "A configuration key that this version refuses",
        why: "The schema is strict: with one unknown key the gateway does not start.",
        fix: "`openclaw config unset KEY`, or wait for the version that knows it.",
        source: "The schemas of the versions named; cron.skipMissedJobs exists from 2026.9.1 on and stopped gateways before it.";

    CONFIG_MIGRATED = "config-migrated", Note,
        title: "A configuration key of another version that the gateway takes over",
        why: "The gateway starts: it drops the key, or moves its value. What the key did may be gone.",
        fix: "Write the key of the version that runs, or let `openclaw doctor --fix` do it.",
        source: "The schemas of the versions named.";

    CONFIG_ODD = "config-odd", Warning,
        title: "A configuration value of a type that no version reads",
        why: "It has no effect: what was meant does not happen.",
        fix: "Write what belongs there: `openclaw config set KEY VALUE`.",
        source: "OpenClaw 2026.3.28 to 2026.9.6.";

    VARIABLE_MISSING = "variable-missing", Note,
        title: "A configuration value names a variable that is not set here",
        why: "The gateway keeps the literal ${NAME} and warns. The value was checked as such; the gateway's own environment may set it.",
        fix: "Set the variable here too, or in the gateway's .env.",
        source: "OpenClaw 2026.3.31 and 2026.9.6.";

    CRON_OFF = "cron-off", Warning,
        title: "Cron is switched off, and there are enabled jobs",
        why: "With cron.enabled false the gateway fires nothing.",
        fix: "`openclaw config set cron.enabled true`.",
        source: "OpenClaw 2026.3.28 to 2026.9.6.";

    UPGRADE_FALLBACKS = "upgrade-fallbacks", Warning,
        title: "After the upgrade this agent has no fallbacks",
        why: "In 2026.3.x an agent whose model is a text keeps the default fallback chain; in 2026.9.6 such an agent has none, unless its model is the default primary. The next overload is then an error instead of a fallback.",
        fix: "Write the agent's model as an object with primary and fallbacks.",
        source: "2026.3.31 and 2026.9.6, observed on running gateways.";

    UPGRADE_SUBAGENTS = "upgrade-subagents", Warning,
        title: "After the upgrade the default sub-agent model beats the agent's own",
        why: "In 2026.3.31 an agent's model comes before agents.defaults.subagents.model; in 2026.9.6 it is the other way round, and isolated jobs of the agent change their model.",
        fix: "Set the agent's own subagents.model.",
        source: "2026.3.31 and 2026.9.6, observed on running gateways; openclaw#58822, openclaw#74985.";

    UPGRADE_STORE = "upgrade-store", Note,
        title: "The upgrade moves the jobs into a database",
        why: "cron/jobs.json is imported, renamed to jobs.json.migrated and never read again: whatever edits or reads it stops working.",
        fix: "Change scripts to `openclaw cron list --json` or to the database, and keep a copy.",
        source: "2026.3.31 state started by 2026.9.6, observed; the file was in use to 2026.5.28, the database from 2026.6.11.";

    UPGRADE_SYSTEM_JOBS = "upgrade-system-jobs", Note,
        title: "The upgrade adds jobs that cost model calls",
        why: "A 2026.9 gateway adds a heartbeat per agent, Memory Dreaming Promotion (daily at 03:00) and skill reviews (weekly) by itself.",
        fix: "Disable what is not wanted after the upgrade: `openclaw cron list --all`.",
        source: "2026.9.6, observed on a fresh gateway.";
}
