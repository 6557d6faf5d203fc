//! Rules about schedules.

use crate::check::rule::define;

define! {
    SCHEDULE_REFUSED = "schedule-refused", Error,
        title: "The scheduler refuses the schedule",
        why: "A gateway counts a schedule error at each attempt and switches the job off after three; the job never fires.",
        fix: "Correct the expression or the zone; `cronctl next EXPR` says where it is wrong.",
        source: "OpenClaw 2026.3.28 to 2026.9.6 and Molecule (robfig/cron 3.0.1), observed answers to refused expressions.";

    NEVER_FIRES = "never-fires", Error,
        title: "The schedule matches no instant from now on",
        why: "Nothing reports it. OpenClaw finds no next run and stays silent; Molecule stores year 1 as the next run and finds the schedule due at every poll.",
        fix: "Check that the month has the day and that the year is to come (`0 9 30 2 *` has none).",
        source: "OpenClaw 2026.3.31 and 2026.9.6 (croner 10.0.1) and robfig/cron 3.0.1, recorded answers.";

    SCHEDULE_HANGS = "schedule-hangs", Error,
        title: "The scheduler itself would never answer",
        why: "robfig/cron 3.0.1 searches for ever around a day that its zone skipped, which stops the whole scheduler.",
        fix: "Use another zone or another hour.",
        source: "robfig/cron 3.0.1 around 30 December 2011 in Pacific/Apia.";

    ZONE_MISSING = "zone-missing", Warning,
        title: "A time of day without a zone",
        why: "The expression means the clock of the gateway's host. A container, a move or a changed TZ shifts every fire, and the wrong hour looks right in the file.",
        fix: "Name the zone: `openclaw cron edit JOB --tz Area/City`.",
        source: "openclaw#8399, openclaw#50877, openclaw#45775, openclaw#57069.";

    EITHER_DAY = "either-day", Warning,
        title: "Day of month and weekday are both restricted",
        why: "Either is enough: `0 9 13 * 5` fires on every 13th and on every Friday, not on Friday the 13th.",
        fix: "For OpenClaw write `+` before the weekday when both must match; elsewhere restrict one field and let the job check the other.",
        source: "croner 10.0.1 (OpenClaw) and robfig/cron 3.0.1 (Molecule), recorded answers.";

    BOTH_DAYS = "both-days", Warning,
        title: "Both day fields must match in this dialect",
        why: "The cron crate wants both to match; crontab, OpenClaw and Molecule are content with either, so a moved expression changes its days.",
        fix: "For either, use two schedules.",
        source: "cron crate 0.17, run.";

    QUESTION_MARK = "question-mark", Warning,
        title: "`?` in a day field makes the job fire every day",
        why: "OpenClaw's day rule takes `?` as a restriction that every day meets, and either day field is enough: `0 9 ? * 1` fires daily, not on Mondays.",
        fix: "Write `*` instead of `?`.",
        source: "croner 10.0.1 in OpenClaw 2026.3.31 and 2026.9.6, recorded answers.";

    WHOLE_FIELD = "whole-field", Warning,
        title: "A day field that allows everything, but is no `*`, makes the job fire every day",
        why: "`*/1`, `1-31` or `0-6` count as restrictions, either day field is enough, and so the other one has no effect.",
        fix: "Write `*` for the field that does not matter.",
        source: "croner 10.0.1 and robfig/cron 3.0.1, recorded answers.";

    STAR_ITEM = "star-item", Warning,
        title: "A `*` inside a day field makes the whole field a star",
        why: "robfig/cron then lets the other day field alone decide, where OpenClaw fires every day.",
        fix: "Write `*` for the field, or only its other values.",
        source: "robfig/cron 3.0.1, recorded answers.";

    MARCH_LOST = "march-lost", Warning,
        title: "Days at the beginning of March are passed over",
        why: "croner 10 looks for days 29 to 31 in February too, finds one and lands past the beginning of March: matching days there do not fire.",
        fix: "Split the job: one for the days to 28, one for those from 29.",
        source: "croner 10.0.1 in OpenClaw 2026.3.31 and 2026.9.6, recorded answers.";

    DST_SKIPPED = "dst-skipped", Warning,
        title: "A clock change makes the job miss its day",
        why: "The wall time does not exist on the day that the clock is set forward, this scheduler skips it, and nothing else fires within 20 hours.",
        fix: "Move the time out of the hour that is skipped, usually 02:00 to 03:00, or use UTC.",
        source: "OpenClaw 2026.8.1 and later skip; 2026.3.x fired later instead; recorded answers.";

    DST_SHIFTED = "dst-shifted", Note,
        title: "A clock change moves a fire to another wall time",
        why: "The wall time does not exist on that day, and the scheduler fires after the gap; together with jobs that belong there.",
        fix: "Move the time out of the hour that is skipped if that matters.",
        source: "OpenClaw 2026.3.x and robfig/cron 3.0.1, recorded answers.";

    DST_TWICE = "dst-twice", Warning,
        title: "A clock change makes the job fire twice, or at times that it does not ask for",
        why: "A job that must run once a day runs twice on the day that the clock is set back.",
        fix: "Move the time out of the hour that is repeated, usually 01:00 to 02:00, or use UTC.",
        source: "robfig/cron 3.0.1 and the cron crate, recorded answers.";

    DST_STALLS = "dst-stalls", Warning,
        title: "After a clock change the scheduler is silent for hours",
        why: "Asked within or after the change, it finds a fire that is hours later than the expression says: OpenClaw 2026.3.x leaves a job that runs every minute silent for 22 hours when it is asked within the repeated hour.",
        fix: "Use UTC, or a gateway from 2026.8.1 on.",
        source: "OpenClaw 2026.3.31 (croner 10.0.1), robfig/cron 3.0.1 with zones that shift by less than an hour; recorded answers.";

    TOP_OF_HOUR = "top-of-hour", Note,
        title: "The job never fires at the top of the hour that it names",
        why: "OpenClaw moves recurring top-of-hour jobs by up to five minutes, by a hash of the job's id.",
        fix: "For the exact hour: `openclaw cron edit JOB --exact`.",
        source: "OpenClaw 2026.3.28 to 2026.9.6; the test for such expressions changed with openclaw#92030.";

    STAGGER_KEPT = "stagger-kept", Note,
        title: "A stagger of five minutes on an expression that gets none by itself",
        why: "The gateway stores the default window with the job and keeps it when the expression is edited: the job then fires up to five minutes after its time.",
        fix: "`openclaw cron edit JOB --exact`, unless the stagger was asked for.",
        source: "OpenClaw 2026.3.31 and 2026.9.6, observed on running gateways.";

    NUMBER_AND_LAST = "number-and-last", Warning,
        title: "A number glued to L means both",
        why: "In croner 10 L stands for the last day wherever it is in the field: `3L` is the 3rd and the last day.",
        fix: "Separate the days by a comma.",
        source: "croner 10.0.1, recorded answers.";

    SECONDS_FIELD = "seconds-field", Warning,
        title: "The job fires several times in a minute",
        why: "With six fields or more the first is the second: `* 0 9 * * *` fires 60 times at 9.",
        fix: "Write 0 first for once a minute.",
        source: "croner 10.0.1 and the cron crate, recorded answers.";

    STEP_FROM_NUMBER = "step-from-number", Note,
        title: "A step from a single number",
        why: "`5/15` means from 5 to the end in Molecule, and OpenClaw refuses it.",
        fix: "Write the range: `5-59/15`.",
        source: "robfig/cron 3.0.1 and croner 10.0.1, recorded answers.";

    LOST_IN_WALK = "lost-in-walk", Warning,
        title: "Fires are lost after a clock change of less than an hour",
        why: "robfig's walk by hours loses its place until midnight where the clock shifts by half an hour.",
        fix: "Use CRON_TZ=UTC, or a zone that shifts by hours.",
        source: "robfig/cron 3.0.1 in Australia/Lord_Howe, recorded answers.";

    NUMERIC_WEEKDAYS = "numeric-weekdays", Warning,
        title: "Weekdays by number count from 1 in this dialect",
        why: "The cron crate counts from Sunday = 1; crontab, OpenClaw and Molecule from Sunday = 0.",
        fix: "Write names: Mon-Fri.",
        source: "cron crate 0.17, run.";

    ZONE_PREFIX = "zone-prefix", Warning,
        title: "The expression's zone prefix wins over the schedule's zone",
        why: "The zone beside the expression has no effect, though it is what people read.",
        fix: "Take the prefix out.",
        source: "robfig/cron 3.0.1.";

    ONE_SHOT = "one-shot", Note,
        title: "The expression is a date",
        why: "OpenClaw takes text with a colon as a date: a job of kind cron that fires once.",
        fix: "Use `openclaw cron add --at` for a single run.",
        source: "croner 10.0.1, recorded answers.";

    PAST = "past", Warning,
        title: "The only instant of the schedule is past",
        why: "The job will never fire, and nothing says so.",
        fix: "Remove the job, or give it a date to come.",
        source: "croner 10.0.1, recorded answers.";
}
