//! The breaker: after several requests of unknown effect in a row nothing more is sent for a while,
//! then one request tries whether things are better.

/// The longest pause, milliseconds.
const PAUSE_MAX_MS: i64 = 600_000;

/// A breaker. It opens after [`Breaker::new`]'s number of requests in a row whose effect is not known, or
/// at once when the caller is refused; each time it opens again without having closed, for twice as long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    limit: u32,
    pause_ms: i64,
    in_a_row: u32,
    /// How often it opened since it was closed last.
    opened: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until_ms: i64 },
    Trying { sent: bool },
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Every request.
    Closed,
    /// One request, to see how that goes.
    HalfOpen,
    /// None.
    Open,
}

/// What came of a request, to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Its effect is known.
    Clear,
    /// Its effect is not known.
    Nothing,
    /// The platform refused the caller: the rest would be refused, too.
    Refused,
}

/// What an answer did to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tripped {
    /// It opened: nothing is sent before this instant, epoch milliseconds.
    Opened {
        /// The instant.
        until_ms: i64,
    },
    /// It closed.
    Closed,
}

impl Breaker {
    /// A closed one. `limit` requests of unknown effect in a row open it, 0 never; `pause_ms` is the first
    /// pause.
    pub fn new(limit: u32, pause_ms: i64) -> Self {
        Self {
            limit,
            pause_ms: pause_ms.max(0),
            in_a_row: 0,
            opened: 0,
            state: State::Closed,
        }
    }

    /// One that never opens.
    pub fn off() -> Self {
        Self::new(0, 0)
    }

