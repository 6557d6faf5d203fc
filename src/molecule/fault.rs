//! What can go wrong between a request and its answer, told from what the libraries report.

use std::error::Error as StdError;
use std::io;

/// Why nothing came back.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// In the words of the system or library.
    pub(super) why: String,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The name has no address.
    Name,
    /// There is no connection.
    Connection,
    /// There is no TLS: a certificate that is not trusted, or no TLS at the other end.
    Tls {
        /// Whether it is the certificate.
        certificate: bool,
    },
    /// No connection in time.
    ConnectTimeout,
    /// No answer in time, or not the whole of it.
    Timeout,
    /// The connection broke off.
    Broken,
    /// The answer is longer than the limit.
    TooLong(usize),
    /// The client could not be made: nothing was tried.
    Client,
}

impl Fault {
    /// Whether anything may have reached the server.
    pub(super) fn sent(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Timeout | FaultKind::Broken | FaultKind::TooLong(_)
        )
    }

    /// Whether the same request may do better in a moment.
    pub(super) fn may_pass(&self) -> bool {
        !matches!(
            self.kind,
            FaultKind::Tls { .. } | FaultKind::TooLong(_) | FaultKind::Client
        )
    }
}

/// Tells what a failure of the library is.
pub(super) fn fault(error: &reqwest::Error) -> Fault {
    let tls = tls_error(error);
    let kind = match tls {
        Some(tls) => FaultKind::Tls {
            certificate: matches!(tls, rustls::Error::InvalidCertificate(_)),
        },
        None if error.is_builder() => FaultKind::Client,
        None if error.is_dns() => FaultKind::Name,
        None if error.is_connect() && error.is_timeout() => FaultKind::ConnectTimeout,
        None if error.is_connect() => FaultKind::Connection,
        None if error.is_timeout() => FaultKind::Timeout,
        None => FaultKind::Broken,
    };
    let why = match tls {
        Some(tls) => tls.to_string(),
        None => innermost(error),
    };
    Fault { kind, why }
}

fn chain<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let inner = |e: &&'e (dyn StdError + 'static)| (*e).source();
    std::iter::successors(Some(error), inner)
}

/// Finds the error of the TLS library, which I/O errors around it hide from the chain.
fn tls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    chain(error).find_map(|mut e| {
        while let Some(io) = e.downcast_ref::<io::Error>() {
            e = io.get_ref()?;
        }
        e.downcast_ref()
    })
}

/// The innermost cause: the outer ones repeat that a request was not sent.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}
