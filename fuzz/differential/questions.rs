//! Prints random questions about the next fire, and cronctl's answers, as JSON lines:
//! `questions [COUNT] [SEED]`. `answers.mjs` asks OpenClaw's own function the same.
//!
//! Three in four instants lie within two days of a clock change of the zone, where schedulers differ.

use std::io::Write;

use cronctl::schedule::{Cron, Rules, Version, ZoneSource};
use cronctl::zones::Zones;
use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Zones with every kind of rule: no change, half hours, midnight changes, both hemispheres, abolished
/// summer times, offsets that moved by more than an hour.
const ZONES: [&str; 30] = [
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Chicago",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Asuncion",
    "America/Phoenix",
    "America/Caracas",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Asia/Amman",
    "Asia/Dhaka",
    "Asia/Pyongyang",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Pacific/Apia",
    "Pacific/Kiritimati",
];

/// Milliseconds from 2000-01-01 to 2037-01-01: both sides know the rules of every zone there.
const SPAN: std::ops::Range<i64> = 946_684_800_000..2_114_380_800_000;
const DAY_MS: i64 = 86_400_000;

const MONTHS: [&str; 6] = ["JAN", "feb", "Mar", "OCT", "nov", "DEC"];
const DAYS: [&str; 7] = ["SUN", "mon", "Tue", "WED", "thu", "FRI", "sat"];

/// One part of a field of numbers `least..=most`.
fn part(rng: &mut Rng, least: u32, most: u32) -> String {
    let number = |rng: &mut Rng| rng.u32(least..=most);
    match rng.u8(0..12) {
        0..5 => number(rng).to_string(),
        5 | 6 => "*".to_owned(),
        7 => format!("*/{}", rng.u32(1..=most)),
        8 | 9 => {
            let (a, b) = (number(rng), number(rng));
            format!("{}-{}", a.min(b), a.max(b))
        }
        10 => {
            let (a, b) = (number(rng), number(rng));
            format!("{}-{}/{}", a.min(b), a.max(b), rng.u32(1..=most))
        }
        // Refused by some, an error or nonsense to others: the answer counts, whatever it is.
        _ => match rng.u8(0..4) {
            0 => "?".to_owned(),
            1 => format!("{}/{}", number(rng), rng.u32(1..=most)),
            2 => most.saturating_add(1).to_string(),
            _ => format!("{most}-{least}"),
        },
    }
}

fn field(rng: &mut Rng, least: u32, most: u32) -> String {
    let parts = if rng.u8(0..5) == 0 {
        rng.usize(2..4)
    } else {
        1
    };
    let parts: Vec<_> = (0..parts).map(|_| part(rng, least, most)).collect();
    parts.join(",")
}

fn day_of_month(rng: &mut Rng) -> String {
    match rng.u8(0..10) {
        0..5 => "*".to_owned(),
        5 => "L".to_owned(),
        6 => format!("{}W", rng.u32(1..=31)),
        7 => "LW".to_owned(),
        _ => field(rng, 1, 31),
    }
}

fn month(rng: &mut Rng) -> String {
    match rng.u8(0..8) {
        0..5 => "*".to_owned(),
        5 => MONTHS[rng.usize(0..MONTHS.len())].to_owned(),
        _ => field(rng, 1, 12),
    }
}

fn day_of_week(rng: &mut Rng) -> String {
    let day = |rng: &mut Rng| DAYS[rng.usize(0..DAYS.len())];
    match rng.u8(0..12) {
        0..6 => "*".to_owned(),
        6 => day(rng).to_owned(),
        7 => format!("{}#{}", rng.u32(0..=7), rng.u32(1..=5)),
        8 => format!("{}L", rng.u32(0..=7)),
        9 => format!("+{}", field(rng, 0, 7)),
        10 => format!("{}#L", day(rng)),
        _ => field(rng, 0, 7),
    }
}

fn expression(rng: &mut Rng) -> String {
    if rng.u8(0..40) == 0 {
        let names = [
            "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@reboot",
        ];
        return names[rng.usize(0..names.len())].to_owned();
    }
    let mut fields = Vec::new();
    let count = rng.u8(0..10);
    if count >= 7 {
        // Without this, nearly every question about seconds is answered by the next second.
        fields.push(if rng.bool() {
            "0".to_owned()
        } else {
            field(rng, 0, 59)
        });
    }
    fields.push(field(rng, 0, 59));
    fields.push(field(rng, 0, 23));
    fields.push(day_of_month(rng));
    fields.push(month(rng));
    fields.push(day_of_week(rng));
    if count == 9 {
        fields.push(field(rng, 2000, 2037));
    }
    fields.join(" ")
}

/// An instant of the span, mostly near a clock change of the zone.
fn instant(rng: &mut Rng, zone: &TimeZone) -> i64 {
    let anywhere = rng.i64(SPAN);
    let at = Timestamp::from_millisecond(anywhere).unwrap_or(Timestamp::UNIX_EPOCH);
    let change = zone
        .following(at)
        .next()
        .map(|t| t.timestamp().as_millisecond());
    match change.filter(|t| SPAN.contains(t) && rng.u8(0..4) > 0) {
        Some(t) => {
            t + rng.i64(-2 * DAY_MS..2 * DAY_MS) / 1000 * 1000 + rng.i64(0..2) * rng.i64(0..1000)
        }
        None => anywhere,
    }
}

/// The answer as JSON: an instant, null for never, or a refusal.
fn answer(
    version: Version,
    expr: &str,
    zone: &str,
    after_ms: i64,
    zones: &Zones,
) -> serde_json::Value {
    match Cron::compile(Rules::OpenClaw(version), expr, Some(zone), zones) {
        Err(_) => "refused".into(),
        Ok(cron) => match cron.next(after_ms) {
            Ok(next) => next.into(),
            Err(_) => "hangs".into(),
        },
    }
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut number = |otherwise| {
        args.next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(otherwise)
    };
    let (count, seed) = (number(100_000_u64), number(1));
    let mut rng = Rng::with_seed(seed);
    let zones = Zones::built_in();
    let known: Vec<_> = ZONES
        .iter()
        .map(|name| {
            zones
                .zone(name)
                .map_or(TimeZone::UTC, |z| z.time_zone().clone())
        })
        .collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for _ in 0..count {
        let expr = expression(&mut rng);
        let zone = rng.usize(0..ZONES.len());
        let now_ms = instant(&mut rng, &known[zone]);
        let of = |version| answer(version, &expr, ZONES[zone], now_ms, &zones);
        let line = serde_json::json!({
            "expr": expr,
            "tz": ZONES[zone],
            "nowMs": now_ms,
            "2026.9.6": of(Version::new(2026, 9, 6)),
            "2026.3.31": of(Version::new(2026, 3, 31)),
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}
