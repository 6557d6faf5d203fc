//! Cases of jobs, configurations, upgrades and models.

use super::world::{Case, World, case, config, job, source};
use crate::check::{RefusedKey, Unusable};
use crate::model::{RunRecord, SessionRow};
use crate::openclaw::Confidence;
use crate::schedule::Version;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = jobs();
    cases.extend(configs());
    cases.extend(upgrades());
    cases.extend(models());
    cases.extend(written());
    cases
}

fn one(keys: &str) -> World {
    World::new().jobs([job(keys)])
}

fn unusable(config: bool) -> World {
    World {
        unusable: vec![Unusable {
            at: "openclaw.json".to_owned(),
            what: "$include is a cycle".to_owned(),
            hint: None,
            config,
        }],
        ..World::new()
    }
}

fn jobs() -> Vec<Case> {
    let two = |a: &str, b: &str| World::new().jobs([job(a), job(b)]);
    let every = |id: &str, anchor: i64| {
        job(&format!(
            "id: '{id}', schedule: {{kind: 'every', everyMs: 60000, anchorMs: {anchor}}}"
        ))
    };
    let roster = "agents: {list: [{id: 'main', default: true}, {id: 'ops'}]}";
    vec![
        case("unreadable", unusable(false), World::new()),
        case(
            "payload-target",
            one("sessionTarget: 'main'"),
            one("sessionTarget: 'main', payload: {kind: 'systemEvent', text: 't'}"),
        ),
        case(
            "payload-target",
            one("payload: {kind: 'systemEvent', text: 't'}"),
            one("sessionTarget: 'session:x'"),
        ),
        case(
            "odd-model",
            one("payload: {kind: 'agentTurn', message: 'm', model: 5}"),
            one("payload: {kind: 'agentTurn', message: 'm', model: null}"),
        ),
        case(
            "odd-fallbacks",
            one("payload: {kind: 'agentTurn', message: 'm', fallbacks: 'a/b'}"),
            one("payload: {kind: 'agentTurn', message: 'm', fallbacks: ['a/b']}"),
        ),
        case(
            "agent-missing",
            config(roster).jobs([job("agentId: 'nobody'")]),
            config(roster).jobs([job("agentId: ' Ops '")]),
        ),
        case(
            "agent-missing",
            config(roster)
                .version(3, 31)
                .jobs([job("agentId: 'nobody'")]),
            config("").version(3, 31).jobs([job("agentId: 'main'")]),
        ),
        case(
            "session-key",
            one("sessionKey: 'agent:main:chat'"),
            one("sessionTarget: 'session:x', sessionKey: 'k'"),
        ),
        case(
            "target-rewritten",
            one("sessionTarget: 'current'"),
            one("sessionTarget: 'isolated'"),
        ),
        case(
            "same-id",
            source(World::new(), &[job("")]),
            source(World::new(), &[job("id: 'b'")]),
        ),
        case(
            "duplicate-id",
            two("", "name: 'other'"),
            two("", "id: 'b', name: 'other'"),
        ),
        case(
            "duplicate-job",
            two("", "id: 'b'"),
            two("", "id: 'b', payload: {kind: 'agentTurn', model: 'a/b'}"),
        ),
        case(
            "duplicate-job",
            World::new().jobs([every("a", 5), every("b", 6)]),
            two("", "id: 'b', enabled: false"),
        ),
        case(
            "ambiguous-name",
            two("", "id: 'b', agentId: 'x'"),
            two("", "id: 'b', name: 'o'"),
        ),
        case(
            "ambiguous-name",
            two("", "id: 'b', enabled: false"),
            two("", "id: 'b'"),
        ),
        case(
            "restarts-gateway",
            one("payload: {kind: 'agentTurn', message: 'then run openclaw gateway restart'}"),
            one("payload: {kind: 'agentTurn', message: 'write a report about gateways'}"),
        ),
        case(
            "system-job",
            one("declarationKey: 'memory-core:memory-dreaming-promotion'"),
            one("declarationKey: 'my-app:nightly'"),
        ),
        case(
            "system-job",
            one("declarationKey: 'skill-collection-review:main'"),
            one("declarationKey: 'claw:main:report'"),
        ),
    ]
}

fn configs() -> Vec<Case> {
    let refused = |migrated: Option<&str>| World {
        refused: vec![RefusedKey {
            file: "openclaw.json".to_owned(),
            path: "cron.skipMissedJobs".to_owned(),
            version: Version::new(2026, 3, 31),
            migrated: migrated.map(str::to_owned),
            why: Some("a key from 2026.9.1 on".to_owned()),
            nearest: None,
            confidence: Confidence::Certain,
        }],
        ..config(super::world::GOOD)
    };
    let missing = |path: &str| World {
        missing: vec![("MODEL".to_owned(), path.to_owned())],
        ..config(super::world::GOOD)
    };
    let off = |off: bool| World {
        cron_enabled: Some(!off),
        ..World::new()
    };
    vec![
        case("config-unusable", unusable(true), unusable(false)),
        case("config-refused", refused(None), refused(Some("dropped"))),
        case("config-migrated", refused(Some("dropped")), refused(None)),
        case(
            "config-odd",
            config("agents: {defaults: {model: 5}}"),
            config("agents: {defaults: {model: 'openai/gpt-5.4'}}"),
        ),
        case(
            "variable-missing",
            missing("agents.defaults.model"),
            missing("models.providers.x.apiKey"),
        ),
        case("cron-off", off(true), off(false)),
    ]
}

