//! Which model a job runs, against what the gateways' own code answered: every row of fourteen
//! releases.
//!
//! `tests/data/vectors/openclaw/models/<release>.jsonl.gz` holds one case per line: a configuration,
//! a job, the session row that the run inherits, and what came out. The answers were printed by the
//! functions of the npm packages themselves, one package per release, called with each case's
//! configuration as that release's loader returns it: the candidates in order, or the text of the
//! error. Of 2026.3.28 the comparison with the session's selection ran too (`run`); of 2026.4.29,
//! `indexed` is the answer once the index of its plugins is there, where that changes it.
//!
//! Replaced in those runs: the model catalogue (empty), the providers' plugins at run time (none),
//! and the call of the model itself (always answers). Runs that a hook starts in 2026.2.x are left
//! out: a scheduled job cannot be one.
//!
//! Configuration and job go through the readers of this crate. One thing does not: entries of
//! `payload.fallbacks` that are no texts. Releases up to 2026.4.5 write them as texts (`5`), the job
//! reader leaves them out; here they are given as those releases write them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says what it compared"
)]

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use cronctl::job::{Job, Place, Slot, Words, parse};
use cronctl::model::{
    At, Known, ModelSettings, Outcome, Policy, Resolution, Resolver, Rows, Rules, SessionRow,
    rules_of,
};
use cronctl::openclaw::config::Config;
use cronctl::openclaw::models::settings;
use cronctl::schedule::{Rules as ScheduleRules, Version};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The row that every key of a case has.
struct OneRow(Option<SessionRow>);

impl Rows for OneRow {
    fn row(&self, _: &str, _: &str) -> Known<'_> {
        self.0.as_ref().map_or(Known::None, Known::Row)
    }
}

#[derive(Deserialize)]
struct Case<'a> {
    #[serde(rename = "case")]
    name: String,
    /// As written: the order of keys counts.
    #[serde(borrow)]
    config: &'a RawValue,
    job: Value,
    #[serde(default)]
    session: Value,
    #[serde(default)]
    gmail: bool,
    #[serde(default)]
    env: Vec<String>,
    result: Expected,
    indexed: Option<Expected>,
    /// Whether it was not asked with the index.
    #[serde(default)]
    fresh_only: bool,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Expected {
    candidates: Option<Vec<(String, String)>>,
    error: Option<String>,
    run: Option<Run>,
}

/// How a run of 2026.3.28 ended.
#[derive(Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Run {
    Model(String, String),
    Error(String),
}

impl Case<'_> {
    fn settings(&self) -> ModelSettings {
        let text = match self.config.get() {
            "null" => "{}",
            text => text,
        };
        let mut settings = settings(&Config::of_text(text, "openclaw.json").unwrap());
        let env = |name: &str| {
            let set = self.env.iter().any(|n| n == name);
            set.then(|| At {
                file: "environment".into(),
                path: name.to_owned(),
            })
        };
        let anthropic = &mut settings.anthropic;
        anthropic.env_key = env("ANTHROPIC_API_KEY").or(anthropic.env_key.take());
        anthropic.env_token = env("ANTHROPIC_OAUTH_TOKEN").or(anthropic.env_token.take());
        settings
    }

    fn job(&self, version: Version) -> Job {
        let mut job = self.job.clone();
        job["id"] = json!("job-1");
        job["schedule"] = json!({"kind": "cron", "expr": "0 3 * * *"});
        job["payload"]["kind"] = json!("agentTurn");
        job["payload"]["message"] = json!("hi");
        if self.gmail {
            job["payload"]["externalContentSource"] = json!("gmail");
        }
        if job.get("sessionTarget").is_none_or(Value::is_null) {
            job["sessionTarget"] = json!("isolated");
        }
        if version < Version::new(2026, 4, 22)
            && let Some(list) = job["payload"]["fallbacks"].as_array_mut()
        {
            for entry in list {
                *entry = match entry.take() {
                    Value::Null => json!(""),
                    Value::String(text) => json!(text),
                    other => json!(other.to_string()),
                };
            }
        }
        let slot = Slot {
            source: 0,
            at: Place::Entry(1),
            rules: ScheduleRules::OpenClaw(version),
        };
        parse(&job.to_string(), slot, &mut Words::default())
            .unwrap()
            .0
    }

    fn row(&self) -> OneRow {
        let text = |key: &str| {
            let text = self.session.get(key)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let origin = ["Provider", "Model"].map(|half| format!("modelOverrideFallbackOrigin{half}"));
        OneRow(self.session.is_object().then(|| SessionRow {
            provider_override: text("providerOverride"),
            model_override: text("modelOverride"),
            override_source: text("modelOverrideSource"),
            override_of_fallback: origin.iter().all(|key| text(key).is_some()),
            model_provider: text("modelProvider"),
            model: text("model"),
            ..SessionRow::default()
        }))
    }

    /// What is wrong with the resolver's answer.
    fn complaint(&self, version: Version, rules: Rules, expected: &Expected) -> Option<String> {
        let settings = self.settings();
        let resolver = Resolver::new(&settings, rules, Policy::Actual, &[]);
        let found = resolver.agents().resolve(&self.job(version), &self.row());
        let found_run = expected.run.as_ref().map(|_| run(&found));
        let error = found.failure.as_ref().map(|f| f.error.clone());
        let candidates = found.candidates.iter();
        let pairs = candidates.map(|c| (c.model.provider.clone(), c.model.model.clone()));
        let found = Expected {
            candidates: expected.error.is_none().then(|| pairs.collect()),
            error: error.filter(|_| expected.run.is_none()),
            run: found_run,
        };
        (found != *expected).then(|| {
            format!(
                "{}\n  config   {}\n  job      {}\n  session  {}\n  recorded {expected:?}\n  found    \
                 {found:?}\n",
                self.name, self.config, self.job, self.session
            )
        })
    }
}

