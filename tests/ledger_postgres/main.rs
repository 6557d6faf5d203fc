//! The ledger in SQLite and in PostgreSQL: the same answers, claims, and what goes wrong with a
//! server. The server is a real one, which the tests start.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests prepare files and look at them, and fail by panicking"
)]

// Claims, leases, the budget of an hour.
mod claims;
// Addresses, passwords, tables of another version.
mod place;
#[path = "../support/postgres.rs"]
mod postgres;
// What a server refuses, and how it is lost and found.
mod server;
// The same story for both.
mod story;

use std::sync::LazyLock;

use cronctl::error::Error;
use cronctl::ledger::{Claimant, Ledger, NewAttempt, Password, Place, Record, Recorded};
use cronctl::turn::{Sighting, Witness};
use serde_json::json;
use tempfile::TempDir;

use self::postgres::Cluster;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

const PLATFORM: &str = "http://127.0.0.1:8080";
const T: i64 = 1_779_490_062_000;
const HOUR: i64 = 3_600_000;

fn password() -> Option<Password> {
    Password::new(CLUSTER.password())
}

/// An empty database.
fn server(name: &str) -> Place {
    Place::postgres(&CLUSTER.database(name), password()).unwrap()
}

/// An empty place of each kind.
fn places(name: &str) -> (TempDir, [Place; 2]) {
    let directory = TempDir::new().unwrap();
    let file = Place::File(directory.path().join("ledger.db"));
    (directory, [file, server(name)])
}

fn attempt(id: &str, known: usize) -> NewAttempt {
    NewAttempt {
        platform: PLATFORM.to_owned(),
        workspace_id: id.to_owned(),
        workspace_name: Some("SEO \"Agent\" \u{fc}".to_owned()),
        turn_key: "turn-1".to_owned(),
        request_id: format!("r-{id}"),
        round: 0,
        at_ms: T,
        who: "ops@host".to_owned(),
        reason: "operator: stuck; Bearer s3cret".to_owned(),
        request: format!("POST {PLATFORM}/{id}/control/checkpoint"),
        restart: false,
        before: json!({ "age_ms": 21_600_000 }),
        known,
    }
}

fn begun(id: &str, known: usize) -> Record {
    Record::Begun(Box::new(attempt(id, known)))
}

fn replica(owner: &str, lease_ms: i64) -> Claimant {
    Claimant {
        owner: owner.to_owned(),
        lease_ms,
        per_hour: None,
    }
}

fn released(id: &str) -> Record {
    Record::Released {
        platform: PLATFORM.to_owned(),
        workspace_id: id.to_owned(),
        turn_key: "turn-1".to_owned(),
    }
}

fn seen(id: &str, at_ms: i64, busy: bool) -> Sighting {
    Sighting {
        workspace_id: id.to_owned(),
        at_ms,
        busy,
        by: Witness::Poll,
        turn_id: None,
        current_task: busy.then(|| "build\0 the site".to_owned()),
        started_ms: None,
        ended_ms: None,
        idle_before_ms: None,
    }
}

/// One record; what became of it.
fn does(ledger: &mut Ledger, who: &Claimant, record: Record) -> Recorded {
    ledger.record(Some(who), &[record]).unwrap().remove(0)
}

fn whole(error: &Error) -> String {
    format!("{error:?}\n{error}\n{}", error.hints.join("\n"))
}
