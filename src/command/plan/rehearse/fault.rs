//! `--what-if` and `--capacity`: read, then tied to the providers and instants of a plan.

use jiff::ToSpan;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::RehearsalArgs;
use super::report::{CapacityUse, FaultUse, SpanUse};
use super::setting::Cast;
use crate::command::plan::gather::Gathered;
use crate::command::plan::given::Given;
use crate::error::Error;
use crate::plan::{Horizon, Outcome};
use crate::rehearsal::{Fault, Kind, Span, Target};
use crate::report::nearest;
use crate::schedule::ZoneSource;
use crate::when;

/// One `--what-if`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultArg {
    text: String,
    target: String,
    kind: Kind,
    probability: f64,
    window: Option<Window>,
}

/// One `--capacity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityArg {
    provider: String,
    calls: u32,
}

/// `FROM..UNTIL`, as written.
#[derive(Clone, Debug, PartialEq)]
struct Window {
    from: Moment,
    until: Moment,
    /// The zone of its times of day.
    zone: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Moment {
    /// A time of day: on every day of the horizon.
    Daily(Time),
    /// So long after FROM, milliseconds.
    After(i64),
    /// An instant, read when the zones are there.
    Instant(String),
}

/// Reads `TARGET=FAULT[:P][@FROM..UNTIL]`.
pub(super) fn parse(text: &str) -> Result<FaultArg, String> {
    let (target, rest) = text
        .split_once('=')
        .filter(|(target, _)| !target.trim().is_empty())
        .ok_or(
            "it is not of the form TARGET=FAULT, such as anthropic=503 or openai/gpt-5.4=429:0.5",
        )?;
    let (fault, window) = match rest.split_once('@') {
        Some((fault, window)) => (fault, Some(parse_window(window)?)),
        None => (rest, None),
    };
    let (fault, probability) = match fault.split_once(':') {
        None => (fault, 1.0),
        Some((fault, p)) => {
            let p = p
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|p| *p > 0.0 && *p <= 1.0);
            (
                fault,
                p.ok_or("P is how likely each call fails: a number above 0, up to 1")?,
            )
        }
    };
    let kind = match fault.trim() {
        "timeout" => Kind::Silence,
        status => match status.parse::<u16>() {
            Ok(status @ 400..=599) => Kind::of_status(status),
            _ => {
                return Err(format!(
                    "{status:?} is neither an HTTP status from 400 to 599 nor timeout"
                ));
            }
        },
    };
    Ok(FaultArg {
        text: text.trim().to_owned(),
        target: folded(target),
        kind,
        probability,
        window,
    })
}

/// A target as gateways fold it: the provider in lower case, the model as it is.
fn folded(target: &str) -> String {
    match target.trim().split_once('/') {
        Some((provider, model)) => format!("{}/{}", provider.trim().to_lowercase(), model.trim()),
        None => target.trim().to_lowercase(),
    }
}

/// Reads `PROVIDER=N`.
pub(super) fn parse_capacity(text: &str) -> Result<CapacityArg, String> {
    let (provider, calls) = text
        .split_once('=')
        .filter(|(provider, _)| !provider.trim().is_empty() && !provider.contains('/'))
        .ok_or("it is not of the form PROVIDER=N, such as anthropic=4")?;
    let calls = calls.trim().parse().ok().filter(|n: &u32| *n > 0);
    Ok(CapacityArg {
        provider: folded(provider),
        calls: calls.ok_or("N is how many calls it serves at once: a number from 1 on")?,
    })
}

fn parse_window(text: &str) -> Result<Window, String> {
    let (from, until) = text
        .split_once("..")
        .ok_or("a window is FROM..UNTIL, such as 22:00..22:20")?;
    let (until, zone) = match until
        .trim()
        .strip_suffix(']')
        .and_then(|t| t.split_once('['))
    {
        // An instant carries its own zone.
        Some((time, zone)) if time_of_day(time).is_some() || time.starts_with('+') => {
            (time, Some(zone.to_owned()))
        }
        _ => (until, None),
    };
    let moment = |text: &str| match time_of_day(text) {
        Some(time) => Moment::Daily(time),
        None => Moment::Instant(text.trim().to_owned()),
    };
    let until = match until.trim().strip_prefix('+') {
        Some(length) => Moment::After(when::parse_duration(length)?),
        None => moment(until),
    };
    Ok(Window {
        from: moment(from),
        until,
        zone,
    })
}

fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim();
    let read = |format| Time::strptime(format, text).ok();
    read("%H:%M").or_else(|| read("%H:%M:%S"))
}

/// The zone in which times of day are read, and why that one.
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) zone: TimeZone,
    pub(super) origin: &'static str,
}

