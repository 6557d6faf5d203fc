//! What stands in `docs/monitoring` fits what the loop exports: every metric, every label and value
//! in the dashboard and in the alert rules exists, and every family is described.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which the exemption for tests does not cover"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use cronctl::checkpoint::{Answer, BreakerState, Outcome};
use cronctl::metrics::{Metrics, SweepResult};
use cronctl::turn::Verdict;
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

/// What an expression may say besides metrics: functions, keywords, and labels that Prometheus adds or that
/// a clause names.
const WORDS: [&str; 28] = [
    "absent",
    "and",
    "by",
    "count",
    "histogram_quantile",
    "ignoring",
    "increase",
    "max",
    "or",
    "rate",
    "sum",
    "time",
    "unless",
    "label_values",
    "job",
    "instance",
    "answer",
    "cause",
    "le",
    "outcome",
    "result",
    "verdict",
    "version",
    "ALERTS",
    "alertname",
    "h",
    "m",
    "s",
];
/// Labels that are not the loop's: of the scrape, and of alerts.
const FOREIGN_LABELS: [&str; 4] = ["job", "instance", "alertstate", "alertname"];

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    let bytes = cronctl::files::read(&path, 4 << 20).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A family: its type, and the values of each label.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    labels: BTreeMap<String, BTreeSet<String>>,
}

/// The families of a loop that has seen everything once.
fn families() -> BTreeMap<String, Family> {
    let metrics = Metrics::new("1.2.3").unwrap();
    metrics.looked([(Verdict::Over, 1)], Some(1), Some(1));
    metrics.asked(&Answer::Idle);
    metrics.ended(Outcome::Idle);
    metrics.swept(SweepResult::Ok, Duration::ZERO, 1);
    metrics.breaker(BreakerState::Closed);
    metrics.held(0);
    metrics.interval(1);
    metrics.unhealthy_after(1);
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for line in metrics.encode().lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let family = families.entry(name.to_owned()).or_default();
            kind.clone_into(&mut family.kind);
        } else if !line.starts_with('#') {
            let sample = line.rsplit_once(' ').unwrap().0;
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            let family = families.get_mut(&family_of(name)).unwrap();
            for (label, _, value) in matchers(labels.trim_end_matches('}')) {
                family.labels.entry(label).or_default().insert(value);
            }
        }
    }
    families
}

/// The family of a series: those of the only histogram have endings.
fn family_of(series: &str) -> String {
    let histogram = "cronctl_checkpoint_sweep_duration_seconds";
    match series.strip_prefix(histogram) {
        Some("_bucket" | "_sum" | "_count") => histogram.to_owned(),
        _ => series.to_owned(),
    }
}

/// Reads `a="b", c=~"d|e"`: label, operator, value.
fn matchers(text: &str) -> Vec<(String, String, String)> {
    let mut rest = text.trim();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (before, after) = rest.split_once('"').expect("a value in quotes");
        let (value, after) = after.split_once('"').expect("the end of a value");
        let label = before.trim_end_matches(['=', '~', '!']);
        let operator = &before[label.len()..];
        assert!(matches!(operator, "=" | "!=" | "=~" | "!~"), "{text}");
        all.push((
            label.trim().to_owned(),
            operator.to_owned(),
            value.to_owned(),
        ));
        rest = after.trim().trim_start_matches(',').trim();
    }
    all
}

