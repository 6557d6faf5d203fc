//! Which platform, and as whom: flags above the variable above the context.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use super::told;
use crate::config::{Config, Flags, SourceDefaults};
use crate::env::Env;
use crate::error::Error;
use crate::molecule::{MoleculeArgs, Settings, adapters};

const CONTEXT: &str = r#"
context = "prod"
[contexts.prod.molecule]
url = "http://127.0.0.1:8080/api/"
org = "org-1"
token_file = "own"
checkpoint_path = "/workspaces/{workspace_id}/control/checkpoint"
[contexts.prod.adapters]
hermes = { ceiling_seconds = 600 }
mine = { native_session = true, steerable = false }
"#;

struct Room {
    directory: tempfile::TempDir,
    defaults: SourceDefaults,
}

fn room(config: &str) -> Room {
    let directory = tempfile::TempDir::new().unwrap();
    std::fs::write(directory.path().join("cronctl.toml"), config).unwrap();
    let room = |name: &str, text: &str| secret(&directory.path().join(name), text, 0o600);
    room("own", "tok-own\n");
    room("flag", "tok-flag\n");
    let env = Env::default();
    let config = Config::load(&env, directory.path(), &Flags::default()).unwrap();
    let defaults = config.source_defaults();
    Room {
        directory,
        defaults,
    }
}

