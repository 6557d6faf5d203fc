//! The traps, in words: what happens, and what to write instead.

/// Something about an expression that surprises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trap {
    /// OpenClaw: `?` in a day field restricts it.
    QuestionMark {
        /// The expression with `*` instead.
        instead: String,
    },
    /// A day field that allows all but is no `*` restricts it.
    WholeField {
        /// The field as written.
        field: String,
        /// The expression with `*` instead.
        instead: String,
    },
    /// Both day fields are restricted: either is enough.
    EitherDay {
        /// What to write when both must match, where there is a form for it.
        both: Option<String>,
    },
    /// Molecule: an item `*` makes its whole field a star.
    StarItem {
        /// The field as written.
        field: String,
        /// What the other day field alone decides.
        decides: &'static str,
        /// Whether OpenClaw fires every day for the same expression.
        openclaw_daily: bool,
    },
    /// `cron-rs`: both day fields must match.
    BothDays,
    /// OpenClaw: days that croner 10 passes over in early March.
    MarchLost {
        /// The dates that match and do not fire, `2026-03-01`.
        dates: Vec<String>,
        /// How to split the expression into jobs that lose nothing.
        split: &'static str,
    },
    /// OpenClaw and `cron-rs`: nothing fires, and nobody says so.
    NeverSilent,
    /// Molecule: nothing fires by the calendar, so every poll does.
    NeverButDue,
    /// Molecule: a field without any value.
    EmptyField {
        /// The field as written.
        field: String,
    },
    /// OpenClaw: an empty expression is no schedule, and no error.
    Empty,
    /// A date that is past.
    Past,
    /// OpenClaw: text with a `:` is a date, not an expression.
    OneShot,
    /// OpenClaw: a recurring top-of-hour expression is staggered.
    TopOfHour {
        /// The window, milliseconds.
        window_ms: i64,
        /// This job's offset, milliseconds, when the job is known.
        offset_ms: Option<i64>,
    },
    /// OpenClaw: `3L` is the 3rd and the last day.
    NumberAndLast {
        /// The field as written.
        field: String,
    },
    /// Several seconds of a minute match.
    SecondsField {
        /// How many.
        per_minute: u32,
    },
    /// Molecule: `n/s` means from n to the end.
    StepFromNumber {
        /// The item as written.
        item: String,
        /// The same as a range.
        instead: String,
    },
    /// Molecule: a clock change that is no whole hour makes the walk lose fires.
    LostInWalk {
        /// What is lost.
        what: String,
    },
    /// `cron-rs`: numeric weekdays are 1 to 7 from Sunday.
    NumericWeekdays {
        /// The field as written.
        field: String,
        /// The same weekdays by name.
        names: String,
    },
    /// Molecule: the prefix of the expression wins over the schedule's zone.
    ZonePrefix {
        /// The zone that was asked for beside it.
        ignored: String,
    },
}