/// The zone of the biggest burst, that of most of its jobs; without bursts, that of most jobs.
pub(super) fn zone_of(gathered: &Gathered<'_>, native: &Outcome) -> Zone {
    let mut jobs = vec![0_usize; gathered.zones.len()];
    let burst = native.totals.biggest.as_ref();
    match burst {
        Some(burst) => {
            for job in &burst.members {
                jobs[gathered.planned[*job].zone] += 1;
            }
        }
        None => gathered.planned.iter().for_each(|p| jobs[p.zone] += 1),
    }
    let names = gathered.zones.iter().map(|(name, _)| name.as_str());
    // Of equals the first name, so that the order of the jobs does not matter.
    let most = (0..jobs.len())
        .zip(names)
        .max_by_key(|(at, name)| (jobs[*at], std::cmp::Reverse(*name)));
    let origin = if burst.is_some() {
        "of the biggest burst"
    } else {
        "of most jobs"
    };
    match most {
        Some((at, name)) => Zone {
            name: name.to_owned(),
            zone: gathered.zones[at].1.clone(),
            origin,
        },
        None => Zone {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
            origin: "nothing is planned",
        },
    }
}

/// What was asked for, tied to the plan.
pub(super) struct Read {
    pub(super) faults: Vec<Fault>,
    /// By provider.
    pub(super) capacity: Vec<Option<u32>>,
    pub(super) said: Vec<FaultUse>,
    pub(super) capacity_said: Vec<CapacityUse>,
}

/// Ties faults and capacities to the providers, models and instants of the plan.
///
/// # Errors
/// When a window cannot be read, is empty, or lies outside the horizon.
pub(super) fn read(
    args: &RehearsalArgs,
    given: &Given,
    zone: &Zone,
    cast: &Cast,
) -> Result<Read, Error> {
    let mut read = Read {
        faults: Vec::new(),
        capacity: vec![None; cast.providers.len()],
        said: Vec::new(),
        capacity_said: Vec::new(),
    };
    let names = || {
        let providers = cast.providers.iter().map(String::as_str);
        providers.chain(cast.models.iter().map(String::as_str))
    };
    for arg in &args.what_if {
        let (spans, zone) = spans(arg, given, zone)?;
        let target = cast.target(&arg.target);
        read.said.push(FaultUse {
            text: arg.text.clone(),
            target: arg.target.clone(),
            called: target.is_some(),
            nearest: match target {
                Some(_) => None,
                None => nearest(&arg.target, names()).map(str::to_owned),
            },
            probability: arg.probability,
            zone,
            spans: spans
                .as_ref()
                .map(|spans| spans.iter().map(SpanUse::of).collect()),
        });
        read.faults.extend(target.map(|target| Fault {
            target,
            kind: arg.kind,
            probability: arg.probability,
            spans,
        }));
    }
    for arg in &args.capacity {
        let provider = match cast.target(&arg.provider) {
            Some(Target::Provider(provider)) => Some(provider),
            _ => None,
        };
        if let Some(provider) = provider {
            read.capacity[provider as usize] = Some(arg.calls);
        }
        let providers = cast.providers.iter().map(String::as_str);
        read.capacity_said.push(CapacityUse {
            provider: arg.provider.clone(),
            calls: arg.calls,
            called: provider.is_some(),
            nearest: match provider {
                Some(_) => None,
                None => nearest(&arg.provider, providers).map(str::to_owned),
            },
        });
    }
    Ok(read)
}

type Spans = (Option<Vec<Span>>, Option<String>);

/// When a fault holds, and the zone in which its times of day were read.
fn spans(arg: &FaultArg, given: &Given, zone: &Zone) -> Result<Spans, Error> {
    let Some(window) = &arg.window else {
        return Ok((None, None));
    };
    let refuse = |why: String| Error::usage(format!("--what-if {}: {why}", arg.text));
    let (tz, zone_said) = match &window.zone {
        None => (
            zone.zone.clone(),
            format!("{} ({})", zone.name, zone.origin),
        ),
        Some(name) => match given.zones.zone_any_case(name) {
            Some(zone) => (zone.time_zone().clone(), name.clone()),
            None => return Err(refuse(format!("{name:?} is not a known time zone"))),
        },
    };
    let instant = |text: &str| given.zones.instant("--what-if", text, given.now_ms);
    let (spans, zone_said) = match (&window.from, &window.until) {
        (Moment::Daily(from), until) => (
            daily(*from, until, &tz, given.horizon).map_err(refuse)?,
            Some(zone_said),
        ),
        (Moment::Instant(from), Moment::Instant(until)) => {
            let (from_ms, until_ms) = (instant(from)?, instant(until)?);
            (vec![Span { from_ms, until_ms }], None)
        }
        (Moment::Instant(from), Moment::After(length)) => {
            let from_ms = instant(from)?;
            let until_ms = from_ms.saturating_add(*length);
            (vec![Span { from_ms, until_ms }], None)
        }
        (_, Moment::Daily(_)) | (Moment::After(_), _) => {
            return Err(
                refuse("FROM is an instant and UNTIL a time of day".to_owned())
                    .hint("write both as instants or both as times of day"),
            );
        }
    };
    if let Some(empty) = spans.iter().find(|s| s.until_ms <= s.from_ms) {
        let at = when::utc(empty.from_ms);
        return Err(refuse(format!("the window is empty: it begins at {at}")));
    }
    let Horizon { from_ms, until_ms } = given.horizon;
    if spans
        .iter()
        .all(|s| s.until_ms <= from_ms || s.from_ms >= until_ms)
    {
        let horizon = format!("{} to {}", when::utc(from_ms), when::utc(until_ms));
        return Err(
            refuse(format!("the window is not in the horizon, {horizon}"))
                .hint("move the horizon with --from, --for or --until"),
        );
    }
    Ok((Some(spans), zone_said))
}

