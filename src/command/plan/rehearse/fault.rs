//! `--what-if` and `--capacity`: read, then tied to the providers and instants of a plan.

use super::RehearsalArgs;
use super::report::{CapacityUse, FaultUse, SpanUse};
use super::setting::Cast;
use super::window::{self, Window, Zone};
use crate::command::plan::given::Given;
use crate::error::Error;
use crate::rehearsal::{Fault, Kind, Target};
use crate::report::nearest;

/// One `--what-if`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultArg {
    text: String,
    target: String,
    kind: Kind,
    probability: f64,
    window: Option<Window>,
}

/// One `--capacity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityArg {
    provider: String,
    calls: u32,
}

/// Reads `TARGET=FAULT[:P][@FROM..UNTIL]`.
pub(super) fn parse(text: &str) -> Result<FaultArg, String> {
    let (target, rest) = text
        .split_once('=')
        .filter(|(target, _)| !target.trim().is_empty())
        .ok_or(
            "it is not of the form TARGET=FAULT, such as anthropic=503 or openai/gpt-5.4=429:0.5",
        )?;
    let (fault, window) = match rest.split_once('@') {
        Some((fault, window)) => (fault, Some(window::parse(window)?)),
        None => (rest, None),
    };
    let (fault, probability) = match fault.split_once(':') {
        None => (fault, 1.0),
        Some((fault, p)) => {
            let p = p
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|p| *p > 0.0 && *p <= 1.0);
            (
                fault,
                p.ok_or("P is how likely each call fails: a number above 0, up to 1")?,
            )
        }
    };
    let kind = match fault.trim() {
        "timeout" => Kind::Silence,
        status => match status.parse::<u16>() {
            Ok(status @ 400..=599) => Kind::of_status(status),
            _ => {
                return Err(format!(
                    "{status:?} is neither an HTTP status from 400 to 599 nor timeout"
                ));
            }
        },
    };
    Ok(FaultArg {
        text: text.trim().to_owned(),
        target: folded(target),
        kind,
        probability,
        window,
    })
}

/// A target as gateways fold it: the provider in lower case, the model as it is.
fn folded(target: &str) -> String {
    match target.trim().split_once('/') {
        Some((provider, model)) => format!("{}/{}", provider.trim().to_lowercase(), model.trim()),
        None => target.trim().to_lowercase(),
    }
}

/// Reads `PROVIDER=N`.
pub(super) fn parse_capacity(text: &str) -> Result<CapacityArg, String> {
    let (provider, calls) = text
        .split_once('=')
        .filter(|(provider, _)| !provider.trim().is_empty() && !provider.contains('/'))
        .ok_or("it is not of the form PROVIDER=N, such as anthropic=4")?;
    let calls = calls.trim().parse().ok().filter(|n: &u32| *n > 0);
    Ok(CapacityArg {
        provider: folded(provider),
        calls: calls.ok_or("N is how many calls it serves at once: a number from 1 on")?,
    })
}

/// What was asked for, tied to the plan.
pub(super) struct Read {
    pub(super) faults: Vec<Fault>,
    /// By provider.
    pub(super) capacity: Vec<Option<u32>>,
    pub(super) said: Vec<FaultUse>,
    pub(super) capacity_said: Vec<CapacityUse>,
}

/// Ties faults and capacities to the providers, models and instants of the plan.
///
/// # Errors
/// When a window cannot be read, is empty, or lies outside the horizon.
pub(super) fn read(
    args: &RehearsalArgs,
    given: &Given,
    zone: &Zone,
    cast: &Cast,
) -> Result<Read, Error> {
    let mut read = Read {
        faults: Vec::new(),
        capacity: vec![None; cast.providers.len()],
        said: Vec::new(),
        capacity_said: Vec::new(),
    };
    let names = || {
        let providers = cast.providers.iter().map(String::as_str);
        providers.chain(cast.models.iter().map(String::as_str))
    };
    for arg in &args.what_if {
        let (spans, zone) = match &arg.window {
            Some(window) => window::spans(window, &arg.text, given, zone)?,
            None => (None, None),
        };
        let target = cast.target(&arg.target);
        read.said.push(FaultUse {
            text: arg.text.clone(),
            target: arg.target.clone(),
            called: target.is_some(),
            nearest: match target {
                Some(_) => None,
                None => nearest(&arg.target, names()).map(str::to_owned),
            },
            probability: arg.probability,
            zone,
            spans: spans
                .as_ref()
                .map(|spans| spans.iter().map(SpanUse::of).collect()),
        });
        read.faults.extend(target.map(|target| Fault {
            target,
            kind: arg.kind,
            probability: arg.probability,
            spans,
        }));
    }
    for (at, arg) in args.capacity.iter().enumerate() {
        let twice = args.capacity[..at]
            .iter()
            .find(|a| a.provider == arg.provider);
        if let Some(first) = twice {
            let (name, one, other) = (&arg.provider, first.calls, arg.calls);
            return Err(Error::usage(format!(
                "--capacity says that {name} serves {one} at once, and that it serves {other}"
            ))
            .hint("give each provider one capacity"));
        }
        let provider = match cast.target(&arg.provider) {
            Some(Target::Provider(provider)) => Some(provider),
            _ => None,
        };
        if let Some(provider) = provider {
            read.capacity[provider as usize] = Some(arg.calls);
        }
        let providers = cast.providers.iter().map(String::as_str);
        read.capacity_said.push(CapacityUse {
            provider: arg.provider.clone(),
            calls: arg.calls,
            called: provider.is_some(),
            nearest: match provider {
                Some(_) => None,
                None => nearest(&arg.provider, providers).map(str::to_owned),
            },
        });
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_written() {
        let arg = parse("Anthropic=503").unwrap();
        assert_eq!(
            (&*arg.target, arg.kind, arg.probability),
            ("anthropic", Kind::Overloaded, 1.0)
        );
        let arg = parse("OpenAI/GPT-x=429:0.5").unwrap();
        assert_eq!(
            (&*arg.target, arg.kind, arg.probability),
            ("openai/GPT-x", Kind::RateLimit, 0.5)
        );
        assert_eq!(parse("a=timeout@22:00..22:20").unwrap().kind, Kind::Silence);
        assert_eq!(
            parse("ollama/llama3:8b=401").unwrap().target,
            "ollama/llama3:8b"
        );
        for wrong in [
            "anthropic",
            "=503",
            "a=200",
            "a=503:0",
            "a=503:1.5",
            "a=503@22:00",
            "a=deny",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn capacities_read_as_written() {
        let arg = parse_capacity("Anthropic=4").unwrap();
        assert_eq!((&*arg.provider, arg.calls), ("anthropic", 4));
        for wrong in ["anthropic", "a/b=4", "a=0", "=4", "a=many"] {
            assert!(parse_capacity(wrong).is_err(), "{wrong}");
        }
    }
}
