//! What can go wrong under the ledger, and the words for it.

use std::error::Error as _;
use std::fmt;

use postgres::error::SqlState;

use super::database::Database;
use super::file;
use super::place::Server;
use crate::error::{Error, Exit};

/// Why the database did not do what it was asked.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// The PostgreSQL server, or the way to it.
    Postgres(postgres::Error),
    /// The server said nothing in time.
    Silent,
    /// The connection was lost in mid-change.
    Lost,
    /// The certificates for TLS cannot be used.
    Certificates(String),
    /// A column holds what cannot be read.
    Unreadable {
        /// From 0.
        column: usize,
        why: String,
    },
    /// Anything else, in words.
    Unexpected(String),
}

impl Fault {
    pub(super) fn unreadable(column: usize, why: impl fmt::Display) -> Self {
        let why = why.to_string();
        Self::Unreadable { column, why }
    }

    /// Whether a statement did not fit the tables that are there.
    pub(super) fn is_of_other_tables(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(e, _)) => {
                e.code == rusqlite::ErrorCode::Unknown
            }
            Self::Postgres(e) => {
                e.code() == Some(&SqlState::UNDEFINED_COLUMN)
                    || e.code() == Some(&SqlState::UNDEFINED_TABLE)
            }
            _ => false,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Postgres(error) => error.fmt(f),
            Self::Silent => f.write_str("no answer came"),
            Self::Lost => f.write_str("the connection was lost"),
            Self::Certificates(why) | Self::Unexpected(why) => f.write_str(why),
            Self::Unreadable { column, why } => write!(f, "column {column}: {why}"),
        }
    }
}

impl Database {
    /// The fault in words, with the place and what to do next.
    pub(super) fn failed(&self, fault: Fault) -> Error {
        match (self, fault) {
            (Self::Sqlite { path, .. }, Fault::Sqlite(error)) => file::failed(path, &error),
            (Self::Sqlite { path, .. }, fault) => {
                Error::failed(format!("{}: the ledger failed", path.display())).because(fault)
            }
            (Self::Postgres(remote), fault) => refused(remote.server(), &fault),
        }
    }
}

/// The error for what a server, or the way to it, says. What the server says never holds a password.
pub(super) fn refused(server: &Server, fault: &Fault) -> Error {
    let of = |what: &str| Error::failed(format!("{server}: the ledger {what}"));
    let away = |what: &str| Error {
        exit: Exit::Unavailable,
        ..of(what)
    };
    let error = match fault {
        Fault::Postgres(error) => error,
        Fault::Silent => return away("did not answer within 20 s").hint(LATER),
        Fault::Lost => return away("was cut off in mid-change").hint(LATER),
        Fault::Certificates(why) => {
            return of("cannot be reached: the certificates to trust cannot be used")
                .because(why)
                .hint("sslrootcert=FILE in the address names a file of PEM certificates");
        }
        fault => return of("failed").because(fault),
    };
    let Some(said) = error.as_db_error() else {
        return causes(not_reached(server, error), error);
    };
    let code = said.code();
    let error = match code.code() {
        "28P01" | "28000" => of("refuses the user").hint(PASSWORD),
        "3D000" => of("has no such database").hint(format!(
            "let it be made there: createdb --owner {} {}",
            server.user(),
            server.database()
        )),
        "42501" => of("refuses this user").hint(format!(
            "let its owner say once: CREATE SCHEMA cronctl AUTHORIZATION {}",
            server.user()
        )),
        "25006" => of("cannot be written: the server is read-only")
            .hint("name the primary server: target_session_attrs=read-write in the address")
            .hint("default_transaction_read_only may be set for this user or database"),
        "53100" => of("cannot be written: the disk is full").hint(file::ROOM),
        "53300" => away("has no free connection").hint("raise max_connections there, or try again"),
        "55P03" => of("is in use: another process has been changing it for 10 s").hint("try again"),
        "57014" => away("did not answer within 15 s").hint(LATER),
        "25P03" => away("was cut off: this process paused in mid-change for 5 s")
            .hint("nothing of that change was written; try again"),
        "42P01" | "3F000" | "42703" => of("is without the tables that it had")
            .hint("start cronctl again, and they are made; what was in them is lost"),
        _ if code == &SqlState::IN_FAILED_SQL_TRANSACTION => of("failed").hint(LATER),
        code if ["57P", "08", "53"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            away("is not there now").hint(LATER)
        }
        _ => of("failed").hint("the server's log may say more"),
    };
    error.because(said.message())
}

const LATER: &str = "try again when the server is there; what was recorded before is safe";
const PASSWORD: &str = "name the user in the address, and its password in a file for \
                        --ledger-password-file or in CRONCTL_LEDGER_PASSWORD";

/// Nothing came from the server itself.
fn not_reached(server: &Server, error: &postgres::Error) -> Error {
    let of = |what: &str| Error::failed(format!("{server}: the ledger {what}"));
    let all = chain(error).join(": ");
    if all.contains("password missing") {
        return of("asks for a password").hint(PASSWORD);
    }
    if all.contains("does not support TLS") {
        return of("cannot be reached: the server has no TLS")
            .hint("turn TLS on there (ssl = on)")
            .hint("sslmode=disable goes without, where the network is trusted");
    }
    if all.contains("TLS") {
        return of("cannot be reached: TLS failed")
            .hint("the certificate must be valid for the host's name as in the address")
            .hint("sslrootcert=FILE in the address names the authority to trust");
    }
    let error = of("cannot be reached").hint(LATER);
    Error {
        exit: Exit::Unavailable,
        ..error
    }
}

fn causes(error: Error, fault: &postgres::Error) -> Error {
    chain(fault).into_iter().fold(error, Error::because)
}

/// What an error says, from the outermost to the innermost, each once.
fn chain(error: &postgres::Error) -> Vec<String> {
    let mut all = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        // Some repeat what is below them.
        if let Some(last) = all.last_mut()
            && last.ends_with(&text)
        {
            let above = last.len() - text.len();
            last.truncate(above);
            *last = last.trim_end_matches(": ").to_owned();
        }
        all.push(text);
        next = error.source();
    }
    all.retain(|text| !text.is_empty());
    all
}