fn upgrades() -> Vec<Case> {
    let chain = "agents: {defaults: {model: {primary: 'a/b', fallbacks: ['c/d']}}, list: [{id: 'ops', model: 'e/f'}]}";
    let own = "agents: {defaults: {model: {primary: 'a/b', fallbacks: ['c/d']}}, list: [{id: 'ops', model: {primary: 'e/f'}}]}";
    let sub = "agents: {defaults: {model: 'a/b', subagents: {model: 'c/d'}}, list: [{id: 'ops', model: 'e/f'}]}";
    let both = "agents: {defaults: {model: 'a/b', subagents: {model: 'c/d'}}, list: [{id: 'ops', model: 'e/f', subagents: {model: 'g/h'}}]}";
    let up = |text: &'static str| config(text).version(3, 31).target(9, 6);
    vec![
        case("upgrade-fallbacks", up(chain), up(own)),
        case(
            "upgrade-fallbacks",
            up(chain),
            config(chain).version(3, 28).target(3, 31),
        ),
        case("upgrade-subagents", up(sub), up(both)),
        case(
            "upgrade-subagents",
            up(sub),
            config(sub).version(8, 1).target(9, 6),
        ),
        case(
            "upgrade-store",
            up(chain),
            config(chain).version(6, 11).target(9, 6),
        ),
        case(
            "upgrade-system-jobs",
            up(chain),
            config(chain).version(3, 31).target(8, 1),
        ),
        case(
            "model-upgrade",
            up(LIST).jobs([model("x/y")]),
            up(LIST).jobs([model("openai/gpt-5.4")]),
        ),
    ]
}

/// Two models, and an allowlist of them.
const LIST: &str = "agents: {defaults: {model: 'anthropic/claude-sonnet-5', models: {'anthropic/claude-sonnet-5': {alias: 'big'}, 'openai/gpt-5.4': {alias: 'cheap'}}}}";

fn model(model: &str) -> String {
    job(&format!(
        "payload: {{kind: 'agentTurn', message: 'm', model: '{model}'}}"
    ))
}

fn models() -> Vec<Case> {
    let row = |model: Option<&str>| SessionRow {
        model_override: model.map(str::to_owned),
        provider_override: model.map(|_| "openai".to_owned()),
        override_source: Some("user".to_owned()),
        at: "sessions.json".into(),
        ..SessionRow::default()
    };
    let selected = |model: Option<&str>| World {
        row: Some(row(model)),
        ..config(LIST)
    };
    let ran = |status: &str, name: &str| World {
        last_run: Some(RunRecord {
            status: Some(status.to_owned()),
            provider: Some("openai".to_owned()),
            model: Some(name.to_owned()),
            ..RunRecord::default()
        }),
        ..config(LIST).jobs([model("cheap")])
    };
    vec![
        case(
            "model-not-honoured",
            config(LIST).version(3, 28).jobs([model("cheap")]),
            config(LIST).version(3, 31).jobs([model("cheap")]),
        ),
        case(
            "model-refused",
            config(LIST).jobs([model("x/y")]),
            config(LIST).jobs([model("cheap")]),
        ),
        case(
            "model-silent-default",
            config(LIST).version(3, 31).jobs([model("x/y")]),
            config(LIST).jobs([model("x/y")]),
        ),
        case(
            "model-unknown",
            World::new().jobs([model("x/y")]),
            World::new(),
        ),
        case(
            "session-override",
            selected(Some("gpt-5.4")),
            selected(None),
        ),
        case(
            "last-run-model",
            ran("ok", "gpt-5.4-mini"),
            ran("ok", "gpt-5.4"),
        ),
        case(
            "last-run-model",
            ran("ok", "gpt-5.4-mini"),
            ran("error", "gpt-5.4-mini"),
        ),
        case(
            "display-trap",
            config(LIST).jobs([model("cheap")]),
            config(LIST).jobs([model("big")]),
        ),
    ]
}

/// How models are written, and what they cost.
fn written() -> Vec<Case> {
    let own = "agents: {defaults: {model: 'mock/a'}}, models: {providers: {mock: {baseUrl: 'https://m.example/v1', models: [{id: 'a'}, {id: 'b'}]}}}";
    let local = "agents: {defaults: {model: 'mock/a'}}, models: {providers: {mock: {baseUrl: 'http://127.0.0.1:1/v1', models: [{id: 'a'}, {id: 'b'}]}}}";
    let aliased = "agents: {defaults: {model: 'mock/a', models: {'mock/a': {alias: 'big'}, 'mock/b': {alias: 'cheap'}}}}, models: {providers: {mock: {models: [{id: 'a'}, {id: 'b'}]}}}";
    let dear = "agents: {defaults: {model: {primary: 'anthropic/claude-haiku-4-5', fallbacks: ['anthropic/claude-opus-5']}}}";
    let even = "agents: {defaults: {model: {primary: 'anthropic/claude-haiku-4-5', fallbacks: ['openai/gpt-5.4-mini']}}}";
    vec![
        case(
            "provider-unknown",
            config(own).jobs([model("anthropc/x")]),
            config(own).jobs([model("mock/a")]),
        ),
        case("price-unknown", config(own), config(local)),
        case("price-unknown", config(own), config(super::world::GOOD)),
        case("price-jump", config(dear), config(even)),
        case(
            "model-case",
            config(own).jobs([model("mock/B")]),
            config(own).jobs([model("mock/b")]),
        ),
        case(
            "model-bare",
            config(own).jobs([model("b")]),
            config(aliased).jobs([model("cheap")]),
        ),
        case(
            "alias-form",
            config(aliased).jobs([model("mock/cheap")]),
            config(aliased).jobs([model("mock/b")]),
        ),
    ]
}
