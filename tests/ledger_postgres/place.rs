//! Addresses, passwords, and tables of another version or of somebody else.

use cronctl::error::Exit;
use cronctl::ledger::{Ledger, Password, Place, Recorded};
use tempfile::TempDir;

use super::{CLUSTER, PLATFORM, T, begun, does, replica, server, whole};

#[test]
fn a_ledger_of_the_first_version_is_made_new_with_all_that_it_knows() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("ledger.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../support/ledger-v1.sql"))
        .unwrap();
    old.execute_batch(&format!(
        "INSERT INTO meta VALUES ('schema_version', '1');
         INSERT INTO spells VALUES ('{PLATFORM}', 'a', NULL, {T}, {T}, NULL, NULL, NULL, NULL, 'x', \
           1, {T}, 'poll');
         INSERT INTO attempts VALUES (7, '{PLATFORM}', 'a', 'A', 'turn-1', 'r-1', 0, {T}, 'who', \
           'why', 'POST', 0, '{{}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
    ))
    .unwrap();
    drop(old);
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.spells(PLATFORM).unwrap()["a"].first_seen_ms, T);
    let line = ledger.history(&[], None, 9).unwrap().remove(0);
    assert_eq!((line.id, &*line.request_id), (7, "r-1"));
    let who = replica("one", 60_000);
    let changed = does(&mut ledger, &who, begun("a", 0));
    assert!(
        matches!(&changed, Recorded::Changed(all) if all.len() == 1),
        "{changed:?}"
    );
    assert_eq!(does(&mut ledger, &who, begun("a", 1)), Recorded::Done(8));
    drop(ledger);
    let new = rusqlite::Connection::open(&path).unwrap();
    let one = |sql: &str| {
        new.query_row(sql, [], |row| row.get::<_, String>(0))
            .unwrap()
    };
    assert_eq!(
        one("SELECT value FROM meta WHERE key = 'schema_version'"),
        "2"
    );
    assert_eq!(
        one("SELECT CAST(ledger_ms AS TEXT) FROM attempts WHERE id = 7"),
        T.to_string()
    );
}

#[test]
fn a_newer_ledger_and_a_schema_of_somebody_else_are_left_alone() {
    let place = server("newer");
    drop(Ledger::at(&place).unwrap());
    CLUSTER.sql("newer", "UPDATE cronctl.meta SET value = '99'");
    let error = Ledger::at(&place).unwrap_err();
    assert!(
        error.message.contains("is a ledger of version 99"),
        "{error}"
    );
    assert!(
        error.hints[0].contains("another database"),
        "{:?}",
        error.hints
    );

    let place = server("foreign_tables");
    CLUSTER.sql(
        "foreign_tables",
        "CREATE SCHEMA cronctl; CREATE TABLE cronctl.notes (text TEXT)",
    );
    for error in [
        Ledger::at(&place).unwrap_err(),
        Ledger::at_existing(&place).unwrap_err(),
    ] {
        assert!(error.message.contains("holds no ledger"), "{error}");
    }
    CLUSTER.sql("foreign_tables", "CREATE TABLE cronctl.meta (text TEXT)");
    let error = Ledger::at(&place).unwrap_err();
    assert!(error.message.contains("holds no ledger"), "{error}");
}

#[test]
fn an_address_with_a_password_is_refused_and_not_repeated() {
    for url in [
        "postgres://ops:s3cret@db/ledger",
        "postgresql://ops@db/ledger?password=s3cret",
        "postgres://db/ledger?user=ops&pass%77ord=s3cret",
    ] {
        let error = Place::postgres(url, None).unwrap_err();
        assert_eq!(error.exit, Exit::Usage);
        assert!(error.message.contains("holds a password"), "{error}");
        assert!(!whole(&error).contains("s3cret"), "{error:?}");
        assert!(error.hints[0].contains("--ledger-password-file"));
    }
    for (url, why) in [
        ("postgres://ops:s3cret@db:port/ledger", "port"),
        ("postgres://ops@db/ledger?colour=s3cret", "colour"),
        ("postgres://ops@db/ledger?sslmode=verify-ca", "verify-full"),
        ("postgres:///ledger", "names no host"),
    ] {
        let error = Place::postgres(url, None).unwrap_err();
        assert!(whole(&error).contains(why), "{url}: {error:?}");
        assert!(!whole(&error).contains("s3cret"), "{error:?}");
    }
}

#[test]
fn a_place_is_shown_without_its_password() {
    let secret = || Password::new("s3cret pass");
    for (url, shown) in [
        (
            "postgres://ops@db:5433/ledger?sslmode=require",
            "postgres://ops@db:5433/ledger",
        ),
        (
            "postgresql://ops@[::1]/ledger",
            "postgres://ops@[::1]:5432/ledger",
        ),
        (
            "postgres://ops@%2Frun%2Fpg/ledger",
            "postgres://ops@%2Frun%2Fpg:5432/ledger",
        ),
        ("postgres://db", "postgres://db:5432"),
    ] {
        let place = Place::postgres(url, secret()).unwrap();
        assert_eq!(place.to_string(), shown);
        assert!(!format!("{place:?} {place:#?}").contains("s3cret"));
    }
    assert!(!format!("{:?}", secret()).contains("s3cret"));
    let error = Place::postgres("postgres://db/ledger?sslmode=prefer", secret()).unwrap_err();
    assert!(error.message.contains("in the clear"), "{error}");
    Place::postgres("postgres://db/ledger?sslmode=prefer", None).unwrap();
    Place::postgres("postgres://db/ledger?sslmode=disable", secret()).unwrap();
    Place::postgres("postgres://localhost/ledger?sslmode=prefer", secret()).unwrap();
}

#[test]
fn a_password_comes_from_a_file_of_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("password");
    std::fs::write(&path, format!("{}\n", CLUSTER.password())).unwrap();
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
    mode(0o644).unwrap();
    let error = Password::from_file(&path).unwrap_err();
    assert!(error.hints[0].contains("chmod 600"), "{error:?}");
    mode(0o600).unwrap();
    let password = Password::from_file(&path).unwrap();
    let url = CLUSTER.database("from_file");
    Ledger::at(&Place::postgres(&url, Some(password)).unwrap()).unwrap();
    std::fs::write(&path, "\n").unwrap();
    assert!(Password::from_file(&path).is_err());
    assert!(Password::from_variable("CRONCTL_LEDGER_PASSWORD", "").is_err());
}
