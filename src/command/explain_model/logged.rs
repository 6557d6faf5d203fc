//! `--gateway-log`: what the gateway's own log says, beside each answer.

use std::path::PathBuf;

use super::report::{ExplainReport, JobRow, LogUse, LoggedRow};
use crate::context::Context;
use crate::error::Error;
use crate::model::{Fate, StepName};
use crate::openclaw::gateway_log::{GatewayLog, ThrownBack};
use crate::source::Loaded;

/// Reads the logs that are named; `None` when none is.
///
/// # Errors
/// When one cannot be read: a name that was typed is not passed over.
pub(super) fn read(files: &[PathBuf], ctx: &Context) -> Result<Option<GatewayLog>, Error> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut log = GatewayLog::default();
    for file in files {
        log.read(&ctx.directory.join(file))?;
    }
    Ok(Some(log))
}

/// Puts what the log says of each job's recorded runs beside its answer.
pub(super) fn beside(log: &GatewayLog, loaded: &Loaded, report: &mut ExplainReport) {
    let (mut jobs, mut agree) = (0, 0);
    for row in &mut report.jobs {
        let source = loaded.sources.iter().position(|s| s.tag == row.source);
        let gateway = source.and_then(|at| loaded.gateways.get(at)?.as_ref());
        let records = gateway.map_or(&[][..], |g| g.history.records(&row.job));
        // The newest run that the log knows: before it, the session's selection may have been another.
        let mut runs = records.iter().filter_map(|r| r.session_id.as_deref());
        let Some(thrown_back) = runs.find_map(|session| log.of(session)) else {
            continue;
        };
        let thrown_back = thrown_back.to_vec();
        let agrees = thrown_back.iter().all(|said| says_so(row, said));
        jobs += 1;
        agree += usize::from(agrees);
        row.gateway_log = Some(LoggedRow {
            thrown_back,
            agrees,
        });
    }
    report.inputs.gateway_log = Some(LogUse {
        files: log.files.iter().map(|f| f.display().to_string()).collect(),
        lines: log.lines,
        sessions: log.sessions(),
        jobs,
        agree,
    });
}

/// Whether the answer has the same candidate thrown back, by the same selection.
fn says_so(row: &JobRow, said: &ThrownBack) -> bool {
    let thrown = row
        .candidates
        .iter()
        .any(|c| c.fate == Fate::ThrownBack && c.model.to_string() == said.candidate);
    let live = row.steps.iter().find(|s| s.step == StepName::Live);
    thrown && live.is_some_and(|s| s.value.as_deref() == Some(&said.selection))
}
