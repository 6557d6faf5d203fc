//! A way to a database that can be cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Passes on what it is sent, until it is cut: then connections break, and none is made.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// The address of the ledger on this way.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    cut: AtomicBool,
    lines: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// The way to the server of an address.
    pub(crate) fn to(url: &str) -> Self {
        let at = url.find('@').unwrap() + 1;
        let end = at + url[at..].find('/').unwrap();
        let server = url[at..end].to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let of = Arc::clone(&shared);
        // It ends with the process.
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if of.cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(&server) else {
                    continue;
                };
                let mut lines = of.lines.lock().unwrap();
                lines.push(near.try_clone().unwrap());
                lines.push(far.try_clone().unwrap());
                drop(lines);
                pass(near.try_clone().unwrap(), far.try_clone().unwrap());
                pass(far, near);
            }
        });
        Self {
            url: format!("{}{own}{}", &url[..at], &url[end..]),
            shared,
        }
    }

    /// Cuts it.
    pub(crate) fn cut(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        for line in self.shared.lines.lock().unwrap().drain(..) {
            line.shutdown(Shutdown::Both).ok();
        }
    }

    /// Mends it.
    pub(crate) fn mend(&self) {
        self.shared.cut.store(false, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read) = from.read(&mut buffer)
            && read > 0
            && to.write_all(&buffer[..read]).is_ok()
        {}
        to.shutdown(Shutdown::Both).ok();
    });
}