/// The window on every day of the horizon; one that ends before it begins goes on over midnight.
fn daily(from: Time, until: &Moment, tz: &TimeZone, horizon: Horizon) -> Result<Vec<Span>, String> {
    let instant = |at: jiff::civil::DateTime| {
        let at = tz.to_ambiguous_timestamp(at).compatible();
        at.map(jiff::Timestamp::as_millisecond)
            .map_err(|e| e.to_string())
    };
    let day_of = |ms: i64| {
        let at = jiff::Timestamp::from_millisecond(ms).map_err(|e| e.to_string())?;
        Ok::<_, String>(tz.to_datetime(at).date())
    };
    // The window of the day before may reach into the horizon.
    let mut day = day_of(horizon.from_ms)?
        .yesterday()
        .map_err(|e| e.to_string())?;
    let last = day_of(horizon.until_ms)?;
    let mut spans = Vec::new();
    while day <= last {
        let from_ms = instant(day.to_datetime(from))?;
        let until_ms = match until {
            Moment::After(length) => from_ms.saturating_add(*length),
            Moment::Daily(until) if *until == from => return Err("the window is empty".to_owned()),
            Moment::Daily(until) => {
                let end = if *until < from {
                    day.checked_add(1.day()).map_err(|e| e.to_string())?
                } else {
                    day
                };
                instant(end.to_datetime(*until))?
            }
            Moment::Instant(_) => {
                return Err("FROM is a time of day and UNTIL an instant".to_owned());
            }
        };
        if until_ms > horizon.from_ms && from_ms < horizon.until_ms {
            spans.push(Span { from_ms, until_ms });
        }
        day = day.tomorrow().map_err(|e| e.to_string())?;
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// 2026-03-31T00:00:00Z.
    const DAY: i64 = 1_774_915_200_000;

    fn windows(text: &str, days: i64) -> Vec<(i64, i64)> {
        let arg = parse(text).unwrap();
        let window = arg.window.unwrap();
        let Moment::Daily(from) = window.from else {
            panic!("{window:?}")
        };
        let horizon = Horizon {
            from_ms: DAY,
            until_ms: DAY + days * 24 * HOUR,
        };
        let spans = daily(from, &window.until, &TimeZone::UTC, horizon).unwrap();
        let relative = |s: &Span| ((s.from_ms - DAY) / 60_000, (s.until_ms - DAY) / 60_000);
        spans.iter().map(relative).collect()
    }

    #[test]
    fn faults_read_as_written() {
        let arg = parse("Anthropic=503").unwrap();
        assert_eq!(
            (&*arg.target, arg.kind, arg.probability),
            ("anthropic", Kind::Overloaded, 1.0)
        );
        let arg = parse("OpenAI/GPT-x=429:0.5").unwrap();
        assert_eq!(
            (&*arg.target, arg.kind, arg.probability),
            ("openai/GPT-x", Kind::RateLimit, 0.5)
        );
        assert_eq!(parse("a=timeout@22:00..22:20").unwrap().kind, Kind::Silence);
        assert_eq!(
            parse("ollama/llama3:8b=401").unwrap().target,
            "ollama/llama3:8b"
        );
        for wrong in [
            "anthropic",
            "=503",
            "a=200",
            "a=503:0",
            "a=503:1.5",
            "a=503@22:00",
            "a=deny",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn capacities_read_as_written() {
        let arg = parse_capacity("Anthropic=4").unwrap();
        assert_eq!((&*arg.provider, arg.calls), ("anthropic", 4));
        for wrong in ["anthropic", "a/b=4", "a=0", "=4", "a=many"] {
            assert!(parse_capacity(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_of_day_hold_on_every_day_of_the_horizon() {
        assert_eq!(
            windows("a=503@22:00..22:20", 2),
            [(1320, 1340), (2760, 2780)]
        );
        assert_eq!(windows("a=503@22:00..+20m", 1), [(1320, 1340)]);
    }

    #[test]
    fn a_window_over_midnight_reaches_in_from_the_day_before() {
        assert_eq!(windows("a=503@23:50..00:10", 1), [(-10, 10), (1430, 1450)]);
    }

    #[test]
    fn a_zone_in_brackets_is_that_of_times_of_day() {
        let window = parse("a=503@22:00..22:20[Europe/Paris]")
            .unwrap()
            .window
            .unwrap();
        assert_eq!(window.zone.as_deref(), Some("Europe/Paris"));
        let instants = "a=503@2026-03-31T22:00[Europe/Paris]..2026-03-31T22:20[Europe/Paris]";
        let window = parse(instants).unwrap().window.unwrap();
        assert_eq!(window.zone, None);
        assert_eq!(
            window.until,
            Moment::Instant("2026-03-31T22:20[Europe/Paris]".to_owned())
        );
    }
}
