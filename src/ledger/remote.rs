//! The connection to a PostgreSQL server.
//!
//! A thread of its own owns it: so a call may come from anywhere (the client must not be used inside
//! an asynchronous runtime), and no call waits for longer than a bound, whatever becomes of the
//! server or the network. A lost connection is made anew at the next call; what was lost in
//! mid-change was not done, or is not known to have been done.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::Severity;
use postgres::types::{ToSql, Type};
use postgres::{Client, NoTls, Statement};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::database::{PREPARED, Row, Value};
use super::fault::Fault;
use super::place::Server;
use crate::files;

/// The longest wait for one answer. The server gives up after 15 s, the network after 10 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a session is told first. A replica that is paused in mid-change must not hold up the
/// others; what is committed is on the disk. A plan is made while a table is empty and kept when it
/// is large: so it uses the indexes, which there are for every statement.
const SESSION: &str = "
SET search_path = cronctl;
SET idle_in_transaction_session_timeout = '5s';
SET lock_timeout = '10s';
SET statement_timeout = '15s';
SET enable_seqscan = off;
SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off';
";

/// Changes come one after the other, as SQLite has it. The number means nothing; no other lock of a
/// database that is shared with a platform is likely to have it.
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(7163108115114116)";

/// The server, and a connection to it while there is one.
#[derive(Debug)]
pub(super) struct Remote {
    server: Server,
    line: RefCell<Option<Line>>,
    /// Whether a change was begun and not ended.
    within: Cell<bool>,
}

impl Remote {
    /// Connects.
    pub(super) fn connect(server: &Server) -> Result<Self, Fault> {
        Ok(Self {
            server: server.clone(),
            line: RefCell::new(Some(Line::open(server)?)),
            within: Cell::new(false),
        })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, Fault> {
        match self.ask(&Ask::Execute(sql.to_owned(), values))? {
            Answer::Changed(rows) => Ok(rows),
            Answer::Rows(_) => Err(Fault::Lost),
        }
    }

    pub(super) fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, Fault> {
        match self.ask(&Ask::Query(sql.to_owned(), values))? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Changed(_) => Err(Fault::Lost),
        }
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.ask(&Ask::Batch(sql.to_owned())).map(drop)
    }

    pub(super) fn begin(&self) -> Result<(), Fault> {
        let begun = self.batch(BEGIN);
        self.within.set(true);
        if begun.is_err() {
            self.rollback();
        }
        begun
    }

    pub(super) fn commit(&self) -> Result<(), Fault> {
        let done = self.batch("COMMIT");
        self.within.set(done.is_err());
        done
    }

    /// Undoes what was begun. Where it cannot be said to the server, the connection is given up, and
    /// the server does the same.
    pub(super) fn rollback(&self) {
        if self.line.borrow().is_some() && self.batch("ROLLBACK").is_err() {
            self.line.replace(None);
        }
        self.within.set(false);
    }

    /// Asks the server. Outside of a change a connection that turns out to be lost is made anew
    /// once: nothing was begun on it.
    fn ask(&self, ask: &Ask) -> Result<Answer, Fault> {
        let mut line = self.line.borrow_mut();
        let fresh = line.is_none();
        let open = match line.take() {
            Some(open) => open,
            None if self.within.get() => return Err(Fault::Lost),
            None => Line::open(&self.server)?,
        };
        match open.ask(ask.clone()) {
            Err(fault) if !fresh && !self.within.get() && is_lost(&fault) => {
                let open = Line::open(&self.server)?;
                let answer = open.ask(ask.clone());
                *line = answer
                    .as_ref()
                    .map_or_else(survives, |_| true)
                    .then_some(open);
                answer
            }
            answer => {
                *line = answer
                    .as_ref()
                    .map_or_else(survives, |_| true)
                    .then_some(open);
                answer
            }
        }
    }
}

/// Whether a connection can be used after a fault.
fn survives(fault: &Fault) -> bool {
    !is_lost(fault) && !matches!(fault, Fault::Silent)
}

fn is_lost(fault: &Fault) -> bool {
    match fault {
        Fault::Lost => true,
        Fault::Postgres(error) => error.as_db_error().is_none_or(|error| {
            matches!(
                error.parsed_severity(),
                Some(Severity::Fatal | Severity::Panic)
            )
        }),
        _ => false,
    }
}

#[derive(Clone)]
enum Ask {
    Execute(String, Vec<Value>),
    Query(String, Vec<Value>),
    Batch(String),
}

enum Answer {
    Changed(u64),
    Rows(Vec<Row>),
}

/// The way to the thread that owns the connection. The thread ends when this is dropped.
#[derive(Debug)]
struct Line {
    ask: Sender<Ask>,
    answer: Receiver<Result<Answer, Fault>>,
}

