//! The published contract: `docs/openapi.json`, `docs/contract/`, `docs/adapter-spec.md`, each against
//! the others, against the code that reads and writes it, and against what real systems said.

use std::collections::{BTreeMap, BTreeSet};

use cronctl::checkpoint::{Body, Reason, Reply, read_answer};
use cronctl::turn::{ListedTurn, parse_turns};
use jsonschema::Validator;
use serde_json::{Value, json};

fn read(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn parsed(name: &str) -> Value {
    serde_json::from_str(&read(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn openapi() -> Value {
    parsed("docs/openapi.json")
}

/// The names of the schemas in `docs/contract`.
fn contract() -> BTreeSet<String> {
    let directory = format!("{}/docs/contract", env!("CARGO_MANIFEST_DIR"));
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let names = std::fs::read_dir(directory).unwrap().map(name);
    names
        .map(|name| {
            name.to_str()
                .unwrap()
                .strip_suffix(".json")
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// Puts what a reference names in its place. There are no circles.
fn resolve(value: &Value, openapi: &Value) -> Value {
    if let Some(to) = value.get("$ref").and_then(Value::as_str) {
        let target = match to.strip_prefix('#') {
            Some(pointer) => openapi.pointer(pointer).cloned(),
            None => Some(parsed(&format!(
                "docs/contract/{}",
                to.trim_start_matches("contract/")
            ))),
        };
        return resolve(
            &target.unwrap_or_else(|| panic!("{to} leads nowhere")),
            openapi,
        );
    }
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| *name != "$id");
            let kept = kept.map(|(name, value)| (name.clone(), resolve(value, openapi)));
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(|item| resolve(item, openapi)).collect(),
        other => other.clone(),
    }
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&resolve(schema, &openapi()))
        .unwrap()
}

fn named(name: &str) -> Validator {
    validator(&json!({"$ref": format!("{name}.json")}))
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let say = |e: jsonschema::ValidationError<'_>| format!("{}: {e}", e.instance_path());
    validator.iter_errors(value).map(say).collect()
}

/// Calls back for every object in a document that has a member, with the path to it.
fn each<'v>(value: &'v Value, has: &str, path: &str, found: &mut dyn FnMut(&str, &'v Value)) {
    match value {
        Value::Object(members) => {
            if members.contains_key(has) {
                found(path, value);
            }
            for (name, member) in members {
                each(member, has, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                each(item, has, &format!("{path}/{place}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_openapi_file_is_one() {
    let official = parsed("tests/data/openapi/openapi-3.1-schema.json");
    let official = jsonschema::validator_for(&official).unwrap();
    assert_eq!(errors(&official, &openapi()), [""; 0]);
    // The schema does see mistakes.
    let mut wrong = openapi();
    wrong["paths"]["/admin/turns"]["get"]["responses"]["200"] = json!({"content": {}});
    assert_ne!(errors(&official, &wrong), [""; 0]);
}

#[test]
fn every_schema_is_one_and_every_reference_leads_somewhere() {
    let openapi = openapi();
    let mut used = BTreeSet::new();
    let mut note = |_: &str, value: &Value| {
        let to = value["$ref"].as_str().unwrap();
        if let Some(file) = to.strip_suffix(".json") {
            used.insert(file.trim_start_matches("contract/").to_owned());
        } else {
            assert!(openapi.pointer(&to[1..]).is_some(), "{to}");
        }
    };
    each(&openapi, "$ref", "", &mut note);
    for name in contract() {
        let schema = parsed(&format!("docs/contract/{name}.json"));
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(schema["$id"], format!("{name}.json"));
        each(&schema, "$ref", "", &mut note);
    }
    assert_eq!(
        used,
        contract(),
        "schemas that are referred to, and those that are there"
    );
    for (name, schema) in openapi["components"]["schemas"].as_object().unwrap() {
        jsonschema::draft202012::meta::validate(schema).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn every_operation_says_whether_it_exists_and_where_it_comes_from() {
    let openapi = openapi();
    let mut proposed = Vec::new();
    each(&openapi, "operationId", "", &mut |_, operation| {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(operation["x-origin"].is_string(), "{id}");
        match operation["x-status"].as_str() {
            Some("exists") => {}
            Some("proposed") => proposed.push(id),
            other => panic!("{id}: {other:?}"),
        }
    });
    proposed.sort();
    assert_eq!(proposed, ["checkpoint", "listTurns", "requestCheckpoint"]);
}

#[test]
fn every_example_of_the_openapi_file_matches_its_schema() {
    let openapi = openapi();
    let mut count = 0;
    each(&openapi, "examples", "", &mut |path, media| {
        let validator = validator(&media["schema"]);
        for (name, example) in media["examples"].as_object().unwrap() {
            let errors = errors(&validator, &example["value"]);
            assert_eq!(errors, [""; 0], "{path} {name}");
            count += 1;
        }
    });
    assert!(count > 60, "{count}");
}

/// The fenced blocks of the specification: the words after the fence, and the text.
fn fences(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none());
    blocks
}

/// A block of JSON names its schema behind the fence: `json turns`.
#[test]
fn every_example_of_the_specification_matches_its_schema() {
    let mut shown = BTreeSet::new();
    for (info, block) in fences(&read("docs/adapter-spec.md")) {
        let Some(schema) = info.strip_prefix("json") else {
            continue;
        };
        let value: Value = serde_json::from_str(&block).unwrap_or_else(|e| panic!("{e}: {block}"));
        let schema = schema.trim();
        if !schema.is_empty() {
            assert_eq!(errors(&named(schema), &value), [""; 0], "{block}");
            shown.insert(schema.to_owned());
        }
    }
    // An element of the list is shown in it.
    let all: BTreeSet<_> = contract()
        .into_iter()
        .filter(|name| name != "turn")
        .collect();
    assert_eq!(shown, all, "schemas with an example, and all of them");
}

fn body() -> Body {
    Body {
        workspace_id: "w".to_owned(),
        turn_id: Some("t".to_owned()),
        reason: Reason::NativeSessionCeiling,
        note: Some("n".to_owned()),
        ceiling_seconds: Some(1_800),
        turn_age_seconds: Some(1_801),
        drain_seconds: 20,
        request_id: "r".to_owned(),
    }
}

#[test]
fn the_request_that_is_sent_is_the_one_that_is_documented() {
    let validator = named("checkpoint-request");
    let whole = serde_json::to_value(body()).unwrap();
    let least = Body {
        turn_id: None,
        note: None,
        ceiling_seconds: None,
        turn_age_seconds: None,
        reason: Reason::Operator,
        ..body()
    };
    let least = serde_json::to_value(least).unwrap();
    assert_eq!(errors(&validator, &whole), [""; 0]);
    assert_eq!(errors(&validator, &least), [""; 0]);
    let schema = parsed("docs/contract/checkpoint-request.json");
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
    let sent: BTreeSet<String> = members(&whole);
    let documented: BTreeSet<String> = members(&schema["properties"]);
    assert_eq!(sent, documented);
    let needed: BTreeSet<&str> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_str().unwrap())
        .collect();
    assert_eq!(
        needed,
        least
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    );
    // And a request that lacks one is none.
    for name in needed {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(name);
        assert!(!validator.is_valid(&less), "without {name}");
    }
}

/// The kind of an answer, as JSON names it.
fn reading(reply: &Reply) -> String {
    let answer = serde_json::to_value(read_answer(reply).0).unwrap();
    answer["kind"].as_str().unwrap().to_owned()
}

fn reply(status: u16, content_type: Option<&str>, retry_after: Option<i64>, body: &str) -> Reply {
    Reply::Http {
        status,
        content_type: content_type.map(str::to_owned),
        retry_after_ms: retry_after.map(|s| s * 1_000),
        body: body.to_owned(),
    }
}

#[test]
fn answers_are_read_as_the_openapi_file_says() {
    let openapi = openapi();
    let mut kinds = BTreeSet::new();
    for path in ["/{workspace_id}/control/checkpoint", "/control/checkpoint"] {
        let responses = openapi["paths"][path]["post"]["responses"]
            .as_object()
            .unwrap();
        for (status, response) in responses {
            let Ok(status) = status.parse() else {
                continue;
            };
            for (content_type, media) in response["content"].as_object().unwrap() {
                for (name, example) in media["examples"].as_object().unwrap() {
                    let value = &example["value"];
                    let text = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    let retry = example["x-retry-after"].as_i64();
                    let kind = reading(&reply(status, Some(content_type), retry, &text));
                    assert_eq!(example["x-cronctl-reads"], kind, "{path} {status} {name}");
                    kinds.insert(kind);
                }
            }
        }
    }
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}

/// The table of section 5.5: `| 404, 405 | text: `Not Found` | `unsupported` | meaning |`.
#[test]
fn answers_are_read_as_the_specification_says() {
    let text = read("docs/adapter-spec.md");
    let (_, table) = text
        .split_once("| Answer | Body | cronctl reads | Meaning |\n| --- | --- | --- | --- |\n")
        .unwrap();
    let mut rows = 0;
    let mut kinds = BTreeSet::new();
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [statuses, body, kind, _] = cells[..] else {
            panic!("{row}");
        };
        let kind = kind.trim_matches('`');
        let (body, content_type) = match body {
            "empty" => ("", Some("application/json")),
            "empty, no type" => ("", None),
            _ => match body.strip_prefix("text: ") {
                Some(text) => (text.trim_matches('`'), Some("text/plain")),
                None => (body.trim_matches('`'), Some("application/json")),
            },
        };
        let (statuses, retry) = match statuses.split_once(", `Retry-After: ") {
            Some((statuses, retry)) => (statuses, Some(retry.trim_matches('`').parse().unwrap())),
            None => (statuses, None),
        };
        for status in statuses.split(", ") {
            let reply = reply(status.parse().unwrap(), content_type, retry, body);
            assert_eq!(reading(&reply), kind, "{row}");
        }
        kinds.insert(kind.to_owned());
        rows += 1;
    }
    assert!(rows >= 19, "{rows}");
    // Every reading that there is stands in it.
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

/// A turn with every member that is documented, each with a value that is found nowhere else.
fn turn() -> Value {
    json!({
        "workspace_id": "w", "workspace_name": "n", "runtime": "claude-code", "native_session": true,
        "turn_id": "t", "origin": "cron", "schedule_id": "s", "started_at": "2026-05-22T07:00:00Z",
        "turn_age_seconds": 1801, "idle_seconds": 4, "ceiling_seconds": 1800, "ceiling_exceeded": true,
        "steerable": true, "queue_depth": 3, "active_tasks": 1, "current_task": "p",
    })
}

fn list(turn: &Value) -> String {
    json!({"turns": [turn], "count": 1, "status": "in_flight", "limit": 100}).to_string()
}

fn listed(turn: &Value) -> Option<ListedTurn> {
    parse_turns(&list(turn)).unwrap().value.into_iter().next()
}

#[test]
fn turns_are_read_by_the_members_that_are_documented() {
    let whole = turn();
    let list: Value = serde_json::from_str(&list(&whole)).unwrap();
    assert_eq!(errors(&named("turns"), &list), [""; 0]);
    let schema = parsed("docs/contract/turn.json");
    let documented: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(documented, whole.as_object().unwrap().keys().collect());
    // All of them arrive.
    let expected = ListedTurn {
        workspace_id: "w".to_owned(),
        workspace_name: Some("n".to_owned()),
        runtime: Some("claude-code".to_owned()),
        native_session: Some(true),
        turn_id: Some("t".to_owned()),
        origin: Some("cron".to_owned()),
        schedule_id: Some("s".to_owned()),
        started_at_ms: Some(1_779_433_200_000),
        turn_age_seconds: Some(1_801),
        idle_seconds: Some(4),
        ceiling_seconds: Some(1_800),
        steerable: Some(true),
        queue_depth: Some(3),
        active_tasks: Some(1),
        current_task: Some("p".to_owned()),
    };
    assert_eq!(listed(&whole), Some(expected.clone()));
    // And each by its own name: without it, something is missing. cronctl compares with the ceiling
    // for itself.
    for name in documented {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(name);
        let same = listed(&less) == Some(expected.clone());
        assert_eq!(same, name == "ceiling_exceeded", "{name}");
    }
}

/// Which response a file of `tests/data/molecule/synth` is of. They were made from the field names of
/// the platform's handlers; those of `runtime` were recorded.
const BODIES: &[(&str, &str, &str, &str)] = &[
    (
        "a2a_200_poll_queued",
        "/workspaces/{workspace_id}/a2a",
        "post",
        "200",
    ),
    (
        "a2a_202_queued",
        "/workspaces/{workspace_id}/a2a",
        "post",
        "202",
    ),
    (
        "a2a_503_busy_post1685",
        "/workspaces/{workspace_id}/a2a",
        "post",
        "503",
    ),
    (
        "a2a_503_busy_pre1685",
        "/workspaces/{workspace_id}/a2a",
        "post",
        "503",
    ),
    (
        "config_get",
        "/workspaces/{workspace_id}/config",
        "get",
        "200",
    ),
    ("err_401_admin", "/workspaces", "get", "401"),
    ("err_401_admin_bad", "/workspaces", "get", "401"),
    (
        "err_401_workspace",
        "/workspaces/{workspace_id}/activity",
        "get",
        "401",
    ),
    ("err_503_datastore", "/workspaces", "get", "503"),
    (
        "get_activity",
        "/workspaces/{workspace_id}/activity",
        "get",
        "200",
    ),
    (
        "get_schedules",
        "/workspaces/{workspace_id}/schedules",
        "get",
        "200",
    ),
    (
        "get_workspace_410_removed",
        "/workspaces/{workspace_id}",
        "get",
        "410",
    ),
    (
        "get_workspace_by_id_open",
        "/workspaces/{workspace_id}",
        "get",
        "200",
    ),
    ("get_workspaces_admin", "/workspaces", "get", "200"),
    ("heartbeat_response", "/registry/heartbeat", "post", "200"),
    (
        "sse_event",
        "/workspaces/{workspace_id}/events/stream",
        "get",
        "200",
    ),
    ("ws_cron_executed", "/ws", "get", "101"),
    ("ws_cron_skipped", "/ws", "get", "101"),
    ("ws_heartbeat", "/ws", "get", "101"),
    ("ws_task_updated", "/ws", "get", "101"),
];

#[test]
fn what_the_platform_says_matches_the_openapi_file() {
    let openapi = openapi();
    for (file, path, method, status) in BODIES {
        let response = &openapi["paths"][path][method]["responses"][status];
        let (_, media) = response["content"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        let validator = validator(&media["schema"]);
        let body = parsed(&format!("tests/data/molecule/synth/{file}.json"));
        assert_eq!(errors(&validator, &body), [""; 0], "{file}");
        // A schema that takes anything would prove nothing.
        assert!(!validator.is_valid(&json!("text")), "{file}");
    }
}

#[test]
fn what_the_runtime_says_matches_the_openapi_file() {
    let openapi = openapi();
    let runtime = |file: &str| parsed(&format!("tests/data/molecule/runtime/{file}.json"));
    let heartbeat = named("heartbeat");
    for file in [
        "heartbeat_periodic_busy",
        "heartbeat_periodic_idle",
        "heartbeat_push_turn_end",
        "heartbeat_push_turn_start",
    ] {
        assert_eq!(
            errors(&heartbeat, &runtime(file)["body"]),
            [""; 0],
            "{file}"
        );
    }
    let answers: BTreeMap<&str, (&str, &str)> = BTreeMap::from([
        ("send_ok", ("/", "post")),
        ("tasks_cancel_unknown", ("/", "post")),
        ("tasks_cancel_empty_params_midturn", ("/", "post")),
        ("transcript_auth", ("/transcript", "get")),
        ("transcript_noauth", ("/transcript", "get")),
        (
            "control_checkpoint_missing",
            ("/control/checkpoint", "post"),
        ),
    ]);
    for (file, (path, method)) in answers {
        let captured = runtime(file);
        let status = captured["status"].to_string();
        let status: String = status
            .chars()
            .filter(char::is_ascii_digit)
            .take(3)
            .collect();
        let response = &openapi["paths"][path][method]["responses"][&status];
        let content = response["content"]
            .as_object()
            .unwrap_or_else(|| panic!("{file} {status}"));
        let kind = if captured["body"].is_string() {
            "text/plain"
        } else {
            "application/json"
        };
        let validator = validator(&content[kind]["schema"]);
        assert_eq!(errors(&validator, &captured["body"]), [""; 0], "{file}");
    }
    let sent = runtime("send_ok")["request"]["body"].clone();
    let schema = json!({"$ref": "#/components/schemas/Message"});
    assert_eq!(errors(&validator(&schema), &sent), [""; 0]);
}