fn run(found: &Resolution) -> Run {
    match (&found.effective, found.outcome) {
        (Some(model), Outcome::Runs) => Run::Model(model.provider.clone(), model.model.clone()),
        _ => Run::Error(
            found
                .failure
                .as_ref()
                .map_or_else(String::new, |f| f.error.clone()),
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests read their own data")]
fn recorded(version: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/vectors/openclaw/models")
        .join(format!("{version}.jsonl.gz"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Compares every row of a release, of which there must be `rows`.
fn check(release: &str, rows: usize) {
    let version: Version = release.parse().unwrap();
    let ruling = rules_of(version);
    assert!(ruling.exact, "{release} is a checked release");
    let checked = ruling.answers[0].1;
    let text = recorded(release);
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let case: Case<'_> = serde_json::from_str(line).unwrap();
        compared += 1;
        wrong.extend(case.complaint(version, checked.rules, &case.result));
        if let Some(other) = checked.otherwise
            && !case.fresh_only
        {
            let expected = case.indexed.as_ref().unwrap_or(&case.result);
            wrong.extend(case.complaint(version, other.rules, expected));
        }
    }
    assert_eq!(compared, rows, "{release}: rows");
    let mut shown = String::new();
    for complaint in wrong.iter().take(5) {
        writeln!(shown, "{complaint}").unwrap();
    }
    eprintln!("{shown}");
    assert!(
        wrong.is_empty(),
        "{release}: {} of {rows} rows differ",
        wrong.len()
    );
}

macro_rules! releases {
    ($($name:ident: $release:literal, $rows:literal;)*) => {
        $(
            #[test]
            fn $name() {
                check($release, $rows);
            }
        )*
    };
}

releases! {
    release_2026_2_24: "2026.2.24", 1752;
    release_2026_2_26: "2026.2.26", 1752;
    release_2026_3_24: "2026.3.24", 1760;
    release_2026_3_28: "2026.3.28", 1760;
    release_2026_3_31: "2026.3.31", 1760;
    release_2026_4_1: "2026.4.1", 1760;
    release_2026_4_5: "2026.4.5", 1760;
    release_2026_4_22: "2026.4.22", 1760;
    release_2026_4_29: "2026.4.29", 1211;
    release_2026_5_28: "2026.5.28", 1211;
    release_2026_6_11: "2026.6.11", 1211;
    release_2026_7_1: "2026.7.1", 1211;
    release_2026_8_1: "2026.8.1", 1328;
    release_2026_9_6: "2026.9.6", 1328;
}
