//! State directories as gateways write them, and what `explain-model` says about them.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// The configuration of the scenarios, as a person writes it.
pub(super) const C0: &str = r#"// Two providers and a cheap model for the nightly jobs.
{
  meta: { lastTouchedVersion: "2026.9.6" },
  agents: {
    defaults: {
      model: { primary: "anthropic/claude-sonnet-4-6", fallbacks: ["google/gemini-3-flash"] },
      models: {
        "anthropic/claude-sonnet-4-6": { alias: "sonnet" },
        "openai/gpt-5.4-nano": { alias: "nano" },
        "google/gemini-3-flash": {},
      },
    },
    list: [ { id: "main", default: true } ],
  },
}
"#;

pub(super) const SONNET: &str = "anthropic/claude-sonnet-4-6";
pub(super) const NANO: &str = "openai/gpt-5.4-nano";
pub(super) const FLASH: &str = "google/gemini-3-flash";

/// The job of the scenarios.
pub(super) const J0: &str = "slbe-nightly-optimizer";

pub(super) fn j0() -> Value {
    job(
        J0,
        json!({"kind": "agentTurn", "message": "optimise", "model": NANO}),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "a literal reads better")]
pub(super) fn job(id: &str, payload: Value) -> Value {
    json!({
        "id": id,
        "name": id,
        "enabled": true,
        "createdAtMs": 1_767_225_600_000_i64,
        "schedule": {"kind": "cron", "expr": "0 22 * * *", "tz": "America/Los_Angeles"},
        "sessionTarget": "isolated",
        "agentId": "main",
        "payload": payload,
        "state": {},
    })
}

/// A job with other values at top level; null removes a key.
#[expect(clippy::needless_pass_by_value, reason = "a literal reads better")]
pub(super) fn with(mut job: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        let job = job.as_object_mut().unwrap();
        if value.is_null() {
            job.remove(key);
        } else {
            job.insert(key.clone(), value.clone());
        }
    }
    job
}

/// A job with other values in its payload; null removes a key.
pub(super) fn paying(mut job: Value, changes: Value) -> Value {
    job["payload"] = with(job["payload"].take(), changes);
    job
}

/// The session key of a job's isolated runs.
pub(super) fn key(agent: &str, job: &str) -> String {
    format!("agent:{agent}:cron:{job}")
}

/// A state directory under construction: `work/state` of a sandbox.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
}

impl World {
    /// A directory with a configuration and `cron/jobs.json`, as up to 2026.5.28.
    pub(super) fn new(config: &str, jobs: &[Value]) -> Self {
        let world = Self {
            sandbox: Sandbox::new(),
        };
        world.file("openclaw.json", config);
        world.file(
            "cron/jobs.json",
            json!({"version": 1, "jobs": jobs}).to_string(),
        );
        world
    }

