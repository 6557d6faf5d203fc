//! The items of one field: values, ranges, steps, and croner's `W`, `L` and `#`.

use super::super::error::ScheduleError;
use super::super::fields::{EVERY, LAST, Special};

/// What one field may hold.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) min: u32,
    pub(super) max: u32,
    /// The largest step, which is the number of values that croner keeps for the field.
    steps: u32,
    /// Letters and signs that are legal besides `0-9 * / - ,`.
    pub(super) extra: &'static str,
}

pub(super) const SECOND: Part = Part::new("second", 0, 59, 60, "");
pub(super) const MINUTE: Part = Part::new("minute", 0, 59, 60, "");
pub(super) const HOUR: Part = Part::new("hour", 0, 23, 24, "");
pub(super) const DAY: Part = Part::new("day of month", 1, 31, 31, "LW");
pub(super) const MONTH: Part = Part::new("month", 1, 12, 12, "");
pub(super) const WEEKDAY: Part = Part::new("weekday", 0, 7, 7, "#L");
pub(super) const YEAR: Part = Part::new("year", 1, 9_999, 10_000, "");

impl Part {
    const fn new(name: &'static str, min: u32, max: u32, steps: u32, extra: &'static str) -> Self {
        Self {
            name,
            min,
            max,
            steps,
            extra,
        }
    }
}

/// Reads the leading digits of a text, as JavaScript's `parseInt` does.
fn number(text: &str) -> Option<u32> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let digits = text.get(..digits)?;
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
}

fn bounded(part: &Part, value: u32) -> Result<u32, ScheduleError> {
    if value < part.min || value > part.max {
        return Err(ScheduleError::range(format!(
            "{value} is not a {}: {} to {}",
            part.name, part.min, part.max
        )));
    }
    // Sunday is 0 and 7.
    Ok(if part.name == WEEKDAY.name {
        value % 7
    } else {
        value
    })
}

/// Reads one item of a list: `*`, `n`, `a-b`, `a-b/s`, `*/s`.
pub(super) fn values(
    part: &Part,
    item: &str,
    set: &mut impl FnMut(u32),
) -> Result<(), ScheduleError> {
    let every = part.min..=part.max;
    match (item.contains('-'), item.contains('/')) {
        _ if item == "*" => every.for_each(|v| set(bounded(part, v).unwrap_or(v))),
        _ if item.is_empty() => {
            return Err(ScheduleError::syntax("an item of the list is empty")
                .hint("take out the extra comma"));
        }
        (true, true) => {
            let exact = |text: &str| {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| number(text)).flatten()
            };
            let read = item.split_once('/').and_then(|(range, by)| {
                let (low, high) = range.split_once('-')?;
                Some((exact(low)?, exact(high)?, exact(by)?))
            });
            let Some((low, high, by)) = read else {
                return Err(
                    ScheduleError::syntax(format!("{item:?} is not a range with a step"))
                        .hint("write a-b/step: 5-59/15"),
                );
            };
            let by = step(part, by)?;
            range(part, item, low, high)?
                .step_by(by)
                .try_for_each(|v| bounded(part, v).map(&mut *set))?;
        }
        (true, false) => {
            let ends: Vec<_> = item.split('-').collect();
            let [low, high] = ends.as_slice() else {
                return Err(ScheduleError::syntax(format!("{item:?} is not a range"))
                    .hint("write a-b: 1-5"));
            };
            let end = |text: &str, which: &str| {
                number(text).ok_or_else(|| {
                    ScheduleError::syntax(format!("{item:?} has no {which} end"))
                        .hint("write a-b: 1-5")
                })
            };
            range(part, item, end(low, "lower")?, end(high, "upper")?)?
                .try_for_each(|v| bounded(part, v).map(&mut *set))?;
        }
        (false, true) => {
            let halves: Vec<_> = item.split('/').collect();
            let [left, by] = halves.as_slice() else {
                return Err(ScheduleError::syntax(format!(
                    "{item:?} has more than one step"
                )));
            };
            if *left != "*" {
                let range = match number(left) {
                    Some(low) => format!("write {low}-{}/{by} instead of {item}", part.max),
                    None => format!("write */{by}"),
                };
                return Err(ScheduleError::syntax(format!(
                    "croner steps from a range or a *, not from {left:?}"
                ))
                .hint(range));
            }
            let by = number(by).ok_or_else(|| {
                ScheduleError::syntax(format!("{item:?} has no step")).hint("write */5")
            })?;
            let by = step(part, by)?;
            if part.name == YEAR.name {
                return Err(ScheduleError::range(
                    "croner steps years from 0, and refuses that year",
                )
                .hint(format!("write 2026-2099/{by}")));
            }
            every
                .step_by(by)
                .for_each(|v| set(bounded(part, v).unwrap_or(v)));
        }
        (false, false) => {
            let value = number(item)
                .ok_or_else(|| ScheduleError::syntax(format!("{item:?} is not a number")))?;
            set(bounded(part, value)?);
        }
    }
    Ok(())
}

