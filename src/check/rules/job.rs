//! Rules about jobs.

use crate::check::rule::define;

define! {
    UNREADABLE = "unreadable", Error,
        title: "Something in the input cannot be used",
        why: "The rest was checked, but nothing is known about this part, and the gateway may refuse it too.",
        fix: "Correct it at the place that is named.",
        source: "The schemas of OpenClaw 2026.3.28 to 2026.9.6 and of Molecule.";

    PAYLOAD_TARGET = "payload-target", Error,
        title: "The payload's kind does not go with the session target",
        why: "A main session takes a systemEvent, any other an agentTurn. The gateway refuses other pairs when they are added, and a stored one ends every run as skipped.",
        fix: "`openclaw cron edit JOB --session isolated --message …`, or `--session main --system-event …`.",
        source: "OpenClaw 2026.3.28 to 2026.9.6: run error \"isolated job requires payload.kind\".";

    ODD_MODEL = "odd-model", Error,
        title: "payload.model is no text",
        why: "Such a job names no model: it runs on the default, which may be the dearest.",
        fix: "`openclaw cron edit JOB --model provider/model`.",
        source: "OpenClaw 2026.3.28 to 2026.9.6.";

    ODD_FALLBACKS = "odd-fallbacks", Warning,
        title: "payload.fallbacks is no list of texts",
        why: "What is no text is not used: the chain of fallbacks is another than written.",
        fix: "Write an array of provider/model texts.",
        source: "OpenClaw 2026.3.28 to 2026.9.6.";

    AGENT_MISSING = "agent-missing", Warning,
        title: "The job's agent is not in the roster",
        why: "OpenClaw 2026.3.x runs such a job as the default agent: another workspace, other models, and no word about it.",
        fix: "Add the agent, or `openclaw cron edit JOB --agent ID`.",
        source: "2026.3.28 and 2026.3.31, observed on running gateways; openclaw#86451 (an update drops agentId).";

    SESSION_KEY = "session-key", Warning,
        title: "An isolated job has a sessionKey",
        why: "The key wins over `sessionTarget: isolated` without a word: 10 of 25 jobs ran inside dashboard chats, with their models and their history.",
        fix: "`openclaw cron edit JOB --clear-session-key`.",
        source: "openclaw#86202.";

    TARGET_REWRITTEN = "target-rewritten", Note,
        title: "The gateway reads another session target than is written",
        why: "`current` and unknown words become isolated for agentTurn and main otherwise, and the gateway writes that back.",
        fix: "Write the target that is meant: `openclaw cron edit JOB --session isolated`.",
        source: "2026.3.28 and 2026.3.31, observed on running gateways.";

    SAME_ID = "same-id", Warning,
        title: "The same id in several sources",
        why: "The stagger offset is a hash of the id alone: replicas with the same ids fire in the same millisecond on every host.",
        fix: "Add the jobs anew on each host, so that each gets an id of its own.",
        source: "openclaw#69531, openclaw#51594.";

    DUPLICATE_ID = "duplicate-id", Error,
        title: "The same id twice in one source",
        why: "State, run history and edits go by id: one of the jobs cannot be reached.",
        fix: "Remove one of them, or give it an id of its own.",
        source: "OpenClaw 2026.3.x stores jobs in an array; the SQLite store makes the id a key.";

    DUPLICATE_JOB = "duplicate-job", Warning,
        title: "Two jobs that look the same",
        why: "An update once turned 28 jobs into 74: each duplicate is another run, another bill and another burst.",
        fix: "`openclaw cron rm JOB` for the one that is not wanted.",
        source: "openclaw#86451, openclaw#76160.";

    AMBIGUOUS_NAME = "ambiguous-name", Note,
        title: "Two jobs with one name",
        why: "Names are not unique: a list that hides disabled jobs shows one of them, and the other is edited by mistake.",
        fix: "`openclaw cron edit JOB --name …`.",
        source: "openclaw#76160.";

    RESTARTS_GATEWAY = "restarts-gateway", Warning,
        title: "The job restarts or stops its own gateway",
        why: "At start-up the gateway catches up on missed jobs, this one among them, and restarts again: 52 agents were down for eight minutes. Other runs die with it.",
        fix: "Restart the gateway from outside: systemd, launchd, the container platform.",
        source: "openclaw#59301, openclaw#46287.";

    SYSTEM_JOB = "system-job", Note,
        title: "A job that the gateway added by itself costs model calls",
        why: "OpenClaw 2026.9 adds heartbeats, Memory Dreaming Promotion and skill reviews by itself; those with agent turns are billed like any other.",
        fix: "Heartbeats and skill reviews follow the configuration (agents.defaults.heartbeat.every, skills.workshop.autonomous.mode), and no command edits them. The promotion: `openclaw cron disable JOB`; the gateway may add it again.",
        source: "2026.9.6, observed on a fresh gateway, and isSystemMonitorDeclaration; openclaw#64293.";
}
