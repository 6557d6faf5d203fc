use super::*;

fn node(text: &str) -> Node {
    json5::from_str(text).unwrap()
}

fn find(text: &str, version: &str) -> Vec<Refused> {
    refused(&node(text), self::version(version))
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn the_known_example() {
    let text = "{ cron: { enabled: true, skipMissedJobs: true } }";
    assert_eq!(find(text, "2026.9.6"), []);
    let [found] = find(text, "2026.3.28").try_into().unwrap();
    assert_eq!(
        found,
        Refused {
            path: "cron.skipMissedJobs".to_owned(),
            file: 0,
            fate: Fate::Refused,
            since: Some(version("2026.9.1")),
            until: None,
            nearest: None,
            confidence: Knowledge::Exact,
        }
    );
}

#[test]
fn keys_of_before_are_taken_out_at_the_start_of_the_gateway() {
    let text = "{ cron: { store: 'x', retry: {}, failureDestination: { to: 'x' } } }";
    assert_eq!(find(text, "2026.3.31"), []);
    let found = find(text, "2026.9.6");
    let said: Vec<_> = found
        .iter()
        .map(|r| match r.fate {
            Fate::Migrated(m) => format!("{}: {m}", r.path),
            Fate::Refused => r.path.clone(),
        })
        .collect();
    assert_eq!(
        said,
        [
            "cron.store: dropped from the file when the gateway starts",
            "cron.retry: dropped from the file when the gateway starts",
            "cron.failureDestination: moved to cron.failureAlert when the gateway starts",
        ]
    );
    assert!(found.iter().all(|r| r.until == Some(version("2026.7.1"))));
    // The gateway does not rewrite a configuration that has includes.
    let mut root = node("{ cron: { enabled: true, store: 'x' } }");
    if let Kind::Object(entries) = &mut root.kind {
        entries[0].1.file = 1;
    }
    let [found] = refused(&root, Version::NEWEST_CHECKED).try_into().unwrap();
    assert_eq!(found.fate, Fate::Refused);
}

#[test]
fn the_roster_of_before_is_read_as_the_new_one() {
    let text = "{ agents: { list: [ { id: 'a', default: true }, { id: 'b', modle: 'x' } ] } }";
    let [old] = find(text, "2026.3.28").try_into().unwrap();
    assert_eq!(old.path, "agents.list[1].modle");
    assert_eq!(old.nearest.as_deref(), Some("model"));
    let [list, key] = find(text, "2026.9.6").try_into().unwrap();
    let loaded = Migration {
        when: When::Load,
        into: Some("agents.entries"),
    };
    assert_eq!(
        (list.path.as_str(), list.fate),
        ("agents.list", Fate::Migrated(loaded))
    );
    assert_eq!(
        (key.path.as_str(), key.fate),
        ("agents.list[1].modle", Fate::Refused)
    );
}

#[test]
fn versions_that_were_not_checked() {
    let one = |text: &str, version: &str| {
        let found = find(text, version);
        found
            .first()
            .map(|r| (r.fate == Fate::Refused, r.confidence))
    };
    let skip = "{ cron: { skipMissedJobs: true } }";
    // 2026.8.1 refuses it, 2026.9.6 accepts it, and 2026.9.1 is known to.
    assert_eq!(one(skip, "2026.8.20"), Some((true, Knowledge::Unknown)));
    assert_eq!(one(skip, "2026.9.1"), None);
    assert_eq!(one(skip, "2026.9.3"), None);
    assert_eq!(one(skip, "2026.6.20"), Some((true, Knowledge::Likely)));
    assert_eq!(one(skip, "2026.12.1"), None);
    assert_eq!(
        one("{ crons: {} }", "2026.12.1"),
        Some((true, Knowledge::Likely))
    );
    assert_eq!(
        one("{ crons: {} }", "2026.1.5"),
        Some((true, Knowledge::Unknown))
    );
    // 2026.7.1 accepts it, 2026.8.1 takes it out.
    assert_eq!(
        one("{ cron: { store: 'x' } }", "2026.7.20"),
        Some((false, Knowledge::Unknown))
    );
}

#[test]
fn free_keys_and_values_are_not_judged() {
    let text = "{ channels: { a: { b: 1 } }, plugins: { x: {} }, cron: 5, agents: { defaults: { \
                models: { 'a/b': { params: { x: { y: 1 } } } }, model: 'a/b' } }, \
                hooks: { mappings: [ { match: { z: 1 } } ] } }";
    for version in checked_versions() {
        assert_eq!(refused(&node(text), *version), [], "{version}");
    }
}

#[test]
fn the_recorded_keys_are_whole() {
    let tree = Tree::get();
    assert_eq!(tree.versions.len(), 12);
    assert!(tree.versions.is_sorted());
    assert_eq!(tree.versions.last(), Some(&Version::NEWEST_CHECKED));
    let cron = tree.child(tree.root(), "cron").unwrap();
    let store = tree.child(cron, "store").unwrap();
    assert_eq!(store.accepted, 0b11_1111_1111);
    assert_eq!(store.migration(1 << 11).map(|m| m.when), Some(When::Start));
}