fn range(
    part: &Part,
    item: &str,
    low: u32,
    high: u32,
) -> Result<std::ops::RangeInclusive<u32>, ScheduleError> {
    if low > high {
        return Err(
            ScheduleError::syntax(format!("{item:?} runs backwards")).hint(format!(
                "ranges do not wrap around: write {low}-{},{}-{high}",
                part.max, part.min
            )),
        );
    }
    // croner checks the values that it sets, so `23-26/4` is 23.
    Ok(low..=high)
}

fn step(part: &Part, by: u32) -> Result<usize, ScheduleError> {
    if by == 0 || by > part.steps {
        return Err(ScheduleError::range(format!(
            "a step of {by} is refused: 1 to {} for {}",
            part.steps, part.name
        )));
    }
    Ok(by as usize)
}

/// Reads `nW`: the weekday (Monday to Friday) nearest to a day.
pub(super) fn nearest(item: &str) -> Result<u32, ScheduleError> {
    if item.contains(['-', '/']) {
        return Err(
            ScheduleError::syntax("W takes one day, not a range or a step").hint("write 15W"),
        );
    }
    let day = number(item).ok_or_else(|| {
        ScheduleError::syntax("W has no day").hint("write 15W, or LW alone in the field")
    })?;
    bounded(&DAY, day)
}

/// Reads an item of the weekday field with its count: `1#2`, `5L`, `1-5#2`.
pub(super) fn weekday_item(
    item: &str,
    special: &mut Special,
    set: &mut impl FnMut(u32),
) -> Result<(), ScheduleError> {
    let (days, nth) = if let Some((days, count)) = item.split_once('#') {
        let count = count.split('#').next().unwrap_or_default();
        (days, count_bit(count)?)
    } else if let Some(days) = item.strip_suffix(['L', 'l']) {
        (days, LAST)
    } else {
        (item, EVERY)
    };
    if nth != EVERY {
        special.counts = true;
        if days.is_empty() || days == "*" {
            return Err(ScheduleError::syntax(format!("{item:?} names no weekday"))
                .hint("write 5L or 5#2: the last, the second Friday"));
        }
    }
    let nths = &mut special.nth;
    values(&WEEKDAY, days, &mut |day| {
        set(day);
        if let Some(bits) = nths.get_mut(day as usize) {
            *bits |= nth;
        }
    })
}

fn count_bit(count: &str) -> Result<u8, ScheduleError> {
    match count {
        "" => Ok(EVERY),
        "L" | "l" => Ok(LAST),
        _ => match count.parse() {
            Ok(n @ 1..=5) => Ok(1 << n),
            _ => Err(ScheduleError::range(format!(
                "#{count} counts no weekday: #1 to #5, or #L"
            ))),
        },
    }
}