fn secret(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

impl Room {
    fn settings(&self, args: &MoleculeArgs, env: &Env) -> Result<Option<Settings>, Error> {
        let mut stdin = Cursor::new(b"tok-stdin\n");
        args.settings(&self.defaults, env, self.directory.path(), &mut stdin)
    }

    fn refused(&self, args: &MoleculeArgs) -> String {
        let text = told(&self.settings(args, &Env::default()).unwrap_err());
        text.replace(self.directory.path().to_str().unwrap(), "[DIR]")
    }
}

fn at(url: &str) -> MoleculeArgs {
    MoleculeArgs {
        molecule: Some(url.to_owned()),
        ..MoleculeArgs::default()
    }
}

fn revealed(settings: &Settings) -> Option<&str> {
    settings.token.as_ref().map(super::super::Token::reveal)
}

#[test]
fn a_flag_comes_before_the_variable_before_the_context() {
    let room = room(CONTEXT);
    let variable = Env::of([("CRONCTL_TOKEN", "tok-env")]);
    let file = MoleculeArgs {
        token_file: Some(PathBuf::from("flag")),
        ..MoleculeArgs::default()
    };
    let stdin = MoleculeArgs {
        token_file: Some(PathBuf::from("-")),
        ..MoleculeArgs::default()
    };
    let none = MoleculeArgs::default();
    for (args, env, token, origin) in [
        (
            &none,
            &Env::default(),
            "tok-own",
            "molecule.token_file, file",
        ),
        (&none, &variable, "tok-env", "CRONCTL_TOKEN"),
        (&file, &variable, "tok-flag", "--token-file flag"),
        (&stdin, &variable, "tok-stdin", "--token-file, from stdin"),
    ] {
        let settings = room.settings(args, env).unwrap().unwrap();
        assert_eq!(revealed(&settings), Some(token));
        let from = settings.token.as_ref().unwrap().origin();
        assert!(from.starts_with(origin), "{from}");
        assert_eq!(settings.url, "http://127.0.0.1:8080/api");
        assert_eq!(settings.org.as_deref(), Some("org-1"));
        assert!(settings.notes.is_empty());
        assert_eq!(
            settings.checkpoint_path,
            "/workspaces/{workspace_id}/control/checkpoint"
        );
    }
    let org = MoleculeArgs {
        org: Some("org-2".to_owned()),
        timeout: Some(1500),
        rate_limit: Some(0),
        ..MoleculeArgs::default()
    };
    let settings = room.settings(&org, &Env::default()).unwrap().unwrap();
    assert_eq!(settings.org.as_deref(), Some("org-2"));
    assert_eq!((settings.timeout_ms, settings.rate_limit), (1500, 0));
}

#[test]
fn without_a_platform_there_are_no_settings() {
    let room = room("");
    let variable = Env::of([("CRONCTL_TOKEN", "tok-env")]);
    assert!(
        room.settings(&MoleculeArgs::default(), &variable)
            .unwrap()
            .is_none()
    );
    let settings = room.settings(&at("https://p.example//"), &Env::default());
    let settings = settings.unwrap().unwrap();
    assert_eq!(settings.url, "https://p.example");
    assert!(settings.token.is_none() && settings.org.is_none());
    assert_eq!(settings.checkpoint_path, crate::checkpoint::CHECKPOINT_PATH);
    assert_eq!((settings.timeout_ms, settings.rate_limit), (10_000, 600));
}

#[test]
fn what_belongs_to_the_context_is_not_sent_to_another_address() {
    let room = room(CONTEXT);
    let none = Env::default();
    let settings = room.settings(&at("https://evil.example"), &none);
    let settings = settings.unwrap().unwrap();
    assert!(settings.token.is_none() && settings.org.is_none());
    assert_eq!(settings.checkpoint_path, crate::checkpoint::CHECKPOINT_PATH);
    assert_eq!(
        settings.notes,
        [
            "https://evil.example is not the context's platform: the context's token, organisation, \
          checkpoint path are not used"
        ]
    );
    // The variable is for whatever platform is named.
    let variable = Env::of([("CRONCTL_TOKEN", "tok-env")]);
    let settings = room.settings(&at("https://evil.example"), &variable);
    assert_eq!(revealed(&settings.unwrap().unwrap()), Some("tok-env"));
    // The same address, written otherwise.
    for url in ["http://127.0.0.1:8080/api", "HTTP://127.0.0.1:8080/api/ "] {
        let settings = room.settings(&at(url), &none).unwrap().unwrap();
        assert_eq!(revealed(&settings), Some("tok-own"), "{url}");
        assert!(settings.notes.is_empty());
    }
    for url in [
        "http://127.0.0.1:8080",
        "http://localhost:8080/api",
        "http://127.0.0.1/api",
    ] {
        let settings = room.settings(&at(url), &none).unwrap().unwrap();
        assert_eq!(revealed(&settings), None, "{url}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let room = room("");
    for (url, why) in [
        ("", "is no address"),
        ("platform", "does not begin with http"),
        ("localhost:8080", "did you mean https://localhost:8080?"),
        ("ftp://p.example", "does not begin with http"),
        ("https://", "is no address"),
        ("https://p.example?x=1", "has a query"),
        ("https://p.example/#x", "has a query or a fragment"),
        ("https://user:tok-secret@p.example", "has credentials in it"),
        (
            "https://tok-secret@p.example",
            "hint: put the token in a file",
        ),
        (
            "ttp://user:tok-secret@p.example",
            "the address does not begin",
        ),
        ("user:tok-secret@p.example", "the address does not begin"),
    ] {
        let text = room.refused(&at(url));
        assert!(text.starts_with("2 --molecule: "), "{text}");
        assert!(text.contains(why), "{url}: {text}");
        assert!(!text.contains("tok-secret"), "{text}");
    }
}

#[test]
fn a_token_does_not_go_over_plain_http_to_another_machine() {
    let room = room("");
    let variable = Env::of([("CRONCTL_TOKEN", "tok-env")]);
    for url in [
        "http://127.8.8.8",
        "http://localhost:1",
        "http://[::1]:8",
        "https://p.example",
    ] {
        assert!(room.settings(&at(url), &variable).is_ok(), "{url}");
    }
    for url in [
        "http://p.example",
        "http://10.0.0.1",
        "http://localhost.evil.example",
    ] {
        let error = room.settings(&at(url), &variable).unwrap_err();
        let text = told(&error);
        assert!(text.starts_with("2 http://"), "{text}");
        assert!(text.contains("--insecure-http"), "{text}");
        assert!(!text.contains("tok-env"), "{text}");
        assert!(
            room.settings(&at(url), &Env::default()).is_ok(),
            "no token: {url}"
        );
        let args = MoleculeArgs {
            insecure_http: true,
            ..at(url)
        };
        let settings = room.settings(&args, &variable).unwrap().unwrap();
        assert!(settings.insecure_http);
    }
}

#[test]
fn a_token_file_is_the_owners_alone_and_holds_one_token() {
    let room = room("");
    let file = |name: &str| MoleculeArgs {
        token_file: Some(PathBuf::from(name)),
        ..at("https://p.example")
    };
    for (mode, fits) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        let path = room.directory.path().join("t");
        std::fs::remove_file(&path).ok();
        secret(&path, "tok-x", mode);
        let settings = room.settings(&file("t"), &Env::default());
        assert_eq!(settings.is_ok(), fits, "{mode:o}");
    }
    assert_eq!(
        room.refused(&file("t")),
        "1 [DIR]/t: the token is readable by others (mode 604)\n  hint: chmod 600 [DIR]/t"
    );
    for (text, why) in [
        ("", "it is blank"),
        (" \n", "it is blank"),
        ("tok secret", "there are spaces"),
        ("tok-a\ntok-b\n", "there are spaces"),
        ("tök", "characters in it that no token has"),
    ] {
        secret(&room.directory.path().join("x"), text, 0o600);
        let refused = room.refused(&file("x"));
        assert!(
            refused.starts_with("1 [DIR]/x: it holds no token"),
            "{refused}"
        );
        assert!(refused.contains(why), "{refused}");
        assert!(text.trim().is_empty() || !refused.contains(text.trim()));
    }
    secret(
        &room.directory.path().join("x"),
        &"x".repeat(100_000),
        0o600,
    );
    assert!(room.refused(&file("x")).contains("larger than 64 KiB"));
    assert!(
        room.refused(&file("absent"))
            .contains("absent: the token cannot be read")
    );
    assert!(room.refused(&file(".")).contains("it is a directory"));
    let env = Env::of([("CRONCTL_TOKEN", "tok env")]);
    let text = told(&room.settings(&at("https://p.example"), &env).unwrap_err());
    assert!(
        text.starts_with("2 CRONCTL_TOKEN: it holds no token"),
        "{text}"
    );
    assert!(!text.contains("tok env"), "{text}");
}

#[test]
fn other_options_are_checked() {
    let room = room("");
    let refused = |change: fn(&mut MoleculeArgs)| {
        let mut args = at("https://p.example");
        change(&mut args);
        room.refused(&args)
    };
    assert!(refused(|a| a.timeout = Some(0)).starts_with("2 --timeout"));
    assert!(refused(|a| a.org = Some("a b".to_owned())).starts_with("2 --org"));
    assert!(refused(|a| a.org = Some(" ".to_owned())).starts_with("2 --org"));
    assert!(refused(|a| a.ca_file = Some("no.pem".into())).starts_with("1 [DIR]/no.pem"));
    let wrong = super::super::Platform::new(Settings {
        ca_pem: Some(b"nonsense".to_vec()),
        ..Settings::at("https://p.example", None)
    });
    assert!(told(&wrong.unwrap_err()).contains("--ca-file: it holds no certificate"));
    let wrong = super::super::Platform::new(Settings::at("nonsense", None));
    assert!(told(&wrong.unwrap_err()).contains("does not begin with http"));
}

#[test]
fn a_checkpoint_path_is_checked_where_it_is_set() {
    let text = "context = 'a'\n[contexts.a.molecule]\nurl = 'https://p'\ncheckpoint_path = '/x'\n";
    let room = room(text);
    let refused = room.refused(&MoleculeArgs::default());
    assert!(
        refused.starts_with("1 [DIR]/cronctl.toml:4: molecule.checkpoint_path: "),
        "{refused}"
    );
}

#[test]
fn a_token_is_not_shown() {
    let token = super::token();
    let settings = Settings::at("https://p.example", Some(token.clone()));
    let platform = super::super::Platform::new(settings.clone()).unwrap();
    for text in [
        format!("{token:?} {token}"),
        format!("{settings:?}"),
        format!("{platform:?}"),
    ] {
        assert!(!text.contains(super::SECRET), "{text}");
        assert!(text.contains("[token]"), "{text}");
    }
}

#[test]
fn adapters_of_the_context_lie_over_the_built_in_ones() {
    let known = adapters(&room(CONTEXT).defaults);
    let hermes = known.get(Some("hermes")).unwrap();
    assert_eq!(
        hermes.ceiling_ms,
        Some((600_000, "cronctl.toml:9".to_owned()))
    );
    let built_in = crate::turn::Adapters::built_in();
    let before = built_in.get(Some("hermes")).unwrap();
    assert_eq!(hermes.native_session, before.native_session);
    assert_eq!(hermes.steerable, before.steerable);
    let mine = known.get(Some("mine")).unwrap();
    assert_eq!(
        mine.native_session,
        Some((true, "cronctl.toml:10".to_owned()))
    );
    assert_eq!(mine.steerable, Some((false, "cronctl.toml:10".to_owned())));
    assert_eq!(
        known.get(Some("claude-code")),
        built_in.get(Some("claude-code"))
    );
}
