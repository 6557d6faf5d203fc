//! The connection: challenge, `connect`, then requests.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::address::Address;
use super::failure::{Failure, RpcError};
use super::frame::{self, Frame, Hello};
use crate::clock::Stopwatch;
use crate::molecule::Token;

/// The largest frame that is read. A gateway sends at most twice its 25 MiB `maxPayload`.
const LARGEST: usize = 64 << 20;
/// How long a gateway that starts is waited for, and one that asks for patience between reads.
const PATIENCE_MS: u64 = 30_000;
/// The pause before another try where the gateway names none.
const PAUSE_MS: u64 = 1_000;
/// How often a read is tried.
const TRIES: u32 = 3;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How to reach a gateway, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub address: Address,
    /// Its token.
    pub token: Option<Token>,
    /// How long one answer may take, milliseconds.
    pub timeout_ms: u64,
}

/// A gateway that said hello.
#[derive(Debug)]
pub struct Gateway {
    socket: Socket,
    hello: Hello,
    last_id: u64,
    timeout: Duration,
}

impl Gateway {
    /// Connects as an operator with these scopes. A gateway that is starting is waited for.
    ///
    /// # Errors
    /// When there is no gateway, it refuses, or it does not answer in time.
    pub async fn connect(settings: &Settings, scopes: &[&str]) -> Result<Self, Failure> {
        let watch = Stopwatch::start();
        loop {
            let error = match Self::once(settings, scopes).await {
                Err(Failure::Said(error)) if error.is_busy() => error,
                other => return other,
            };
            let pause = Duration::from_millis(error.retry_after_ms.unwrap_or(PAUSE_MS));
            if watch.elapsed() + pause > Duration::from_millis(PATIENCE_MS) {
                return Err(Failure::Said(error));
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(settings: &Settings, scopes: &[&str]) -> Result<Self, Failure> {
        let timeout = Duration::from_millis(settings.timeout_ms);
        let mut gateway = Self {
            socket: within(timeout, Box::pin(open(&settings.address)), false).await?,
            hello: Hello {
                protocol: None,
                version_text: None,
                version: None,
                scopes: Vec::new(),
                methods: Vec::new(),
                max_payload: None,
            },
            last_id: 0,
            timeout,
        };
        within(timeout, gateway.challenge(), false).await?;
        let token = settings.token.as_ref().map(Token::reveal);
        let payload = gateway
            .call("connect", frame::connect(scopes, token))
            .await?;
        gateway.hello = Hello::read(&payload)
            .ok_or_else(|| Failure::NoGateway("its answer to connect is no hello-ok".to_owned()))?;
        Ok(gateway)
    }

    /// What the gateway said of itself and of us.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks something that changes nothing. It is asked again when the gateway says later.
    ///
    /// # Errors
    /// When there is no usable answer.
    pub async fn read(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.call(method, params.clone()).await {
                Err(Failure::Said(error)) if tried < TRIES && error.is_busy() => {
                    let pause = error.retry_after_ms.unwrap_or(PAUSE_MS);
                    if pause > PATIENCE_MS {
                        return Err(Failure::Said(error));
                    }
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                other => return other,
            }
        }
    }

    /// Sends one request, once, and waits for its answer.
    ///
    /// # Errors
    /// When there is no answer, or it is an error.
    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.last_id += 1;
        let id = self.last_id.to_string();
        self.send(&id, &frame::request(&id, method, &params)).await
    }

    /// Sends a request of [`frame::request`] with an id of its own, once, and waits for its answer.
    ///
    /// # Errors
    /// When there is no answer, or it is an error.
    pub async fn send(&mut self, id: &str, request: &Value) -> Result<Value, Failure> {
        let text = request.to_string();
        if self.hello.max_payload.is_some_and(|most| text.len() > most) {
            return Err(Failure::Broken {
                why: format!(
                    "the request has {} bytes, more than the gateway takes",
                    text.len()
                ),
                sent: false,
            });
        }
        let timeout = self.timeout;
        within(timeout, self.ask(id, text), true).await
    }

    async fn ask(&mut self, id: &str, text: String) -> Result<Value, Failure> {
        let sent = self.socket.send(Message::text(text)).await;
        sent.map_err(|error| broken(&error, true))?;
        loop {
            // Events, and answers to requests that were given up, are of no interest.
            if let Frame::Answer { id: of, result } = self.frame(true).await?
                && of == id
            {
                return result.map_err(Failure::Said);
            }
        }
    }

    /// Waits for the gateway's first frame.
    async fn challenge(&mut self) -> Result<(), Failure> {
        match self.frame(false).await {
            Ok(Frame::Challenge) => Ok(()),
            Ok(_) | Err(Failure::Garbage(_)) => Err(Failure::NoGateway(
                "its first frame is no connect.challenge".to_owned(),
            )),
            Err(failure) => Err(failure),
        }
    }

    /// Reads the next frame. `sent` says whether a request is under way.
    async fn frame(&mut self, sent: bool) -> Result<Frame, Failure> {
        let ended = |why: String| Failure::Broken { why, sent };
        loop {
            let text = match self.socket.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(close))) => return Err(closed(close, sent)),
                Some(Ok(Message::Binary(_))) => {
                    return Err(Failure::Garbage("a binary frame".to_owned()));
                }
                // Answered by the library.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(WsError::Capacity(why))) => {
                    return Err(Failure::Garbage(format!("a frame is too large: {why}")));
                }
                Some(Err(WsError::Utf8(_))) => {
                    return Err(Failure::Garbage("a frame is not UTF-8".to_owned()));
                }
                Some(Err(error)) => return Err(broken(&error, sent)),
                None => return Err(ended("the connection ended".to_owned())),
            };
            return frame::read(&text).ok_or_else(|| {
                Failure::Garbage(format!(
                    "a frame of {} bytes is none of its kinds",
                    text.len()
                ))
            });
        }
    }

    /// Says good-bye. A gateway that does not answer is not waited for.
    pub async fn close(mut self) {
        let bye = Duration::from_secs(1);
        tokio::time::timeout(bye, self.socket.close(None))
            .await
            .ok();
    }
}