/// Complains about whatever in an expression the loop does not export.
fn check(expression: &str, families: &BTreeMap<String, Family>) {
    let mut rest = expression;
    let mut series = None;
    let mut metrics = 0;
    while let Some(c) = rest.chars().next() {
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | ':'));
        let end = name_end.unwrap_or(rest.len());
        if c.is_ascii_alphabetic() || matches!(c, '_' | ':') {
            let name = &rest[..end];
            let family = family_of(name);
            if families.contains_key(&family) {
                assert!(
                    family != name || families[&family].kind != "histogram",
                    "{name} is a histogram and has no sample of that name: {expression}"
                );
                metrics += 1;
            } else {
                assert!(WORDS.contains(&name), "{name} is unknown: {expression}");
            }
            series = Some(family);
            rest = &rest[end..];
        } else if c.is_ascii_digit() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            // The unit of a range.
            rest = rest.trim_start_matches(['s', 'm', 'h', 'd']);
        } else if c == '$' {
            assert!(rest.starts_with("$__rate_interval"), "{expression}");
            rest = rest.trim_start_matches("$__rate_interval");
        } else if c == '{' {
            let (inside, after) = rest[1..].split_once('}').expect("a closing brace");
            let family = series.as_ref().and_then(|name| families.get(name));
            for (label, operator, value) in matchers(inside) {
                if FOREIGN_LABELS.contains(&label.as_str()) {
                    continue;
                }
                let known = family.and_then(|family| family.labels.get(&label));
                let known =
                    known.unwrap_or_else(|| panic!("{series:?} has no {label}: {expression}"));
                let values = if operator.contains('~') {
                    value.split('|').collect()
                } else {
                    vec![value.as_str()]
                };
                for value in values {
                    assert!(
                        known.contains(value),
                        "{label}={value} never is: {expression}"
                    );
                }
            }
            rest = after;
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    assert!(metrics > 0, "it asks for nothing: {expression}");
}

/// Every value of a key, however deep.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                if name == key {
                    found.push(inner);
                }
                all(inner, key, found);
            }
        }
        Value::Array(many) => many.iter().for_each(|inner| all(inner, key, found)),
        _ => {}
    }
}

fn dashboard() -> Value {
    serde_json::from_str(&read("monitoring/grafana-dashboard.json")).unwrap()
}

fn rules() -> Vec<Yaml> {
    let mut documents = YamlLoader::load_from_str(&read("monitoring/alerts.yml")).unwrap();
    assert_eq!(documents.len(), 1);
    let groups = documents.remove(0)["groups"].clone();
    let rules = groups.into_iter().flat_map(|group| group["rules"].clone());
    rules.collect()
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let families = families();
    let dashboard = dashboard();
    let mut expressions = Vec::new();
    all(&dashboard, "expr", &mut expressions);
    assert!(expressions.len() > 20);
    let queries = dashboard["templating"]["list"].as_array().unwrap();
    expressions.extend(queries.iter().filter_map(|v| v.get("definition")));
    for expression in &expressions {
        check(expression.as_str().unwrap(), &families);
    }
    let asked = expressions.iter().map(|e| e.as_str().unwrap());
    let asked: String = asked.collect::<Vec<_>>().join("\n");
    for name in families.keys() {
        assert!(asked.contains(name), "no panel shows {name}");
    }
}

#[test]
fn the_dashboard_can_be_imported_anywhere() {
    let dashboard = dashboard();
    assert!(dashboard["id"].is_null(), "an id belongs to one Grafana");
    assert_eq!(dashboard["uid"], "cronctl-checkpoint");
    let mut sources = Vec::new();
    all(&dashboard, "datasource", &mut sources);
    for source in sources {
        let uid = source["uid"].as_str().unwrap();
        assert!(matches!(uid, "${datasource}" | "-- Grafana --"), "{source}");
    }
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|p| p["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "ids are told apart");
    let mut taken: Vec<[u64; 4]> = Vec::new();
    for panel in panels {
        assert!(
            panel["title"].as_str().is_some_and(|t| !t.is_empty()),
            "{panel}"
        );
        if panel["type"] != "row" {
            assert!(
                panel["description"].as_str().is_some_and(|t| !t.is_empty()),
                "{panel}"
            );
        }
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|k| panel["gridPos"][k].as_u64().unwrap());
        assert!(w > 0 && h > 0 && x + w <= 24, "{panel}");
        let overlaps = |[a, b, c, d]: &[u64; 4]| x < a + c && *a < x + w && y < b + d && *b < y + h;
        assert!(
            !taken.iter().any(overlaps),
            "{} lies over another",
            panel["title"]
        );
        taken.push([x, y, w, h]);
    }
}