impl Trap {
    /// Returns the name of the trap for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::QuestionMark { .. } => "question-mark",
            Self::WholeField { .. } => "whole-field",
            Self::EitherDay { .. } => "either-day",
            Self::StarItem { .. } => "star-item",
            Self::BothDays => "both-days",
            Self::MarchLost { .. } => "march-lost",
            Self::NeverSilent => "never-silent",
            Self::NeverButDue => "never-but-due",
            Self::EmptyField { .. } => "empty-field",
            Self::Empty => "empty",
            Self::Past => "past",
            Self::OneShot => "one-shot",
            Self::TopOfHour { .. } => "top-of-hour",
            Self::NumberAndLast { .. } => "number-and-last",
            Self::SecondsField { .. } => "seconds-field",
            Self::StepFromNumber { .. } => "step-from-number",
            Self::LostInWalk { .. } => "lost-in-walk",
            Self::NumericWeekdays { .. } => "numeric-weekdays",
            Self::ZonePrefix { .. } => "zone-prefix",
        }
    }

    /// Says what happens, one or two sentences.
    pub fn text(&self) -> String {
        match self {
            Self::QuestionMark { .. } => "? is no wildcard in OpenClaw's day rule: both day fields \
                 count as restricted, either is enough, and so it fires every day."
                .to_owned(),
            Self::WholeField { field, .. } => format!(
                "{field} allows every value but is not the * that the day rule asks for: either day \
                 field is enough, and so it fires every day."
            ),
            Self::EitherDay { .. } => {
                "Both day fields are restricted: it fires when either matches, not only when both do."
                    .to_owned()
            }
            Self::StarItem {
                field,
                decides,
                openclaw_daily,
            } => format!(
                "{field} holds a *, so the whole field counts as *: the {decides} alone decides.{}",
                if *openclaw_daily {
                    " OpenClaw takes the same field as restricted and fires every day."
                } else {
                    ""
                }
            ),
            Self::BothDays => "Both day fields are restricted, and the cron crate wants both to \
                 match; crontab, OpenClaw and Molecule are content with either."
                .to_owned(),
            Self::MarchLost { dates, .. } => format!(
                "croner 10 looks for days 29 to 31 in February too, finds one and lands past the \
                 beginning of March: {} {} and will not fire.",
                dates.join(", "),
                if dates.len() == 1 { "matches" } else { "match" }
            ),
            Self::NeverSilent => "From here on it never fires, and nothing says so: the scheduler \
                 finds no next instant and reports no error."
                .to_owned(),
            Self::NeverButDue => "No instant within five years matches. robfig/cron then answers \
                 with year 1 and no error; Molecule stores that as the next run, which is due at \
                 every 30 s poll, for ever."
                .to_owned(),
            Self::EmptyField { field } => {
                format!("{field} holds no value at all, which Molecule accepts: no time can match.")
            }
            Self::Empty => "An empty expression is no schedule to OpenClaw, and no error: it never \
                 fires."
                .to_owned(),
            Self::Past => "Its only instant is past.".to_owned(),
            Self::OneShot => "OpenClaw takes text with a colon as a date: it fires once.".to_owned(),
            Self::TopOfHour {
                window_ms,
                offset_ms,
            } => {
                let minutes = window_ms / 60_000;
                match offset_ms {
                    None => format!(
                        "OpenClaw moves a recurring top-of-hour job by up to {minutes} min, by a \
                         hash of the job's id. The instants here are without it."
                    ),
                    Some(ms) => format!(
                        "OpenClaw moves a recurring top-of-hour job by up to {minutes} min, by a \
                         hash of its id: this job by {} min {:02}.{:03} s.",
                        ms / 60_000,
                        ms / 1_000 % 60,
                        ms % 1_000
                    ),
                }
            }
            Self::NumberAndLast { field } => format!(
                "L stands for the last day wherever it is in the field: {field} is its numbers and \
                 the last day besides."
            ),
            Self::SecondsField { per_minute } => format!(
                "With six fields or more the first is the second: it fires {per_minute} times in \
                 each minute that matches."
            ),
            Self::StepFromNumber { item, instead } => {
                format!("{item} means {instead} here; OpenClaw refuses it.")
            }
            Self::LostInWalk { what } => format!(
                "The clock shifts by less than an hour, and robfig's walk by hours loses its place \
                 until midnight: {what}."
            ),
            Self::NumericWeekdays { field, names } => format!(
                "The cron crate counts weekdays from Sunday = 1: {field} is {names}. Crontab, \
                 OpenClaw and Molecule count from Sunday = 0."
            ),
            Self::ZonePrefix { ignored } => {
                format!("The prefix of the expression decides about the zone, not {ignored}.")
            }
        }
    }

    /// Returns what to write or do instead.
    pub fn instead(&self) -> Option<String> {
        Some(match self {
            Self::QuestionMark { instead } | Self::WholeField { instead, .. } => {
                format!("write {instead}")
            }
            Self::EitherDay { both: Some(both) } => format!("for both, write {both}"),
            Self::EitherDay { both: None } => {
                "there is no form for both: restrict one field, and let the job check the other"
                    .to_owned()
            }
            Self::StarItem { .. } => "write * for the field, or only its other values".to_owned(),
            Self::BothDays => "for either, use two schedules".to_owned(),
            Self::MarchLost { split, .. } => format!("use {split}"),
            Self::NeverSilent | Self::NeverButDue => {
                "check that the month has the day, and that the year is to come".to_owned()
            }
            Self::Empty | Self::EmptyField { .. } => {
                "write an expression such as 0 9 * * *".to_owned()
            }
            Self::TopOfHour {
                offset_ms: None, ..
            } => "set staggerMs to 0 (openclaw cron add --exact), or give --job-id for its offset"
                .to_owned(),
            Self::TopOfHour { .. } => {
                "set staggerMs to 0 (openclaw cron add --exact) for the exact hour".to_owned()
            }
            Self::NumberAndLast { .. } => "separate the days by a comma".to_owned(),
            Self::SecondsField { .. } => "write 0 first for once a minute".to_owned(),
            Self::StepFromNumber { instead, .. } => format!("write {instead}"),
            Self::LostInWalk { .. } => "use CRON_TZ=UTC, or a zone that shifts by hours".to_owned(),
            Self::NumericWeekdays { .. } => "write names: Mon-Fri".to_owned(),
            Self::ZonePrefix { .. } => "take the prefix out".to_owned(),
            Self::Past | Self::OneShot => return None,
        })
    }
}
