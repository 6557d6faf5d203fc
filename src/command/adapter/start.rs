//! Starting a turn: by a message, or by a command.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::record::{Ended, shown};
use crate::checkpoint::Reply;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::molecule::Platform;

/// A turn's answer is not waited for longer: the check is over long before.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How often a command is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How turns are started.
#[derive(Clone, Debug)]
pub(super) enum Starter {
    /// A2A `message/send` to an address.
    Message {
        /// The address.
        url: String,
        /// The message.
        prompt: String,
    },
    /// A shell command that runs as long as the turn does.
    Command(String),
}

/// A turn that was started, and whose end is awaited.
pub(super) type Running = tokio::task::JoinHandle<Ended>;

impl Starter {
    /// How, in words.
    pub(super) fn by(&self) -> String {
        match self {
            Self::Message { url, .. } => format!("POST {url} message/send"),
            Self::Command(command) => format!("sh -c {command:?}"),
        }
    }

    /// Starts a turn; `id` is a message id of its own.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub(super) fn start(
        &self,
        platform: &Platform,
        id: &str,
        clock: Stopwatch,
    ) -> Result<Running, Error> {
        match self {
            Self::Message { url, prompt } => {
                let (url, body) = (url.clone(), message(id, prompt));
                let platform = platform.clone();
                Ok(tokio::spawn(async move {
                    let reply = platform.once(&url, Some(body), None, LONGEST).await;
                    let clean =
                        matches!(reply, Reply::Http { status, .. } if (200..300).contains(&status));
                    ended(clock, shown(&reply), clean)
                }))
            }
            Self::Command(command) => {
                let mut group = Group::spawn(command).map_err(|e| {
                    Error::failed("the command of --turn-command cannot be started").because(e)
                })?;
                Ok(tokio::spawn(async move {
                    loop {
                        if let Some(with) = group.exited() {
                            return ended(clock, with, true);
                        }
                        tokio::time::sleep(LOOK).await;
                    }
                }))
            }
        }
    }
}

fn ended(clock: Stopwatch, with: String, clean: bool) -> Ended {
    Ended {
        at_ms: since(clock),
        with,
        clean,
    }
}

/// Milliseconds since the check began.
pub(super) fn since(clock: Stopwatch) -> i64 {
    i64::try_from(clock.elapsed().as_millis()).unwrap_or(i64::MAX)
}

fn message(id: &str, prompt: &str) -> String {
    serde_json::json!({
        "jsonrpc": "2.0",
        "id": id,
        "method": "message/send",
        "params": {"message": {
            "role": "user",
            "messageId": id,
            "parts": [{"kind": "text", "text": prompt}],
        }},
    })
    .to_string()
}

/// A command with everything that it started. Ended when dropped.
#[derive(Debug)]
struct Group(Child);

impl Group {
    fn spawn(command: &str) -> std::io::Result<Self> {
        let mut sh = Command::new("sh");
        sh.args(["-c", command])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // A group of its own, so that what the shell started can be ended with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut sh, 0);
        sh.spawn().map(Self)
    }

    /// How it ended, once it has.
    fn exited(&mut self) -> Option<String> {
        let status = self.0.try_wait().ok().flatten()?;
        Some(match status.code() {
            Some(code) => format!("the command ended with exit code {code}"),
            None => "a signal ended the command".to_owned(),
        })
    }

    /// Sends a signal to the whole group. There is no safe call for it, but every shell has one.
    fn signal(&self, name: &str) {
        let group = format!("-{}", self.0.id());
        Command::new("sh")
            .args(["-c", "kill -s \"$0\" -- \"$1\"", name, &group])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.exited().is_some() {
            return;
        }
        self.signal("TERM");
        // Half a second to end by itself.
        for _ in 0..25 {
            if self.exited().is_some() {
                break;
            }
            std::thread::sleep(LOOK);
        }
        self.signal("KILL");
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
