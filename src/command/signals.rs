//! SIGINT, SIGTERM and SIGHUP, for commands that have something to finish first.

use crate::error::{Error, Exit};

/// The signals that end a call, and the one that asks a loop to read its configuration again.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// `None`: it ends the process, as it does where nobody listens.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    /// Listens for those that end a call: from here on they no longer kill the process.
    ///
    /// # Errors
    /// When the operating system lets nobody listen.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Error> {
        use tokio::signal::unix::SignalKind;
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: None,
        })
    }

    /// Listens for SIGHUP, too.
    ///
    /// # Errors
    /// As [`Signals::listen`].
    #[cfg(unix)]
    pub(crate) fn with_hangup() -> Result<Self, Error> {
        Ok(Self {
            hangup: Some(listen(tokio::signal::unix::SignalKind::hangup())?),
            ..Self::listen()?
        })
    }

    /// Waits for one that ends the call; returns what to end with.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }

    /// Waits for one that ends the call, or for SIGHUP, which is `None`. One that came since they were
    /// last waited for counts.
    #[cfg(unix)]
    pub(crate) async fn next_or_hangup(&mut self) -> Option<Exit> {
        let Self {
            interrupt,
            terminate,
            hangup,
        } = self;
        let hangup = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Some(Exit::Interrupted),
            _ = terminate.recv() => Some(Exit::Terminated),
            _ = hangup => None,
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Error> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(crate) fn with_hangup() -> Result<Self, Error> {
        Self::listen()
    }

    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }

    #[cfg(not(unix))]
    pub(crate) async fn next_or_hangup(&mut self) -> Option<Exit> {
        Some(self.next().await)
    }
}

#[cfg(unix)]
fn listen(kind: tokio::signal::unix::SignalKind) -> Result<tokio::signal::unix::Signal, Error> {
    tokio::signal::unix::signal(kind)
        .map_err(|e| Error::failed("signals cannot be listened to").because(e))
}

/// Returns the name of the signal behind an exit code.
pub(crate) fn name(exit: Exit) -> &'static str {
    if exit == Exit::Terminated {
        "SIGTERM"
    } else {
        "SIGINT"
    }
}
