//! Model resolution against what the real functions of the gateway's releases answered.

use std::path::Path;

use cronctl::job::{Place, Slot, parse};
use cronctl::model::{
    Known, ModelSettings, NoRows, Outcome, Policy, Resolver, Rows, SessionRow, rules_of,
};
use cronctl::openclaw::config::Config;
use cronctl::openclaw::models::settings;
use cronctl::schedule::{Rules, Version};
use serde_json::{Value, json};

struct Row(Option<SessionRow>);

impl Rows for Row {
    fn row(&self, _: &str, _: &str) -> Known<'_> {
        self.0.as_ref().map_or(Known::None, Known::Row)
    }
}

fn row_of(entry: &Value) -> Option<SessionRow> {
    let text = |key: &str| {
        let text = entry.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    entry.is_object().then(|| SessionRow {
        provider_override: text("providerOverride"),
        model_override: text("modelOverride"),
        override_source: text("modelOverrideSource"),
        override_of_fallback: text("modelOverrideFallbackOriginProvider").is_some()
            && text("modelOverrideFallbackOriginModel").is_some(),
        model_provider: text("modelProvider"),
        model: text("model"),
        ..SessionRow::default()
    })
}

#[test]
fn scratch() {
    let _ = NoRows("x");
    let mut wrong = 0;
    let mut all = 0;
    let files = std::env::var("VECTORS").unwrap();
    for file in files.split(',') {
        let text = std::fs::read_to_string(Path::new(file)).unwrap();
        let (mut w, mut n, mut refused) = (0, 0, 0);
        for line in text.lines() {
            let v: Value = serde_json::from_str(line).unwrap();
            n += 1;
            let version: Version = v["version"].as_str().unwrap().parse().unwrap();
            #[derive(serde::Deserialize)]
            struct Raw<'a> {
                #[serde(borrow)]
                config: &'a serde_json::value::RawValue,
            }
            let raw: Raw<'_> = serde_json::from_str(line).unwrap();
            let text = match raw.config.get() {
                "null" => "{}",
                t => t,
            };
            let config = Config::of_text(text, "openclaw.json").unwrap();
            let mut settings: ModelSettings = settings(&config);
            let env = |name: &str| {
                v["env"][name].is_string().then(|| cronctl::model::At {
                    file: "env".into(),
                    path: name.into(),
                })
            };
            settings.anthropic.env_key = env("ANTHROPIC_API_KEY").or(settings.anthropic.env_key);
            settings.anthropic.env_token = env("ANTHROPIC_OAUTH_TOKEN").or(settings.anthropic.env_token);
            let mut job = v["job"].clone();
            job["id"] = json!("job1");
            job["schedule"] = json!({"kind": "cron", "expr": "0 3 * * *"});
            job["payload"]["kind"] = json!("agentTurn");
            if v["gmail"] == json!(true) {
                job["payload"]["externalContentSource"] = json!("gmail");
            }
            if job.get("sessionTarget").is_none_or(|t| t.is_null()) {
                job["sessionTarget"] = json!("isolated");
            }
            let slot = Slot {
                source: 0,
                at: Place::Entry(1),
                rules: Rules::OpenClaw(version),
            };
            let fallbacks = v["job"]["payload"]["fallbacks"].as_array().map(|a| {
                a.iter()
                    .filter(|t| t.is_string() || version < "2026.4.20".parse().unwrap())
                    .map(|t| match t {
                        Value::String(s) => s.clone(),
                        Value::Null => String::new(),
                        o => o.to_string(),
                    })
                    .collect()
            });
            let gm = v["gmail"] == json!(true);
            let src = v["job"]["payload"]["externalContentSource"]
                .as_str()
                .map(str::to_owned)
                .or(gm.then(|| "gmail".to_owned()));
            let sk = v["job"]["sessionKey"].as_str().map(str::to_owned);
            let (mut job, _) = parse(&job.to_string(), slot).unwrap();
            job.extras = Some(Box::new(cronctl::job::Extras {
                fallbacks,
                external_source: src,
                session_key: sk,
                ..Default::default()
            }));
            let release = rules_of(version).answers[0].1;
            let indexed = std::env::var("INDEXED").is_ok() && v["resultIndexed"].is_object();
            let rules = if indexed { release.otherwise.unwrap().rules } else { release.rules };
            let resolver = Resolver::new(&settings, rules, Policy::Actual, &[]);
            let row = Row(row_of(&v["session"]));
            let r = resolver.agents().resolve(&job, &row);
            let expected = if indexed { &v["resultIndexed"] } else { &v["result"] };
            if v["hookSessionKey"].is_string() && version < "2026.3.1".parse().unwrap() { continue; }
            let got = if expected["ok"] == json!(true) {
                let cands: Vec<Value> = r
                    .candidates
                    .iter()
                    .map(|c| json!([c.model.provider, c.model.model]))
                    .collect();
                json!(cands)
            } else {
                json!(r.failure.as_ref().map(|f| f.error.clone()))
            };
            let want = if expected["ok"] == json!(true) {
                json!(
                    expected["candidates"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|c| json!([c["provider"], c["model"]]))
                        .collect::<Vec<_>>()
                )
            } else {
                expected["error"].clone()
            };
            let mut bad = got != want;
            if want
                .as_str()
                .is_some_and(|w| w.starts_with("Invalid config"))
            {
                refused += 1;
                continue;
            }
            if let Some(run) = expected.get("run") {
                let ok = r.outcome == Outcome::Runs;
                if ok != (run["status"] == json!("ok")) {
                    bad = true;
                }
                if ok
                    && r.effective.as_ref().map(|m| m.model.clone())
                        != run["model"].as_str().map(str::to_owned)
                {
                    bad = true;
                }
            }
            if bad {
                w += 1;
                if w <= std::env::var("SHOW").map_or(12, |s| s.parse().unwrap()) {
                    println!(
                        "{} {}\n  config {}\n  job {} session {}\n  want {want} run {}\n  got  {got} {:?} {:?}",
                        v["version"],
                        v["case"],
                        raw.config.get(),
                        v["job"],
                        v["session"],
                        expected.get("run").unwrap_or(&Value::Null),
                        r.effective.map(|m| m.to_string()),
                        r.failure
                    );
                }
            }
        }
        println!("{file}: {w} of {n} wrong, {refused} refused");
        wrong += w;
        all += n;
    }
    println!("{wrong} of {all} wrong");
}
