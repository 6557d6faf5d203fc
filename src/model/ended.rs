//! Resolutions that end before a model is tried.

use super::agent::agent_id;
use super::resolution::{
    AgentUse, ChainOrigin, Failure, Mechanism, Outcome, Resolution, Step, StepName, StepOutcome,
    Verdict,
};
use super::select::Selected;

/// A resolution in which nothing has been said yet.
pub(super) fn empty(agent: AgentUse) -> Resolution {
    Resolution {
        agent,
        steps: Vec::new(),
        intended: None,
        effective: None,
        source: None,
        mechanism: Mechanism::None,
        outcome: Outcome::NoModel,
        failure: None,
        candidates: Vec::new(),
        chain: ChainOrigin::None,
        strict: false,
        verdict: Verdict::NoModel,
        missing: Vec::new(),
        notes: Vec::new(),
    }
}

/// A job of a kind that calls no model.
pub(super) fn calls_none(agent: AgentUse, kind: &str) -> Resolution {
    Resolution {
        notes: vec![format!("a {kind} payload calls no model")],
        ..empty(agent)
    }
}

/// A run that ends before anything is looked at.
pub(super) fn ended(
    agent: AgentUse,
    declared: Option<&str>,
    outcome: Outcome,
    failure: Failure,
) -> Resolution {
    let mut resolution = Resolution {
        outcome,
        failure: Some(failure),
        verdict: Verdict::Fails,
        ..empty(agent)
    };
    if let Some(text) = declared {
        resolution.steps.push(Step {
            order: 1,
            step: StepName::Payload,
            found_at: None,
            value: Some(text.to_owned()),
            reference: None,
            outcome: StepOutcome::Lost,
            reason: "the run ends before it counts".to_owned(),
        });
    }
    resolution
}

/// A run whose model is refused.
pub(super) fn refused(agent: AgentUse, selected: Selected, failure: Failure) -> Resolution {
    Resolution {
        steps: selected.steps,
        intended: selected.intended,
        missing: selected.missing,
        outcome: Outcome::Fails,
        failure: Some(failure),
        verdict: Verdict::Fails,
        ..empty(agent)
    }
}

impl Resolution {
    /// The same job when the configuration is not known: what it declares can be parsed, and nothing
    /// more can be said.
    #[must_use]
    pub fn without_configuration(self, named: Option<&str>, why: &str) -> Self {
        let steps = self
            .steps
            .into_iter()
            .filter(|s| s.step == StepName::Payload)
            .map(|step| Step {
                outcome: if step.value.is_some() {
                    StepOutcome::Unknown
                } else {
                    step.outcome
                },
                reason: String::new(),
                // A bare name may be an alias, and whose it is stands in the configuration.
                reference: step.reference.filter(|_| spelled(step.value.as_deref())),
                ..step
            });
        let steps: Vec<Step> = steps.collect();
        let named = named.map(str::trim).filter(|n| !n.is_empty());
        Self {
            agent: AgentUse {
                id: named.map(agent_id),
                why: match named {
                    Some(_) => "named by the job; the roster is not known".to_owned(),
                    None => "not known: the job names none".to_owned(),
                },
                named: None,
            },
            intended: steps.first().and_then(|s| s.reference.clone()),
            steps,
            outcome: Outcome::Unknown,
            verdict: Verdict::Unknown,
            effective: None,
            source: None,
            mechanism: Mechanism::None,
            failure: None,
            candidates: Vec::new(),
            chain: ChainOrigin::None,
            strict: false,
            missing: vec![format!("the configuration: {why}")],
            ..self
        }
    }
}

/// Whether a text names its provider.
fn spelled(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.contains('/'))
}
