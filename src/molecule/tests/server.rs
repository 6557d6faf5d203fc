//! A server that says exactly the bytes that a test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// `GET /workspaces`.
    pub(super) line: String,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(super) enum Does {
    /// Answers with a status, further header lines and a body.
    Says(u16, String, String),
    /// Answers after a pause.
    Waits(u64, Box<Does>),
    /// Never answers.
    Hangs,
    /// Closes without a word.
    Closes,
    /// Promises more than it sends, then closes.
    BreaksOff(String),
    /// Sends for ever, as fast as it is read.
    NeverEnds,
    /// Sends a byte now and then, for ever.
    Drips,
    /// Says these bytes and goes on to hold the connection.
    Raw(String),
}

/// Answers 200 with JSON.
pub(super) fn json(body: impl Into<String>) -> Does {
    status(200, body)
}

/// Answers a status with JSON.
pub(super) fn status(status: u16, body: impl Into<String>) -> Does {
    let kind = "Content-Type: application/json\r\n".to_owned();
    Does::Says(status, kind, body.into())
}

/// Answers a status with header lines and no body.
pub(super) fn bare(status: u16, headers: &str) -> Does {
    Does::Says(status, headers.to_owned(), String::new())
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts on a free port; `does` decides about each request.
    pub(super) async fn start(does: impl Fn(&Request) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, does) = (requests.clone(), Arc::new(does));
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, seen.clone(), does.clone()));
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    /// Does always the same.
    pub(super) async fn always(does: Does) -> Self {
        Self::start(move |_| does.clone()).await
    }

    /// Does one thing after the other; the last for ever.
    pub(super) async fn sequence(all: Vec<Does>) -> Self {
        let next = Mutex::new(0);
        Self::start(move |_| {
            let mut next = next.lock().unwrap();
            let does = all[(*next).min(all.len() - 1)].clone();
            *next += 1;
            does
        })
        .await
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The request lines.
    pub(super) fn lines(&self) -> Vec<String> {
        self.requests().into_iter().map(|r| r.line).collect()
    }
}

/// Serves one connection.
pub(super) async fn serve<S, D>(mut stream: S, seen: Arc<Mutex<Vec<Request>>>, does: Arc<D>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Fn(&Request) -> Does,
{
    while let Some(request) = read(&mut stream).await {
        let mut what = does(&request);
        seen.lock().unwrap().push(request);
        while let Does::Waits(ms, then) = what {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            what = *then;
        }
        match what {
            Does::Says(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
            }
            Does::BreaksOff(body) => {
                let head = format!("HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n{body}");
                stream.write_all(head.as_bytes()).await.ok();
                stream.flush().await.ok();
                return;
            }
            Does::NeverEnds => {
                let head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n[";
                stream.write_all(head.as_bytes()).await.ok();
                let chunk = " ".repeat(1 << 20);
                while stream.write_all(chunk.as_bytes()).await.is_ok() {}
                return;
            }
            Does::Drips => {
                let head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n[";
                stream.write_all(head.as_bytes()).await.ok();
                while stream.write_all(b" ").await.is_ok() {
                    stream.flush().await.ok();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                return;
            }
            Does::Raw(text) => {
                stream.write_all(text.as_bytes()).await.ok();
                stream.flush().await.ok();
                std::future::pending::<()>().await;
            }
            Does::Hangs => std::future::pending().await,
            Does::Closes | Does::Waits(..) => return,
        }
        stream.flush().await.ok();
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Request {
        line: line.to_owned(),
        headers,
        body: String::new(),
    };
    let length = request.header("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
