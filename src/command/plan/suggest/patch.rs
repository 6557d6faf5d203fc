//! A change as a JSON patch (RFC 6902) against the document that holds the job.

use serde_json::Value;

use super::report::PatchOp;
use crate::context::Context;
use crate::error::Error;
use crate::job::{Job, Place};
use crate::plan::suggest::Change;
use crate::source::{SourceInfo, SourceKind, demo_document};

/// The largest document that is read.
const MAX_BYTES: u64 = 256 << 20;

/// The document of a source, read again: a patch must fit what stands there.
pub(super) struct Document {
    value: Value,
    /// Where in it the jobs are: `/jobs`, or nothing for an array.
    root: &'static str,
}

impl Document {
    /// Reads the document of a source.
    ///
    /// # Errors
    /// When it is no single JSON document of jobs: a database, lines, a crontab, a pipe.
    pub(super) fn read(source: &SourceInfo, ctx: &Context) -> Result<Self, Error> {
        let store = &source.store;
        let refuse = |why: &str| {
            Error::failed(format!("{store}: there is no JSON patch for it"))
                .because(why)
                .hint("--suggest without =patch prints commands")
        };
        let bytes = match (source.kind, &**store) {
            (SourceKind::Demo, _) => demo_document().as_bytes().to_vec(),
            (_, "stdin") => return Err(refuse("a pipe cannot be read twice: name the file")),
            (_, file) => crate::files::read_named(&ctx.directory.join(file), MAX_BYTES)?,
        };
        if bytes.starts_with(b"SQLite format 3") {
            return Err(refuse(
                "its jobs are rows of a database, which only the gateway changes",
            ));
        }
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|e| refuse("a patch is for one JSON document").because(e))?;
        let root = match &value {
            Value::Array(_) => "",
            Value::Object(object) if object.get("jobs").is_some_and(Value::is_array) => "/jobs",
            _ => {
                return Err(refuse(
                    "it is neither an array of jobs nor an object with one",
                ));
            }
        };
        Ok(Self { value, root })
    }

    /// The operations of a change of a job; the tests before it refuse a document that is another by then.
    ///
    /// # Errors
    /// Why this job has no patch.
    pub(super) fn ops(&self, job: &Job, change: &Change) -> Result<Vec<PatchOp>, String> {
        let Place::Entry(n) = job.at else {
            return Err("it stands on a line of its own, not in a document".to_owned());
        };
        let at = format!("{}/{}", self.root, n - 1);
        let entry = self.value.pointer(&at);
        let id = entry.and_then(|e| e.get("id").or_else(|| e.get("jobId")));
        if id.and_then(Value::as_str) != Some(&job.id) {
            return Err(format!("its document has another job at {at}"));
        }
        let get = |rest: &str| self.value.pointer(&format!("{at}{rest}"));
        let Some(expr) = get("/schedule/expr") else {
            return Err(format!(
                "its document has no expression at {at}/schedule/expr"
            ));
        };
        let op = |op, rest: &str, value| PatchOp {
            op,
            path: format!("{at}{rest}"),
            value,
        };
        let key = if get("/id").is_some() {
            "/id"
        } else {
            "/jobId"
        };
        let mut ops = vec![
            op("test", key, id.cloned()),
            op("test", "/schedule/expr", Some(expr.clone())),
        ];
        if let Some(expr) = &change.expr {
            ops.push(op("replace", "/schedule/expr", Some(expr.as_str().into())));
        }
        let known = get("/schedule/staggerMs").is_some();
        let set = if known { "replace" } else { "add" };
        ops.push(op(
            set,
            "/schedule/staggerMs",
            Some(change.window_ms.into()),
        ));
        // A gateway keeps an instant that it computed before, and would fire at it once more.
        if get("/state/nextRunAtMs").is_some() {
            ops.push(op("remove", "/state/nextRunAtMs", None));
        }
        Ok(ops)
    }
}