#[test]
fn alerts_ask_for_what_there_is_and_say_what_to_do() {
    let families = families();
    let deploy = read("deploy.md");
    let mut names = BTreeSet::new();
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap().to_owned();
        check(rule["expr"].as_str().unwrap(), &families);
        let severity = rule["labels"]["severity"].as_str();
        assert!(
            matches!(severity, Some("critical" | "warning" | "info")),
            "{name}"
        );
        for annotation in ["summary", "description", "action"] {
            let text = rule["annotations"][annotation].as_str();
            assert!(text.is_some_and(|t| t.len() > 10), "{name}: {annotation}");
        }
        assert!(
            deploy.contains(&format!("`{name}`")),
            "deploy.md does not speak of {name}"
        );
        assert!(names.insert(name), "a name of two alerts");
    }
    assert!(names.len() >= 8);
    for word in deploy.split(|c: char| !c.is_ascii_alphanumeric()) {
        let alert = word.len() > "CronctlCheckpoint".len() && word.starts_with("CronctlCheckpoint");
        assert!(
            !alert || names.contains(word),
            "deploy.md: there is no alert {word}"
        );
    }
}

#[test]
fn every_alert_has_a_case_in_which_it_fires() {
    let text = read("monitoring/alerts.test.yml");
    let cases = YamlLoader::load_from_str(&text).unwrap();
    let families = families();
    let series = cases[0]["tests"]
        .clone()
        .into_iter()
        .flat_map(|t| t["input_series"].clone());
    for series in series {
        let series = series["series"].as_str().unwrap().to_owned();
        // Whatever version: it is but an example there.
        if !series.contains("build_info") {
            check(&series, &families);
        }
    }
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap();
        assert!(text.contains(&format!("alertname=\"{name}\"")), "{name}");
    }
}

#[test]
fn the_readme_describes_every_family_and_every_value() {
    let text = read("monitoring/README.md");
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Vec<&str>> = rows
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let families = families();
    let mut described = BTreeSet::new();
    for row in rows.iter().filter(|row| row[0].starts_with("`cronctl_")) {
        let name = row[0].trim_matches('`');
        let family = families
            .get(name)
            .unwrap_or_else(|| panic!("there is no {name}"));
        assert_eq!(row[1], family.kind, "{name}");
        let labels = family.labels.keys().filter(|label| *label != "le");
        let labels: Vec<_> = labels.map(|label| format!("`{label}`")).collect();
        assert_eq!(row[2], labels.join(", "), "{name}");
        assert!(row[3].len() == 1 || row[3].len() > 10, "{name}");
        described.insert(name.to_owned());
    }
    assert_eq!(described, families.keys().cloned().collect());

    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut label = "";
    let from = rows.iter().position(|row| row[0] == "Label").unwrap();
    for row in rows[from + 1..].iter().filter(|row| row[0] != "---") {
        if !row[0].is_empty() {
            label = row[0];
        }
        let value = row[1].trim_matches('`').to_owned();
        values.entry(label.to_owned()).or_default().insert(value);
    }
    let of = |family: &str, label: &str| {
        families[&format!("cronctl_checkpoint_{family}")].labels[label].clone()
    };
    let expected = BTreeMap::from([
        ("`verdict`".to_owned(), of("turns", "verdict")),
        ("`outcome`".to_owned(), of("targets_total", "outcome")),
        ("`answer`".to_owned(), of("requests_total", "answer")),
        ("`cause`".to_owned(), of("look_failures_total", "cause")),
        (
            "`result` of sweeps".to_owned(),
            of("sweeps_total", "result"),
        ),
        (
            "`result` of reloads".to_owned(),
            of("config_reloads_total", "result"),
        ),
    ]);
    assert_eq!(values, expected);
}

#[test]
fn the_check_itself_finds_what_is_wrong() {
    let families = families();
    check(
        "sum by (job) (rate(cronctl_checkpoint_sweeps_total{result=\"ok\"}[5m])) > 0.5",
        &families,
    );
    for wrong in [
        "cronctl_checkpoint_sweep_total",
        "cronctl_checkpoint_sweeps_total{result=\"bad\"}",
        "cronctl_checkpoint_sweeps_total{outcome=\"ok\"}",
        "cronctl_checkpoint_targets_total{outcome=~\"refused|unsuported\"}",
        "cronctl_checkpoint_sweep_duration_seconds",
        "cronctl_checkpoint_turns_bucket",
        "up == 0",
        "1 > 0",
        "rate(cronctl_checkpoint_sweeps_total[$interval])",
    ] {
        let found = std::panic::catch_unwind(|| check(wrong, &families));
        assert!(found.is_err(), "{wrong}");
    }
}
