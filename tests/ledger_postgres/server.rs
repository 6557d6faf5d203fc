//! What a server refuses, and how it is lost and found.

use std::net::TcpListener;
use std::path::PathBuf;

use cronctl::checkpoint::Answer;
use cronctl::error::Exit;
use cronctl::ledger::{Ledger, Password, Place};

use super::postgres::Cluster;
use super::{CLUSTER, PLATFORM, T, attempt, password, server, whole};

#[test]
fn many_that_open_an_empty_database_make_its_tables_once() {
    let place = server("opening");
    let openers: Vec<_> = (0..6)
        .map(|_| {
            let place = place.clone();
            std::thread::spawn(move || Ledger::at(&place).unwrap().spells(PLATFORM).unwrap())
        })
        .collect();
    for opener in openers {
        assert!(opener.join().unwrap().is_empty());
    }
}

#[test]
fn what_a_server_refuses_is_said_with_what_to_do() {
    let url = CLUSTER.database("refusals");
    let fails = |url: &str, password: Option<Password>| {
        let error = Ledger::at(&Place::postgres(url, password).unwrap()).unwrap_err();
        assert!(error.message.starts_with("postgres://"), "{error}");
        assert!(!whole(&error).contains(CLUSTER.password()), "{error:?}");
        assert!(!whole(&error).contains("s3cret"), "{error:?}");
        error
    };
    let error = fails(&url, Password::new("s3cret"));
    assert!(error.message.contains("refuses the user"), "{error:?}");
    assert!(error.hints[0].contains("CRONCTL_LEDGER_PASSWORD"));
    let error = fails(&url, None);
    assert!(error.message.contains("asks for a password"), "{error:?}");
    let error = fails(&CLUSTER.url("nowhere"), password());
    assert!(error.message.contains("no such database"), "{error:?}");
    assert!(error.hints[0].contains("createdb --owner cronctl nowhere"));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let error = fails(&format!("postgres://ops@127.0.0.1:{port}/x"), password());
    assert_eq!(error.exit, Exit::Unavailable);
    assert!(error.message.contains("cannot be reached"), "{error:?}");
    assert!(error.causes.concat().contains("refused"), "{error:?}");

    let other = CLUSTER.password();
    CLUSTER.sql(
        "refusals",
        &format!("CREATE ROLE guest LOGIN PASSWORD '{other}'"),
    );
    let guest = url.replace("cronctl@", "guest@");
    let error = fails(&guest, password());
    assert!(error.message.contains("refuses this user"), "{error:?}");
    assert!(error.hints[0].contains("CREATE SCHEMA cronctl AUTHORIZATION guest"));
    CLUSTER.sql("refusals", "CREATE SCHEMA cronctl AUTHORIZATION guest");
    let mut ledger = Ledger::at(&Place::postgres(&guest, password()).unwrap()).unwrap();
    ledger.begin(&attempt("a", 0)).unwrap();

    CLUSTER.sql(
        "refusals",
        "ALTER ROLE guest SET default_transaction_read_only = on",
    );
    let place = Place::postgres(&guest, password()).unwrap();
    let mut ledger = Ledger::at(&place).unwrap();
    assert_eq!(ledger.history(&[], None, 9).unwrap().len(), 1);
    let error = ledger.begin(&attempt("a", 1)).unwrap_err();
    assert!(error.message.contains("read-only"), "{error:?}");
}

#[test]
fn with_tls_the_servers_certificate_is_checked() {
    let own = Cluster::start();
    let url = own.database("tls");
    let secret = || Password::new(own.password());
    let at = |query: &str| {
        let place = Place::postgres(&format!("{url}?{query}"), secret()).unwrap();
        Ledger::at(&place)
    };
    let error = at("sslmode=require").unwrap_err();
    assert!(error.message.contains("no TLS"), "{error:?}");
    assert!(error.hints.concat().contains("sslmode=disable"));

    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = own.write("server.crt", &made.cert.pem());
    let key = own.write("server.key", &made.signing_key.serialize_pem());
    let file = |name: &str, text: &str| -> PathBuf { own.write(name, text) };
    own.sql(
        "postgres",
        &format!(
            "ALTER SYSTEM SET ssl_cert_file = '{}'",
            certificate.display()
        ),
    );
    own.sql(
        "postgres",
        &format!("ALTER SYSTEM SET ssl_key_file = '{}'", key.display()),
    );
    own.sql("postgres", "ALTER SYSTEM SET ssl = on");
    own.kill();
    own.again();

    let trusted = file("trusted.pem", &made.cert.pem());
    let wrong = file("wrong.pem", &other.cert.pem());
    let empty = file("empty.pem", "");
    for mode in ["require", "verify-full", "prefer"] {
        at(&format!("sslmode={mode}&sslrootcert={}", trusted.display())).unwrap();
    }
    let error = at(&format!("sslmode=require&sslrootcert={}", wrong.display())).unwrap_err();
    assert!(error.message.contains("TLS failed"), "{error:?}");
    assert!(error.hints.concat().contains("sslrootcert"), "{error:?}");
    let error = at(&format!("sslmode=require&sslrootcert={}", empty.display())).unwrap_err();
    assert!(
        error.causes.concat().contains("no certificate"),
        "{error:?}"
    );
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let named = format!(
        "{elsewhere}?sslmode=require&sslrootcert={}",
        trusted.display()
    );
    let error = Ledger::at(&Place::postgres(&named, secret()).unwrap()).unwrap_err();
    assert!(error.message.contains("TLS failed"), "{error:?}");
}

#[test]
fn a_server_that_is_killed_is_said_and_used_again_when_it_is_back() {
    let own = Cluster::start();
    let url = own.database("killed");
    let place = Place::postgres(&url, Password::new(own.password())).unwrap();
    let mut ledger = Ledger::at(&place).unwrap();
    let id = ledger.begin(&attempt("a", 0)).unwrap();
    own.kill();
    for _ in 0..2 {
        let error = ledger.begin(&attempt("b", 0)).unwrap_err();
        assert_eq!(error.exit, Exit::Unavailable, "{error:?}");
        assert!(!whole(&error).contains(own.password()), "{error:?}");
    }
    assert_eq!(Ledger::at(&place).unwrap_err().exit, Exit::Unavailable);
    own.again();
    ledger.answered(id, T, &Answer::Idle, "202").unwrap();
    assert_eq!(
        Ledger::at(&place)
            .unwrap()
            .history(&[], None, 9)
            .unwrap()
            .len(),
        1
    );
    // While it was idle nothing can have been lost: it goes on with a connection made anew.
    own.kill();
    own.again();
    ledger.begin(&attempt("b", 0)).unwrap();
    assert!(own.directory().exists());
}

#[test]
fn it_can_be_used_inside_an_asynchronous_runtime() {
    let place = server("runtime");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut ledger = Ledger::at(&place).unwrap();
        ledger.begin(&attempt("a", 0)).unwrap();
        assert_eq!(ledger.history(&[], None, 9).unwrap().len(), 1);
    });
}
