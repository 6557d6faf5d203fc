use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::metrics::SweepResult;

/// No wait of a test is longer.
const BOUND: Duration = Duration::from_secs(30);

struct World {
    serving: Serving,
    metrics: Metrics,
    health: Health,
    now: Arc<AtomicI64>,
}

fn world(limits: Limits) -> World {
    let metrics = Metrics::new("1.2.3").unwrap();
    let now = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&now);
    let health = Health::new(60_000, move || clock.load(Ordering::Relaxed));
    let any = "127.0.0.1:0".parse().unwrap();
    let serving = serve_within(any, metrics.clone(), health.clone(), limits).unwrap();
    World {
        serving,
        metrics,
        health,
        now,
    }
}

fn connect(world: &World) -> TcpStream {
    let stream = TcpStream::connect(world.serving.address()).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    stream.set_write_timeout(Some(BOUND)).unwrap();
    stream
}

/// Sends a request and reads until the server closes.
fn ask(world: &World, method: &str, path: &str) -> String {
    let mut stream = connect(world);
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn metrics_are_served_as_they_are_now() {
    let world = world(Limits::default());
    let answer = ask(&world, "GET", "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"),
        "{answer}"
    );
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(body(&answer), world.metrics.encode());
    world.metrics.swept(SweepResult::Ok, Duration::ZERO, 1_000);
    let answer = ask(&world, "GET", "/metrics?collect[]=x");
    assert!(
        answer.contains("sweeps_total{result=\"ok\"} 1\n"),
        "{answer}"
    );
    let head = ask(&world, "HEAD", "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body(&head), "");
}

#[test]
fn health_turns_with_the_successes_of_sweeps() {
    let world = world(Limits::default());
    let healthz = |code: &str| -> serde_json::Value {
        let answer = ask(&world, "GET", "/healthz");
        assert!(answer.starts_with(&format!("HTTP/1.1 {code}")), "{answer}");
        assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
        serde_json::from_str(body(&answer)).unwrap()
    };
    let said = healthz("200");
    assert_eq!(said["status"], "ok");
    assert_eq!(said["last_success_age_ms"], serde_json::Value::Null);
    assert_eq!(said["allowed_ms"], 60_000);

    world.now.store(60_001, Ordering::Relaxed);
    world.health.swept(Err("GET /workspaces: 503"));
    let said = healthz("503");
    assert_eq!(said["status"], "unhealthy");
    assert_eq!(said["up_ms"], 60_001);
    assert!(
        said["why"]
            .as_str()
            .unwrap()
            .contains("GET /workspaces: 503")
    );

    world.health.swept(Ok(()));
    world.now.store(61_001, Ordering::Relaxed);
    let said = healthz("200");
    assert_eq!(said["last_success_age_ms"], 1_000);
    assert_eq!(said.get("why"), None);
}

#[test]
fn nothing_else_is_served_and_nothing_is_taken() {
    let world = world(Limits::default());
    assert!(body(&ask(&world, "GET", "/")).contains("/metrics"));
    for path in [
        "/metric",
        "/metrics/",
        "/healthz/x",
        "/../etc/passwd",
        "//metrics",
    ] {
        let answer = ask(&world, "GET", path);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    for path in ["/", "/metrics", "/healthz"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = ask(&world, method, path);
            assert!(
                answer.starts_with("HTTP/1.1 405 "),
                "{method} {path}: {answer}"
            );
            assert!(answer.contains("allow: GET,HEAD\r\n"), "{answer}");
        }
    }
}

#[test]
fn a_body_is_not_waited_for() {
    let world = world(Limits::default());
    let mut stream = connect(&world);
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    )
    .unwrap();
    let mut begin = [0; 15];
    stream.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
}

#[test]
fn what_is_no_http_is_turned_away() {
    let world = world(Limits::default());
    let mut stream = connect(&world);
    stream
        .write_all(b"\x16\x03\x01\x00\x05hello\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    assert!(ask(&world, "GET", "/healthz").starts_with("HTTP/1.1 200 "));
}

#[test]
fn slow_clients_are_put_out_and_make_room() {
    let world = world(Limits {
        life: Duration::from_millis(100),
        open: 2,
    });
    let mut slow: Vec<_> = (0..2).map(|_| connect(&world)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHos").unwrap();
    }
    // Both places are taken: this one waits until one is free.
    assert!(ask(&world, "GET", "/healthz").starts_with("HTTP/1.1 200 "));
    for mut stream in slow {
        let mut answer = Vec::new();
        // Closed or reset, not answered, and before the bound of the test.
        match stream.read_to_end(&mut answer) {
            Ok(_) => assert!(!answer.starts_with(b"HTTP/1.1 200 ")),
            Err(e) => assert!(
                !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "{e}"
            ),
        }
    }
}

#[test]
fn clients_that_leave_are_no_trouble() {
    let world = world(Limits::default());
    for _ in 0..100 {
        let mut stream = connect(&world);
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    assert!(ask(&world, "GET", "/metrics").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_taken_port_is_refused_with_advice() {
    let world = world(Limits::default());
    let address = world.serving.address();
    let error = serve(address, world.metrics.clone(), world.health.clone()).unwrap_err();
    assert!(error.message.contains(&address.to_string()), "{error}");
    assert!(error.hints[0].contains("127.0.0.1:0"), "{error:?}");
}

/// On a loopback address that no other test uses, so that nobody takes the port in between.
#[cfg(target_os = "linux")]
#[test]
fn the_port_is_free_again_once_the_guard_is_dropped() {
    let world = world(Limits::default());
    let serve = |address| serve(address, world.metrics.clone(), world.health.clone()).unwrap();
    let serving = serve("127.94.64.7:0".parse().unwrap());
    let address = serving.address();
    assert_eq!(address.ip().to_string(), "127.94.64.7");
    drop(serving);
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(serve(address).address(), address);
}

#[test]
fn an_address_of_another_machine_is_refused_with_advice() {
    let world = world(Limits::default());
    // Of the range for documentation: nobody has it.
    let address = "192.0.2.1:9464".parse().unwrap();
    let error = serve(address, world.metrics.clone(), world.health.clone()).unwrap_err();
    assert!(error.hints[0].contains("127.0.0.1"), "{error:?}");
}
