//! Where a ledger is: a file, or a PostgreSQL server.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};

use super::password::Password;
use crate::error::Error;

/// Where a ledger is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A server of PostgreSQL, for several machines.
    Postgres(Box<Server>),
}

impl Place {
    /// Whether a word names a server and not a file.
    pub fn is_postgres(word: &str) -> bool {
        ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| word.starts_with(scheme))
    }

    /// Whether other machines use it, too: then its clock is the one that all go by.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Reads the address of a server: `postgres://user@host:port/database?sslmode=…&sslrootcert=…`,
    /// and what else libpq knows. Without `sslmode`, TLS is required unless the host is this
    /// machine. With TLS the certificate is always checked.
    ///
    /// # Errors
    /// When it is no address, holds a password, or would send one in the clear over a network.
    /// No error shows a password.
    pub fn postgres(url: &str, password: Option<Password>) -> Result<Self, Error> {
        Server::read(url, password).map(|server| Self::Postgres(Box::new(server)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

/// A server of PostgreSQL, and how to log in there. `Display` and `Debug` show no password.
#[derive(Clone)]
pub struct Server {
    config: postgres::Config,
    /// A file of certificates to trust instead of the system's.
    roots: Option<PathBuf>,
    shown: String,
}

impl Server {
    fn read(url: &str, password: Option<Password>) -> Result<Self, Error> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let mut mode = None;
        let mut roots = None;
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match &*decoded(key) {
                "sslmode" => mode = Some(read_mode(&decoded(value))?),
                "sslrootcert" => roots = Some(PathBuf::from(decoded(value))),
                "password" => return Err(seen_by_everybody()),
                _ => rest.push(pair),
            }
        }
        let known = match &*rest {
            [] => address.to_owned(),
            rest => format!("{address}?{}", rest.join("&")),
        };
        let mut config: postgres::Config = known.parse().map_err(|e: postgres::Error| {
            // What is wrong may be beside a password: only the reason is shown.
            let why = std::error::Error::source(&e).map_or_else(|| e.to_string(), str_of);
            Error::usage("the ledger's address is none of a PostgreSQL server")
                .because(why)
                .hint(SHAPE)
        })?;
        if config.get_password().is_some() {
            return Err(seen_by_everybody());
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(Error::usage("the ledger's address names no host").hint(SHAPE));
        }
        let local = is_local(&config);
        let mode = match mode {
            // It may go on in the clear.
            Some(SslMode::Prefer) if !local && password.is_some() => return Err(in_the_clear()),
            Some(mode) => mode,
            None if local => SslMode::Disable,
            None => SslMode::Require,
        };
        config
            .ssl_mode(mode)
            .connect_timeout(Duration::from_secs(5))
            .tcp_user_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("cronctl");
        }
        let shown = shown(&config);
        if let Some(password) = password {
            config.password(password.reveal());
        }
        Ok(Self {
            config,
            roots,
            shown,
        })
    }

    /// How to connect.
    pub(super) fn config(&self) -> &postgres::Config {
        &self.config
    }

    /// The file of certificates to trust, if one is named.
    pub(super) fn roots(&self) -> Option<&Path> {
        self.roots.as_deref()
    }

    /// The user, as far as named.
    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or("USER")
    }

    /// The database, as far as named.
    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or(self.user())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

const SHAPE: &str = "postgres://user@host:5432/database?sslmode=require";

fn str_of(error: &dyn std::error::Error) -> String {
    error.to_string()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn read_mode(word: &str) -> Result<SslMode, Error> {
    match word {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-full" => Ok(SslMode::Require),
        other => Err(
            Error::usage(format!("the ledger's address: sslmode is {other:?}"))
                .hint("disable, prefer, require or verify-full")
                .hint("with TLS the certificate and its name are always checked"),
        ),
    }
}

/// The error for a password in an address, without the address.
fn seen_by_everybody() -> Error {
    Error::usage("the ledger's address holds a password")
        .because("a command line is seen by everybody on the machine, and kept by the shell")
        .hint("put it in a file for --ledger-password-file, or in CRONCTL_LEDGER_PASSWORD")
}

fn in_the_clear() -> Error {
    Error::usage("the ledger's address: with sslmode=prefer the connection may be in the clear")
        .because("the server is on another machine, and there is a password to send")
        .hint("sslmode=require, or sslmode=disable where the network is trusted")
}

/// Whether every host is this machine: then nothing travels.
fn is_local(config: &postgres::Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|a: IpAddr| a.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// The address as it may be shown: user, hosts, ports and database.
fn shown(config: &postgres::Config) -> String {
    let ports = config.get_ports();
    let port = |n: usize| match ports.get(n).or(ports.first()) {
        Some(port) => format!(":{port}"),
        None => String::new(),
    };
    let host = |host: &Host| match host {
        Host::Tcp(name) if name.contains(':') => format!("[{name}]"),
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
    };
    let mut names: Vec<_> = config.get_hosts().iter().map(host).collect();
    if names.is_empty() {
        let address = |address: &IpAddr| host(&Host::Tcp(address.to_string()));
        names = config.get_hostaddrs().iter().map(address).collect();
    }
    let hosts = names.iter().enumerate();
    let hosts: Vec<_> = hosts
        .map(|(n, name)| format!("{name}{}", port(n)))
        .collect();
    let user = config.get_user().map(|user| format!("{user}@"));
    let database = config.get_dbname().map(|name| format!("/{name}"));
    format!(
        "postgres://{}{}{}",
        user.unwrap_or_default(),
        hosts.join(","),
        database.unwrap_or_default()
    )
}
