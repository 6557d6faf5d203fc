//! The two lists of a platform, which may be long: their rows are read while they arrive.

use super::super::intake::Intake;
use super::Platform;
use crate::error::Error;
use crate::turn::{
    Envelope, Parsed, Reading, Row, TurnsRoute, Wanted, Workspace, parse_turns, parse_workspaces,
};

/// So many turns are asked for at first, and so many where there are more.
const TURNS_LIMIT: u64 = 10_000;
const TURNS_MAX: u64 = 100_000;

/// A list of turns.
struct Turns {
    parsed: Parsed<TurnsRoute>,
    /// How many it has at most.
    limit: u64,
    /// Whether it has as many, so that there may be more.
    is_cut: bool,
    /// Whether it says that it has more rows than came.
    is_short: bool,
}

impl<T: Row + Send> Intake for Reading<T> {
    fn restart(&mut self) {
        Self::restart(self);
    }

    fn opens(&self, first: u8) -> bool {
        Self::opens(self, first)
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), String> {
        Self::take(self, chunk)
    }

    fn rowless(&self) -> usize {
        Self::rowless(self)
    }
}

impl Platform {
    /// The rows of all workspaces, or of those wanted.
    pub(in crate::molecule) async fn list_workspaces(
        &self,
        wanted: Option<Wanted>,
    ) -> Result<Parsed<Vec<Workspace>>, Error> {
        let mut list = Reading::workspaces(wanted);
        let (url, answer) = self
            .transport()
            .read_to("/workspaces", Some(&mut list))
            .await?;
        let (url, answer) = self.accept(url, answer)?;
        let parsed = match &answer.taken {
            None => parse_workspaces(&answer.body),
            Some(Ok(())) => list.finish(),
            Some(Err(why)) => Err(why.clone()),
        };
        self.understood("GET /workspaces", &url, &answer, parsed)
    }

    /// The turns of all workspaces, or of those wanted.
    ///
    /// A platform that lists as many as it was asked for is asked for more, and from then on at once.
    /// One that does not give more is not asked again.
    /// Beside them: whether there may be more.
    pub(in crate::molecule) async fn list_turns(
        &self,
        wanted: Option<Wanted>,
    ) -> Result<(Parsed<TurnsRoute>, bool), Error> {
        let settled = self.inner.turns_limit.get().copied();
        let limit = settled.unwrap_or(TURNS_LIMIT);
        let mut list = self.turns_up_to(limit, wanted.clone()).await?;
        if settled.is_none()
            && list.is_cut
            && list.limit == limit
            && let Ok(more) = self.turns_up_to(TURNS_MAX, wanted).await
        {
            if more.limit <= limit {
                self.inner.turns_limit.set(limit).ok();
            } else if more.parsed.rows >= list.parsed.rows {
                self.inner.turns_limit.set(TURNS_MAX).ok();
                list = more;
            }
        }
        if list.is_cut {
            self.note(format!(
                "GET /admin/turns: the list was cut at its limit of {}: there may be more turns",
                list.limit
            ));
        }
        Ok((list.parsed, list.is_cut || list.is_short))
    }

    async fn turns_up_to(&self, limit: u64, wanted: Option<Wanted>) -> Result<Turns, Error> {
        let mut list = Reading::turns(wanted);
        let path = format!("/admin/turns?status=in_flight&limit={limit}");
        let (url, answer) = self.transport().read_to(&path, Some(&mut list)).await?;
        let missing = matches!(answer.status.as_u16(), 404 | 405 | 501);
        if missing && !answer.is_tenant_guard() {
            let why = format!("GET /admin/turns: {}", answer.status);
            return Ok(Turns {
                parsed: Parsed::default().map(|()| TurnsRoute::Missing(why)),
                limit,
                is_cut: false,
                is_short: false,
            });
        }
        let (url, answer) = self.accept(url, answer)?;
        let read = match &answer.taken {
            None => parse_turns(&answer.body).map(|parsed| (parsed, Envelope::default())),
            Some(Ok(())) => list.finish(),
            Some(Err(why)) => Err(why.clone()),
        };
        let (read, envelope) = match read {
            Ok((parsed, envelope)) => (Ok(parsed), envelope),
            Err(why) => (Err(why), Envelope::default()),
        };
        let parsed = self.understood("GET /admin/turns", &url, &answer, read)?;
        let limit = envelope.limit.unwrap_or(limit);
        let (count, rows) = (envelope.count.unwrap_or(0), parsed.rows as u64);
        Ok(Turns {
            is_cut: count.max(rows) >= limit,
            is_short: count > rows,
            parsed: parsed.map(TurnsRoute::Listed),
            limit,
        })
    }
}