    /// The same in the SQLite store of 2026.8.1 and later.
    pub(super) fn in_database(config: &str, jobs: &[Value], app_version: Option<&str>) -> Self {
        let world = Self {
            sandbox: Sandbox::new(),
        };
        world.file("openclaw.json", config);
        let store = world.database("state/openclaw.sqlite");
        store
            .execute_batch(
                "CREATE TABLE schema_meta (meta_key TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL,
                   schema_version INTEGER NOT NULL, agent_id TEXT, app_version TEXT,
                   created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;
                 CREATE TABLE cron_jobs (store_key TEXT NOT NULL, job_id TEXT NOT NULL,
                   name TEXT NOT NULL, enabled INTEGER NOT NULL, payload_kind TEXT NOT NULL,
                   job_json TEXT NOT NULL, state_json TEXT NOT NULL DEFAULT '{}',
                   sort_order INTEGER NOT NULL DEFAULT 0, updated_at INTEGER NOT NULL,
                   PRIMARY KEY (store_key, job_id)) STRICT;",
            )
            .unwrap();
        let meta = "INSERT INTO schema_meta VALUES ('primary', 'global', 18, NULL, ?1, 1, 1)";
        store.execute(meta, [app_version]).unwrap();
        for job in jobs {
            store
                .execute(
                    "INSERT INTO cron_jobs (store_key, job_id, name, enabled, payload_kind,
                       job_json, updated_at) VALUES (?1, ?2, ?2, 1, ?3, ?4, 1)",
                    params![
                        "/home/operator/.openclaw/cron/jobs.json",
                        job["id"].as_str(),
                        job["payload"]["kind"].as_str(),
                        job.to_string()
                    ],
                )
                .unwrap();
        }
        world
    }

    fn database(&self, name: &str) -> Connection {
        let path = self.sandbox.path("work/state").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        Connection::open(path).unwrap()
    }

    /// Writes a file of the state directory.
    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        drop(self.sandbox.write(&format!("work/state/{name}"), content));
    }

    /// Writes the session rows of an agent, as up to 2026.7.1.
    #[must_use]
    pub(super) fn rows(self, agent: &str, rows: &Value) -> Self {
        self.file(
            &format!("agents/{agent}/sessions/sessions.json"),
            rows.to_string(),
        );
        self
    }

    /// Writes the session row of the scenarios' job.
    #[must_use]
    pub(super) fn row(self, row: &Value) -> Self {
        self.rows("main", &json!({ key("main", J0): row }))
    }

    /// Writes the session rows of an agent into its database, as from 2026.8.1.
    #[must_use]
    pub(super) fn rows_in_database(self, agent: &str, rows: &Value) -> Self {
        let store = self.database(&format!("agents/{agent}/agent/openclaw-agent.sqlite"));
        store
            .execute_batch(
                "CREATE TABLE session_nodes (session_key TEXT NOT NULL PRIMARY KEY,
                   current_session_id TEXT NOT NULL, entry_json TEXT NOT NULL,
                   updated_at INTEGER NOT NULL) STRICT;",
            )
            .unwrap();
        for (key, row) in rows.as_object().unwrap() {
            let insert = "INSERT INTO session_nodes VALUES (?1, 's', ?2, 1)";
            store
                .execute(insert, params![key, row.to_string()])
                .unwrap();
        }
        self
    }

    /// Writes the run log of a job, oldest first.
    #[must_use]
    pub(super) fn ran(self, job: &str, runs: &[Value]) -> Self {
        let line = |(n, run): (usize, &Value)| {
            let at = 1_774_000_000_000_i64 + i64::try_from(n).unwrap() * 86_400_000;
            let base = json!({"ts": at + 5, "jobId": job, "action": "finished", "runAtMs": at,
                              "durationMs": 5});
            with(base, run.clone()).to_string() + "\n"
        };
        let log: String = runs.iter().enumerate().map(line).collect();
        self.file(&format!("cron/runs/{job}.jsonl"), log);
        self
    }

    /// Runs `explain-model` on the directory, with words split at blanks.
    pub(super) fn run(&self, line: &str) -> Run {
        let args = ["explain-model", "--openclaw", "state"];
        let args = args.into_iter().chain(line.split_whitespace());
        self.sandbox.command(args).run()
    }

    /// The JSON document of a call that ends well.
    pub(super) fn json(&self, line: &str) -> Value {
        let run = self.run(&format!("{line} --json"));
        assert_eq!(run.code, Some(0), "{run}");
        run.json()
    }

    /// The one job of a document and what a person reads, with all blanks as one.
    pub(super) fn one(&self, line: &str) -> (Value, String) {
        let document = self.json(line);
        let jobs = document["jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), 1, "{line}: {document:#}");
        let run = self.run(line);
        assert_eq!(run.code, Some(0), "{run}");
        (jobs[0].clone(), flat(&run.stdout))
    }

    /// The scenarios' job under a version: its JSON and what a person reads.
    pub(super) fn j0(&self, version: &str) -> (Value, String) {
        self.one(&format!("{J0} --openclaw-version {version}"))
    }
}

/// A text with all blanks and line ends as one blank: words, wherever lines break.
pub(super) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that a text has all of these words.
#[track_caller]
pub(super) fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

/// The step of this name in a job's JSON.
#[track_caller]
pub(super) fn step<'a>(job: &'a Value, name: &str) -> &'a Value {
    let steps = job["steps"].as_array().unwrap();
    match steps.iter().find(|s| s["step"] == name) {
        Some(step) => step,
        None => panic!("no step {name}: {steps:#?}"),
    }
}

/// The models that are tried, in order.
pub(super) fn tried(job: &Value) -> Vec<&str> {
    let all = job["candidates"].as_array().unwrap();
    all.iter().map(|c| c["model"].as_str().unwrap()).collect()
}