impl Line {
    fn open(server: &Server) -> Result<Self, Fault> {
        let (ask, asked) = channel::<Ask>();
        let (say, answer) = channel();
        let server = server.clone();
        let serve = move || {
            let mut session = match Session::open(&server) {
                Ok(session) => session,
                // Nobody waits any more when this fails.
                Err(fault) => return drop(say.send(Err(fault))),
            };
            let mut said = say.send(Ok(Answer::Changed(0)));
            while let (Ok(()), Ok(ask)) = (said, asked.recv()) {
                said = say.send(session.answer(&ask).map_err(Fault::Postgres));
            }
        };
        std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(serve)
            .map_err(|e| Fault::Unexpected(format!("no thread could be started: {e}")))?;
        let line = Self { ask, answer };
        line.hear()?;
        Ok(line)
    }

    fn ask(&self, ask: Ask) -> Result<Answer, Fault> {
        self.ask.send(ask).map_err(|_| Fault::Lost)?;
        self.hear()
    }

    fn hear(&self) -> Result<Answer, Fault> {
        use std::sync::mpsc::RecvTimeoutError;
        match self.answer.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(Fault::Silent),
            Err(RecvTimeoutError::Disconnected) => Err(Fault::Lost),
        }
    }
}

/// The connection, in its thread.
struct Session {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl Session {
    fn open(server: &Server) -> Result<Self, Fault> {
        let config = server.config();
        let mut client = if config.get_ssl_mode() == SslMode::Disable {
            config.connect(NoTls)?
        } else {
            config.connect(tls(server)?)?
        };
        client.batch_execute(SESSION)?;
        Ok(Self {
            client,
            prepared: HashMap::new(),
        })
    }

    fn answer(&mut self, ask: &Ask) -> Result<Answer, postgres::Error> {
        match ask {
            Ask::Execute(sql, values) => {
                let statement = self.prepare(sql)?;
                let values = parameters(&statement, values);
                let values: Vec<_> = values.iter().map(|value| &**value).collect();
                self.client
                    .execute(&statement, &values)
                    .map(Answer::Changed)
            }
            Ask::Query(sql, values) => {
                let statement = self.prepare(sql)?;
                let values = parameters(&statement, values);
                let values: Vec<_> = values.iter().map(|value| &**value).collect();
                let rows = self.client.query(&statement, &values)?;
                let rows = rows.iter().map(row).collect::<Result<_, _>>()?;
                Ok(Answer::Rows(rows))
            }
            Ask::Batch(sql) => {
                self.client.batch_execute(sql)?;
                Ok(Answer::Changed(0))
            }
        }
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// The values as what the server takes them for.
fn parameters<'a>(statement: &Statement, values: &'a [Value]) -> Vec<Box<dyn ToSql + Sync + 'a>> {
    let value = |(value, ty): (&'a Value, &Type)| -> Box<dyn ToSql + Sync + 'a> {
        match value {
            Value::Int(n) => Box::new(n),
            Value::Text(text) => Box::new(text),
            Value::Bool(yes) => Box::new(yes),
            Value::Null if *ty == Type::INT8 => Box::new(None::<i64>),
            Value::Null if *ty == Type::BOOL => Box::new(None::<bool>),
            Value::Null => Box::new(None::<&str>),
        }
    };
    values.iter().zip(statement.params()).map(value).collect()
}

fn row(row: &postgres::Row) -> Result<Row, postgres::Error> {
    let value = |(n, column): (usize, &postgres::Column)| {
        Ok(match *column.type_() {
            Type::BOOL => row.try_get::<_, Option<bool>>(n)?.into(),
            Type::INT4 => row.try_get::<_, Option<i32>>(n)?.map(i64::from).into(),
            Type::INT8 => row.try_get::<_, Option<i64>>(n)?.into(),
            _ => row.try_get::<_, Option<String>>(n)?.into(),
        })
    };
    let values = row.columns().iter().enumerate().map(value);
    values.collect::<Result<_, _>>().map(Row)
}

fn tls(server: &Server) -> Result<MakeRustlsConnect, Fault> {
    const LARGEST: u64 = 4 << 20;
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = server.roots() {
        let of = |why: &str| Fault::Certificates(format!("{}: {why}", path.display()));
        let text = files::read_named(path, LARGEST).map_err(|e| Fault::Certificates(e.message))?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        for certificate in found.map_err(|e| of(&e.to_string()))? {
            roots.add(certificate).map_err(|e| of(&e.to_string()))?;
        }
        if roots.is_empty() {
            return Err(of("there is no certificate in it"));
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Fault::Certificates(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
