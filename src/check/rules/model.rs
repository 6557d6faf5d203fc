//! Rules about models.

use crate::check::rule::define;

define! {
    MODEL_NOT_HONOURED = "model-not-honoured", Error,
        title: "The job's model is not the one that its runs use",
        why: "The run ends ok on another model: other answers, another bill, and another provider to overload.",
        fix: "`cronctl explain-model JOB` shows the step that wins and how to change it.",
        source: "openclaw#57450, openclaw#58592 (2026.3.28); openclaw#47592, openclaw#79955 (to 2026.4.22).";

    MODEL_REFUSED = "model-refused", Error,
        title: "The job's model is refused, and every run fails",
        why: "From 2026.4.29 on a model outside of the allowlist, or no model at all in what is written, fails each run before any call; 2026.9 disables the job after ten.",
        fix: "Name an allowed model, or allow this one.",
        source: "openclaw#73146 and its pull request 73156; 2026.9.6, observed on a running gateway.";

    MODEL_SILENT_DEFAULT = "model-silent-default", Error,
        title: "The job's model is refused without a word, and the default runs instead",
        why: "To 2026.4.22 a model outside of the allowlist leaves one log line, and the run ends ok on the default, which may be the dearest.",
        fix: "Add the model to the allowlist, or name an allowed one.",
        source: "openclaw#79955, openclaw#26786, openclaw#33577; 2026.3.28 and 2026.3.31, observed on running gateways.";

    MODEL_UPGRADE = "model-upgrade", Warning,
        title: "The upgrade changes the model of this job",
        why: "The rules that choose a model changed several times in 2026; the job keeps its definition and runs on another model, or fails.",
        fix: "`cronctl explain-model JOB --compare-versions` shows both; settle it before the upgrade.",
        source: "2026.3.28, 2026.3.31 and 2026.9.6, observed on running gateways.";

    MODEL_UNKNOWN = "model-unknown", Note,
        title: "Which model the job runs on cannot be said",
        why: "Something that decides is not in the configuration, and unknown is unknown.",
        fix: "`cronctl explain-model JOB` says what is missing.",
        source: "Sources without a configuration, versions between those observed.";

    PROVIDER_UNKNOWN = "provider-unknown", Warning,
        title: "The model's provider is not configured",
        why: "models.providers does not have it, and it is none of the providers known to be built in: a mistyped provider fails, or is taken for another.",
        fix: "Correct the name, or add it to models.providers.",
        source: "openclaw#76155, openclaw#13425, openclaw#95500.";

    PRICE_UNKNOWN = "price-unknown", Note,
        title: "The price class of the model is not known",
        why: "Its name says no family that is known, so nothing can be said about what the job costs.",
        fix: "Look the price up once, and record the finding in a baseline.",
        source: "Names of model families; no prices are looked up.";

    PRICE_JUMP = "price-jump", Warning,
        title: "The job may run on a dearer class of model than it asks for",
        why: "One rejected model fell to the dearest: 50 dollars were gone before anyone looked, and the log said ok.",
        fix: "Give the job fallbacks of its own class: `openclaw cron edit JOB --fallbacks …`.",
        source: "openclaw#79955, openclaw#57006, openclaw#11826.";

    MODEL_CASE = "model-case", Warning,
        title: "The model's id differs from a configured one in case only",
        why: "Ids are compared exactly: `mock/MODEL-B` is not `mock/model-b`, and an allowlist refuses it.",
        fix: "Write it as it is configured: `openclaw cron edit JOB --model …`.",
        source: "2026.3.28 to 2026.9.6, observed on running gateways.";

    MODEL_BARE = "model-bare", Note,
        title: "The model is named without a provider",
        why: "Versions differ in where they look: 2026.3.x takes the default model's provider, 2026.9.6 the one provider that lists the id.",
        fix: "Write provider/model.",
        source: "openclaw#13425, openclaw#18556; 2026.3.31 and 2026.9.6, observed on running gateways.";

    ALIAS_FORM = "alias-form", Warning,
        title: "provider/alias is an alias in some versions only",
        why: "2026.9.6 takes `mock/cheap` for the alias cheap; 2026.3.x for a model of that id, which does not exist.",
        fix: "Write the alias alone, or the whole model.",
        source: "2026.3.31 and 2026.9.6, observed on running gateways.";

    SESSION_OVERRIDE = "session-override", Warning,
        title: "The job's session has a model selected by hand",
        why: "Every run inherits it. In 2026.3.x nothing ever clears it, and a job without a model of its own follows it.",
        fix: "Clear the selection of the session that is named (`sessions.patch` with model null), or set the job's model.",
        source: "openclaw#61291, openclaw#57938, openclaw#58510; 2026.3.28 to 2026.9.6, observed on running gateways.";

    LAST_RUN_MODEL = "last-run-model", Warning,
        title: "The last run really used another model than the job names",
        why: "The run history is what happened: a fallback, a refused model, or a version that does not honour the job's model.",
        fix: "`cronctl explain-model JOB`; the gateway's log of that run names the fallback.",
        source: "openclaw#21057, openclaw#26122, openclaw#67756.";

    DISPLAY_TRAP = "display-trap", Note,
        title: "The gateway's session list shows another model than the one that runs",
        why: "2026.9.6 lists the selection of a cron session, not what ran: a job that always ran on its own model is listed with the default. Weeks were lost to such false alarms.",
        fix: "Trust `openclaw cron runs --id JOB`, not the list of sessions.",
        source: "openclaw#26122, openclaw#21057, openclaw#11506; 2026.9.6, observed on a running gateway.";
}