    /// What it lets through.
    pub fn state(&self, now_ms: i64) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { until_ms } if now_ms < until_ms => BreakerState::Open,
            State::Open { .. } | State::Trying { .. } => BreakerState::HalfOpen,
        }
    }

    /// Until when nothing is sent; `None` when something is.
    pub fn open_until_ms(&self, now_ms: i64) -> Option<i64> {
        match self.state {
            State::Open { until_ms } if now_ms < until_ms => Some(until_ms),
            _ => None,
        }
    }

    /// How many more requests may begin now.
    pub fn room(&self, now_ms: i64) -> usize {
        match (self.state(now_ms), self.state) {
            (BreakerState::Closed, _) => usize::MAX,
            (BreakerState::Open, _) | (_, State::Trying { sent: true }) => 0,
            (BreakerState::HalfOpen, _) => 1,
        }
    }

    /// Notes that a request begins.
    pub fn begins(&mut self, now_ms: i64) {
        if self.state(now_ms) == BreakerState::HalfOpen {
            self.state = State::Trying { sent: true };
        }
    }

    /// Notes that one that began is not sent: another may try.
    pub fn withdraws(&mut self) {
        if self.state == (State::Trying { sent: true }) {
            self.state = State::Trying { sent: false };
        }
    }

    /// Notes what came of a request.
    pub fn hears(&mut self, heard: Heard, now_ms: i64) -> Option<Tripped> {
        let trying = matches!(self.state, State::Trying { .. });
        let opens = match heard {
            Heard::Clear => {
                self.in_a_row = 0;
                // What was sent before it opened says nothing of how things are now.
                if !trying {
                    return None;
                }
                self.state = State::Closed;
                self.opened = 0;
                return Some(Tripped::Closed);
            }
            Heard::Nothing => {
                self.in_a_row = self.in_a_row.saturating_add(1);
                self.limit > 0 && self.in_a_row >= self.limit
            }
            Heard::Refused => self.limit > 0,
        };
        let opens = match self.state {
            State::Closed => opens,
            State::Open { .. } => false,
            State::Trying { .. } => true,
        };
        opens.then(|| self.open(now_ms))
    }

    fn open(&mut self, now_ms: i64) -> Tripped {
        let factor = 1_i64.checked_shl(self.opened).unwrap_or(i64::MAX).max(1);
        let longest = PAUSE_MAX_MS.max(self.pause_ms);
        let pause_ms = self.pause_ms.saturating_mul(factor).min(longest);
        let until_ms = now_ms.saturating_add(pause_ms);
        self.opened = self.opened.saturating_add(1).min(32);
        self.in_a_row = 0;
        self.state = State::Open { until_ms };
        Tripped::Opened { until_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_so_many_in_a_row_and_one_request_closes_it() {
        let mut breaker = Breaker::new(3, 1_000);
        assert_eq!(breaker.room(0), usize::MAX);
        assert_eq!(breaker.hears(Heard::Nothing, 0), None);
        assert_eq!(breaker.hears(Heard::Nothing, 0), None);
        assert_eq!(breaker.hears(Heard::Clear, 0), None);
        assert_eq!(breaker.hears(Heard::Nothing, 0), None);
        assert_eq!(breaker.hears(Heard::Nothing, 0), None);
        let opened = Some(Tripped::Opened { until_ms: 1_010 });
        assert_eq!(breaker.hears(Heard::Nothing, 10), opened);
        assert_eq!(
            (breaker.room(10), breaker.open_until_ms(10)),
            (0, Some(1_010))
        );
        // What was under way changes nothing.
        assert_eq!(breaker.hears(Heard::Nothing, 20), None);
        assert_eq!(breaker.hears(Heard::Clear, 20), None);
        assert_eq!(breaker.state(1_009), BreakerState::Open);

        assert_eq!(breaker.state(1_010), BreakerState::HalfOpen);
        assert_eq!(breaker.room(1_010), 1);
        breaker.begins(1_010);
        assert_eq!(breaker.room(1_010), 0);
        breaker.withdraws();
        assert_eq!(breaker.room(1_010), 1);
        breaker.begins(1_010);
        assert_eq!(breaker.hears(Heard::Clear, 1_011), Some(Tripped::Closed));
        assert_eq!(breaker.room(1_011), usize::MAX);
    }

    #[test]
    fn each_vain_try_doubles_the_pause_up_to_the_longest() {
        let mut breaker = Breaker::new(1, 60_000);
        let mut now = 0;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            breaker.begins(now);
            let Some(Tripped::Opened { until_ms }) = breaker.hears(Heard::Nothing, now) else {
                panic!("it did not open at {now}");
            };
            pauses.push((until_ms - now) / 60_000);
            now = until_ms;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        breaker.begins(now);
        assert_eq!(breaker.hears(Heard::Clear, now), Some(Tripped::Closed));
        let Some(Tripped::Opened { until_ms }) = breaker.hears(Heard::Nothing, now) else {
            panic!("it did not open");
        };
        assert_eq!(until_ms - now, 60_000);
    }

    #[test]
    fn a_try_that_is_refused_doubles_the_pause() {
        let mut breaker = Breaker::new(5, 60_000);
        let mut now = 0;
        let mut pauses = Vec::new();
        for _ in 0..5 {
            breaker.begins(now);
            let Some(Tripped::Opened { until_ms }) = breaker.hears(Heard::Refused, now) else {
                panic!("it did not open at {now}");
            };
            pauses.push((until_ms - now) / 60_000);
            now = until_ms;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 10]);
    }

    #[test]
    fn a_refusal_opens_at_once_and_off_is_off() {
        let mut breaker = Breaker::new(5, 1_000);
        let opened = Some(Tripped::Opened { until_ms: 1_000 });
        assert_eq!(breaker.hears(Heard::Refused, 0), opened);
        assert_eq!(breaker.hears(Heard::Refused, 1), None);
        let mut off = Breaker::off();
        for n in 0..1_000 {
            assert_eq!(
                (off.hears(Heard::Nothing, n), off.hears(Heard::Refused, n)),
                (None, None)
            );
        }
        assert_eq!(off.room(0), usize::MAX);
    }
}
