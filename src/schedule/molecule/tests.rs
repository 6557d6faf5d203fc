//! The jumps of the walk against the walk step by step.

use proptest::prelude::*;

use super::*;
use crate::schedule::ZoneSource as _;
use crate::schedule::properties::{ZONES, changes, five};
use crate::schedule::robfig;
use crate::schedule::tests::zones;

/// The walk as robfig/cron takes it: one month, day, hour, minute or second at a time.
fn step_by_step(fields: &Fields, zone: &Zone, after: i64) -> Result<Option<i64>, Endless> {
    let wall = |at: i64| at + zone.offset(at);
    let date = |at: i64| date_of(wall(at).div_euclid(DAY));
    let hour = |at: i64| wall(at).rem_euclid(DAY) / 3_600;
    let minute = |at: i64| wall(at).rem_euclid(3_600) / 60;
    let month_matches = |at: i64| fields.months >> date(at).month & 1 == 1;
    let day_matches = |at: i64| {
        let Date { year, month, day } = date(at);
        let first = weekday_of(days_of(year, month, 1));
        fields.month_mask(year, month, first) >> day & 1 == 1
    };
    let mut at = after + 1;
    let mut moved = false;
    let limit = date(at).year + 5;
    'wrap: for _ in 0..FUEL {
        if date(at).year > limit {
            return Ok(None);
        }
        while !month_matches(at) {
            if !moved {
                moved = true;
                let Date { year, month, .. } = date(at);
                at = go_date(zone, days_of(year, month, 1) * DAY);
            }
            let Date { year, month, day } = date(at);
            let (year, month) = (year + i64::from(month / 12), month % 12 + 1);
            let days = days_of(year, month, i64::from(day));
            at = go_date(zone, days * DAY + wall(at).rem_euclid(DAY));
            if date(at).month == 1 {
                continue 'wrap;
            }
        }
        let mut days = 0;
        while !day_matches(at) {
            days += 1;
            if days > 4_000 {
                return Err(Endless);
            }
            if !moved {
                moved = true;
                at = go_date(zone, wall(at) - wall(at).rem_euclid(DAY));
            }
            at = go_date(zone, wall(at) + DAY);
            match hour(at) {
                0 => {}
                late @ 13.. => at += (24 - late) * 3_600,
                early => at -= early * 3_600,
            }
            if date(at).day == 1 {
                continue 'wrap;
            }
        }
        while fields.hours >> hour(at) & 1 == 0 {
            if !moved {
                moved = true;
                at = go_date(zone, wall(at) - wall(at).rem_euclid(3_600));
            }
            at += 3_600;
            if hour(at) == 0 {
                continue 'wrap;
            }
        }
        while fields.minutes >> minute(at) & 1 == 0 {
            if !moved {
                moved = true;
                at -= at.rem_euclid(60);
            }
            at += 60;
            if minute(at) == 0 {
                continue 'wrap;
            }
        }
        while wall(at).rem_euclid(60) != 0 {
            moved = true;
            at += 1;
            if wall(at).rem_euclid(60) == 0 {
                continue 'wrap;
            }
        }
        return Ok(Some(at));
    }
    Err(Endless)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn jumps_lead_where_steps_do(
        expr in five(),
        zone in prop::sample::select(&ZONES[..]),
        pick in any::<prop::sample::Index>(),
        near in -20_000_000_i64..4_000_000,
    ) {
        let zone = zones().zone(zone).unwrap();
        let changes = changes(&zone);
        let middle = if changes.is_empty() {
            1_772_323_200
        } else {
            changes[pick.index(changes.len())]
        };
        let fields = robfig::parse(&expr, zones()).unwrap().fields.unwrap();
        let mut after = middle + near;
        for _ in 0..4 {
            let steps = step_by_step(&fields, &zone, after);
            let jumps = next(&fields, &zone, after * 1_000);
            match (steps, jumps) {
                (Err(Endless), Err(_)) | (Ok(None), Ok(None)) => break,
                (Ok(Some(at)), Ok(Some(fire))) => {
                    prop_assert_eq!(at * 1_000, fire, "{} {} {}", &expr, zone.name(), after);
                    after = at;
                }
                other => prop_assert!(false, "{} {} {after}: {other:?}", &expr, zone.name()),
            }
        }
    }
}