async fn open(address: &Address) -> Result<Socket, Failure> {
    // Where nothing is installed, `wss` has no cryptography. A second call is no harm.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let no_gateway = |why: String| Failure::NoGateway(why);
    let request = address
        .as_str()
        .into_client_request()
        .map_err(|error| no_gateway(error.to_string()))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    match connect_async_with_config(request, Some(config), true).await {
        Ok((socket, _)) => Ok(socket),
        Err(WsError::Http(answer)) => Err(no_gateway(format!(
            "it answered HTTP {} instead of opening a WebSocket",
            answer.status()
        ))),
        Err(WsError::Tls(error)) => Err(Failure::Tls(error.to_string())),
        // rustls' own errors come as errors of input and output.
        Err(WsError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(Failure::Tls(error.to_string()))
        }
        Err(WsError::Io(error)) => Err(Failure::Unreachable(error.to_string())),
        Err(error) => Err(no_gateway(error.to_string())),
    }
}

/// Gives an answer a time to come in.
async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, Failure>>,
    sent: bool,
) -> Result<T, Failure> {
    match tokio::time::timeout(timeout, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::Broken {
            why: format!(
                "nothing came within {}",
                crate::when::duration(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX))
            ),
            sent,
        }),
    }
}

/// A close frame. Its reason says what an answer before it would have said.
fn closed(close: Option<CloseFrame>, sent: bool) -> Failure {
    let Some(close) = close else {
        return Failure::Broken {
            why: "the gateway closed the connection".to_owned(),
            sent,
        };
    };
    let (code, reason) = (u16::from(close.code), close.reason.as_str());
    let detail = match code {
        1002 if reason.contains("protocol mismatch") => Some("PROTOCOL_MISMATCH"),
        1008 if reason.contains("token") => Some("AUTH_TOKEN_MISMATCH"),
        1008 if reason.starts_with("unauthorized") => Some("AUTH_REFUSED"),
        _ => None,
    };
    match detail {
        Some(detail) => Failure::Said(RpcError {
            detail: Some(detail.to_owned()),
            message: reason.to_owned(),
            ..RpcError::default()
        }),
        None => Failure::Broken {
            why: format!("the gateway closed the connection: {code} {reason}"),
            sent,
        },
    }
}

fn broken(error: &WsError, sent: bool) -> Failure {
    Failure::Broken {
        why: format!("the connection broke: {error}"),
        sent,
    }
}
