//! Faults: which calls fail, of what, when and how often.

/// What a provider answers, as gateways tell failures apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 503, 529: overloaded.
    Overloaded,
    /// 429.
    RateLimit,
    /// 500, 502, 504.
    ServerError,
    /// 521 to 524: a proxy does not reach its server.
    Unreachable,
    /// Any other 5xx.
    OtherServerError,
    /// 408.
    RequestTimeout,
    /// 409.
    Conflict,
    /// 410, 499.
    Gone,
    /// 401, 403.
    Auth,
    /// 402.
    Billing,
    /// 404: there is no such model.
    NotFound,
    /// Any other 4xx: the request itself is refused.
    Refused,
    /// No answer.
    Silence,
}

impl Kind {
    /// The kind of an HTTP status from 400 to 599, whose answer says nothing but its number.
    ///
    /// Source: recorded on 2026.3.28 and 2026.9.6 for each of 400, 401, 402, 403, 404, 429, 500, 503
    /// and 529 (`tests/data/rehearsal`); for others what tells them apart: `_isRetryableError`,
    /// `classifyFailoverReason` (2026.3), `classifyFailoverSignalCore` (2026.9.6).
    pub fn of_status(status: u16) -> Self {
        match status {
            503 | 529 => Self::Overloaded,
            429 => Self::RateLimit,
            500 | 502 | 504 => Self::ServerError,
            521..=524 => Self::Unreachable,
            408 => Self::RequestTimeout,
            409 => Self::Conflict,
            410 | 499 => Self::Gone,
            401 | 403 => Self::Auth,
            402 => Self::Billing,
            404 => Self::NotFound,
            505.. | 501 => Self::OtherServerError,
            _ => Self::Refused,
        }
    }
}

/// Whose calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Index of a provider.
    Provider(u32),
    /// Index of a model.
    Model(u32),
}

/// Half-open span of time `[from_ms, until_ms)`, epoch milliseconds UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First instant inside.
    pub from_ms: i64,
    /// First instant after.
    pub until_ms: i64,
}

impl Span {
    /// Whether `t_ms` lies inside.
    pub fn holds(&self, t_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&t_ms)
    }
}

/// Calls that fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Whose.
    pub target: Target,
    /// Of what.
    pub kind: Kind,
    /// How likely each is to fail, 0 to 1.
    pub probability: f64,
    /// When a call must begin to fail; `None`: always.
    pub spans: Option<Vec<Span>>,
}

impl Fault {
    /// Whether it is in force at `t_ms`.
    pub fn holds(&self, t_ms: i64) -> bool {
        let spans = self.spans.as_deref();
        spans.is_none_or(|spans| spans.iter().any(|s| s.holds(t_ms)))
    }
}
