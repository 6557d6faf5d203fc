//! crontab(5) lines: the user form, and the system form with its user column. Pure.

use crate::error::Problem;
use crate::job::{Collector, Job, JobState, Place};
use crate::schedule::{AsFound, Rules, ScheduleSpec, Version};

/// What was learnt about a crontab besides its jobs.
#[derive(Debug, Default)]
pub(super) struct Crontab {
    /// Whether lines have a user column.
    pub(super) has_users: bool,
    /// Whether `RANDOM_DELAY` is set.
    pub(super) has_random_delay: bool,
}

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// `NAME=value`.
    Variable(&'a str, String),
    /// The schedule as five fields, and the rest of the line.
    Job(String, &'a str),
    /// `@reboot` and the rest.
    Reboot(&'a str),
    /// Why it is nothing of these, and the column (from 1).
    Bad(String, usize),
}

/// Whether the beginning of a text is a crontab. `whole`: there is no more of it.
pub(super) fn looks_like(text: &str, whole: bool) -> bool {
    let mut lines = text.lines().collect::<Vec<_>>();
    if !whole && lines.len() > 1 && !text.ends_with('\n') {
        lines.pop();
    }
    let mut said = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut any = false;
    let found = said.by_ref().take(20).any(|line| {
        any = true;
        !matches!(parse(line), Line::Bad(..) | Line::Variable(..))
            || (matches!(parse(line), Line::Variable(..)) && is_known_variable(line))
    });
    found || (!any && whole && text.trim_start().starts_with('#'))
}

fn is_known_variable(line: &str) -> bool {
    let name = line.split('=').next().unwrap_or_default().trim();
    matches!(
        name,
        "MAILTO"
            | "MAILFROM"
            | "SHELL"
            | "PATH"
            | "HOME"
            | "CRON_TZ"
            | "TZ"
            | "LOGNAME"
            | "RANDOM_DELAY"
            | "LANG"
    )
}

/// Reads a crontab into `into`. `system` says that the file's place implies a user column.
pub(super) fn read(text: &str, system: bool, into: &mut Collector) -> Crontab {
    let mut learnt = Crontab {
        has_users: system || has_users(text),
        has_random_delay: false,
    };
    let mut zone: Option<String> = None;
    for (n, raw) in text.lines().enumerate() {
        let n = n + 1;
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let indent = raw.len() - raw.trim_start().len();
        let at = |column: usize| format!("{}:{}", into.place(Place::line(n)), column + indent);
        match parse(line) {
            Line::Variable("CRON_TZ" | "TZ", value) => {
                zone = Some(value).filter(|v| !v.is_empty());
            }
            Line::Variable(name, _) => learnt.has_random_delay |= name == "RANDOM_DELAY",
            Line::Job(expr, rest) => {
                if let Some(command) = command(rest, learnt.has_users) {
                    into.push(job(n, expr, zone.clone(), command));
                } else {
                    let column = line.len() + 1;
                    let problem = Problem::new(at(column), "has a schedule and no command");
                    into.problem(problem);
                }
            }
            Line::Reboot(rest) => {
                let what = match command(rest, learnt.has_users) {
                    Some(command) => format!("@reboot: no clock fires it ({command:?})"),
                    None => "@reboot: no clock fires it".to_owned(),
                };
                into.problem(Problem::new(at(1), what));
            }
            Line::Bad(why, column) => {
                let problem = Problem::new(at(column), why);
                into.problem(problem);
            }
        }
    }
    learnt
}

fn job(line: usize, expr: String, zone: Option<String>, command: String) -> Job {
    Job {
        id: format!("line-{line}").into(),
        name: Some(command.into()),
        enabled: true,
        source: 0,
        at: Place::line(line),
        schedule: ScheduleSpec::Cron {
            expr: expr.into(),
            tz: zone.map(Into::into),
            // cron(8) does not stagger, so OpenClaw's default at the top of the hour is off.
            stagger_ms: Some(AsFound::Whole(0)),
        },
        rules: Rules::OpenClaw(Version::NEWEST_CHECKED),
        agent: None,
        workspace: None,
        model: None,
        payload_kind: Some(arcstr::literal!("command")),
        session_target: None,
        created_at_ms: None,
        state: JobState::default(),
        run_length: None,
        extras: None,
    }
}

fn parse(line: &str) -> Line<'_> {
    if let Some((name, value)) = variable(line) {
        return Line::Variable(name, value);
    }
    // Debian's and cronie's system form: a leading minus only silences the log.
    let line_start = line.strip_prefix('-').unwrap_or(line);
    if let Some(word) = line_start.strip_prefix('@') {
        let end = word.find([' ', '\t']).unwrap_or(word.len());
        let rest = word[end..].trim_start();
        let expr = match &word[..end] {
            "reboot" => return Line::Reboot(rest),
            "yearly" | "annually" => "0 0 1 1 *",
            "monthly" => "0 0 1 * *",
            "weekly" => "0 0 * * 0",
            "daily" | "midnight" => "0 0 * * *",
            "hourly" => "0 * * * *",
            "every_minute" => "* * * * *",
            other => {
                let what = format!(
                    "@{other} is no crontab macro (@yearly, @monthly, @weekly, @daily, @hourly, @reboot)"
                );
                return Line::Bad(what, 1);
            }
        };
        return Line::Job(expr.to_owned(), rest);
    }
    let mut rest = line_start;
    let mut fields = Vec::with_capacity(5);
    for n in 0..5 {
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        let field = &rest[..end];
        let column = line.len() - rest.len() + 1;
        if field.is_empty() {
            let what = format!("has {n} of the five schedule fields");
            return Line::Bad(what, line.len() + 1);
        }
        if !is_field(field) {
            let what = format!(
                "{:?} is not field {} of a crontab line",
                crate::job::short(field, 20),
                n + 1
            );
            return Line::Bad(what, column);
        }
        fields.push(field);
        rest = rest[end..].trim_start();
    }
    Line::Job(fields.join(" "), rest)
}

/// `NAME=value`, with spaces around the sign and quotes around the value allowed.
fn variable(line: &str) -> Option<(&str, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim().trim_matches(['"', '\'']);
    let mut bytes = name.bytes();
    let first = bytes.next()?;
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if first.is_ascii_digit() || !good(first) || !bytes.all(good) {
        return None;
    }
    let value = value.trim();
    let unquoted = ['"', '\'']
        .into_iter()
        .find_map(|q| value.strip_prefix(q).and_then(|v| v.strip_suffix(q)));
    Some((name, unquoted.unwrap_or(value).to_owned()))
}

/// Whether a word can be a schedule field: it has a digit or a star, or is made of day or month names.
fn is_field(word: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"*/,-?~#".contains(&b);
    let is_name = |w: &str| w.len() == 3 && w.bytes().all(|b| b.is_ascii_alphabetic());
    word.bytes().all(allowed)
        && (word
            .bytes()
            .any(|b| b.is_ascii_digit() || b == b'*' || b == b'?')
            || word.split([',', '-']).all(is_name))
}

/// The command without the user, up to the first `%` that is not escaped: what follows is its input.
fn command(rest: &str, has_users: bool) -> Option<String> {
    let rest = if has_users {
        let (_user, rest) = rest.split_once([' ', '\t'])?;
        rest.trim_start()
    } else {
        rest
    };
    let mut out = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => break,
            '\\' => match chars.next() {
                Some('%') => out.push('%'),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    let out = out.trim();
    (!out.is_empty()).then(|| crate::job::short(out, 80))
}

/// Whether the lines have a user column: a header that says so, or every line names a usual user.
fn has_users(text: &str) -> bool {
    let header = text.lines().any(|line| {
        let line = line.trim().to_ascii_lowercase();
        line.starts_with('#')
            && (line.ends_with("user-name command to be executed") || line.contains("dow user"))
    });
    if header {
        return true;
    }
    let usual = |user: &str| {
        matches!(
            user,
            "root"
                | "www-data"
                | "daemon"
                | "nobody"
                | "postgres"
                | "mysql"
                | "mail"
                | "git"
                | "backup"
                | "ubuntu"
                | "admin"
                | "ec2-user"
                | "nginx"
                | "apache"
                | "openclaw"
                | "deploy"
                | "app"
        )
    };
    let mut jobs = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| match parse(line) {
            Line::Job(_, rest) | Line::Reboot(rest) => Some(rest),
            _ => None,
        })
        .peekable();
    jobs.peek().is_some()
        && jobs.all(|rest| {
            rest.split_once([' ', '\t'])
                .is_some_and(|(user, command)| usual(user) && !command.trim().is_empty())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(text: &str, system: bool) -> (Vec<String>, Vec<String>, Crontab) {
        let mut into = Collector::new("tab", 0);
        let learnt = read(text, system, &mut into);
        let collected = into.finish(Rules::Molecule);
        let jobs = collected.jobs.iter().map(|j| match &j.schedule {
            ScheduleSpec::Cron { expr, tz, .. } => format!(
                "{} {expr} | {} | {}",
                j.id,
                tz.as_deref().unwrap_or("-"),
                j.name.as_deref().unwrap()
            ),
            other => panic!("{other:?}"),
        });
        let problems = collected.problems.iter().map(ToString::to_string);
        (jobs.collect(), problems.collect(), learnt)
    }

    #[test]
    fn zones_apply_to_the_lines_after_them() {
        let text = "# c\nMAILTO=\"\"\n0 22 * * * a b\nCRON_TZ = \"Europe/Berlin\"\n@daily c\n\tTZ=UTC\n5\t4 1,15 JAN-MAR Mon-Fri d\n";
        let (jobs, problems, info) = jobs(text, false);
        assert_eq!(
            jobs,
            [
                "line-3 0 22 * * * | - | a b",
                "line-5 0 0 * * * | Europe/Berlin | c",
                "line-7 5 4 1,15 JAN-MAR Mon-Fri | UTC | d",
            ]
        );
        assert!(problems.is_empty() && !info.has_users);
    }

    #[test]
    fn the_user_column_is_detected() {
        let user = "17 * * * * root cd / && run-parts\n25 6 * * * www-data test -x x\n";
        assert_eq!(
            jobs(user, false).0[0],
            "line-1 17 * * * * | - | cd / && run-parts"
        );
        let mixed = "17 * * * * root x\n25 6 * * * tar -zcf x\n";
        assert_eq!(
            jobs(mixed, false).0[1],
            "line-2 25 6 * * * | - | tar -zcf x"
        );
        assert_eq!(jobs(mixed, true).0[1], "line-2 25 6 * * * | - | -zcf x");
        let header = "# m h dom mon dow user\tcommand\n1 2 * * * me x\n";
        assert_eq!(jobs(header, false).0[0], "line-2 1 2 * * * | - | x");
    }

    #[test]
    fn percent_ends_the_command() {
        let (jobs, _, _) = jobs("0 1 * * * date +\\%F % input\n", false);
        assert_eq!(jobs, ["line-1 0 1 * * * | - | date +%F"]);
    }

    #[test]
    fn what_does_not_fire_is_a_problem() {
        let text = "@reboot x\n0 1 * *\n0 1 * * *\n@fortnightly x\nhello world\n 0 1 ! * * x\n0 2 * * * ok\n";
        let (jobs, problems, _) = jobs(text, false);
        assert_eq!(jobs, ["line-7 0 2 * * * | - | ok"]);
        assert_eq!(
            problems,
            [
                "tab:1:1: @reboot: no clock fires it (\"x\")",
                "tab:2:8: has 4 of the five schedule fields",
                "tab:3:10: has a schedule and no command",
                "tab:4:1: @fortnightly is no crontab macro (@yearly, @monthly, @weekly, @daily, @hourly, @reboot)",
                "tab:5:1: \"hello\" is not field 1 of a crontab line",
                "tab:6:6: \"!\" is not field 3 of a crontab line",
            ]
        );
    }

    #[test]
    fn prose_is_not_a_crontab() {
        assert!(!looks_like("hello world this is no crontab at all\n", true));
        assert!(!looks_like("key=value\nother=1\n", true));
        assert!(looks_like("# only comments\n", true));
        assert!(looks_like("SHELL=/bin/sh\n", true));
    }
}
