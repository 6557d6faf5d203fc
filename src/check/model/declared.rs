//! How a job writes its model.

use crate::check::facts::GatewayFacts;
use crate::check::finding::{Findings, edit, quoted};
use crate::check::rules::model as rules;
use crate::job::Job;
use crate::model::{AgentModels, CatalogEntry, ModelRef, Resolution, StepName};
use crate::openclaw::Confidence;

/// Providers that gateways bring with them, so that a configuration need not name them.
const BUILT_IN: &[&str] = &[
    "amazon-bedrock",
    "anthropic",
    "azure-openai",
    "byteplus",
    "cerebras",
    "chutes",
    "cloudflare-ai-gateway",
    "cohere",
    "deepinfra",
    "deepseek",
    "fireworks",
    "github-copilot",
    "google",
    "google-antigravity",
    "google-gemini-cli",
    "google-vertex",
    "groq",
    "huggingface",
    "kilocode",
    "kimi",
    "litellm",
    "lmstudio",
    "minimax",
    "mistral",
    "modelstudio",
    "moonshot",
    "nvidia",
    "ollama",
    "openai",
    "openai-codex",
    "opencode",
    "opencode-go",
    "openrouter",
    "perplexity",
    "qianfan",
    "qwen",
    "sglang",
    "stepfun",
    "synthetic",
    "together",
    "venice",
    "vercel-ai-gateway",
    "vllm",
    "volcengine",
    "xai",
    "xiaomi",
    "zai",
];

/// Checks how the job's model is written.
pub(super) fn check(
    findings: &mut Findings<'_>,
    config: &GatewayFacts<'_>,
    job: &Job,
    answer: &Resolution,
    written: &[String],
    allowed: Option<&[ModelRef]>,
) {
    let Some(declared) = job.model.as_deref() else {
        return;
    };
    // What a main session ignores is not worth correcting.
    if job.session_target.as_deref() == Some("main") {
        return;
    }
    let read_as = answer
        .steps
        .iter()
        .find(|step| step.step == StepName::Payload)
        .and_then(|step| step.reference.as_ref())
        .or(answer.intended.as_ref());
    match declared.split_once('/') {
        None => {
            if let Some(model) = read_as.filter(|model| model.model == declared) {
                let message = format!("{declared} names no provider; this version reads {model}");
                let fix = edit(job, &format!("--model {}", quoted(&model.to_string())));
                findings.job(rules::MODEL_BARE, job, message).fix(fix);
            }
        }
        Some((provider, rest)) => alias(findings, config, job, declared, (provider, rest)),
    }
    if let Some(model) = read_as {
        case(findings, job, model, written, allowed);
        unknown(findings, config, job, model);
    }
}

/// Every alias that the configuration gives, with the key that it stands for.
fn aliases<'c>(config: &GatewayFacts<'c>) -> impl Iterator<Item = (&'c str, &'c str)> + use<'c> {
    let of = |models: &'c AgentModels| models.catalog.as_deref().unwrap_or_default().iter();
    let settings = config.settings;
    let all = std::iter::once(&settings.defaults).chain(&settings.agents);
    all.flat_map(of)
        .filter_map(|entry: &CatalogEntry| Some((entry.alias.as_deref()?, entry.key.as_str())))
}

fn alias(
    findings: &mut Findings<'_>,
    config: &GatewayFacts<'_>,
    job: &Job,
    declared: &str,
    (provider, rest): (&str, &str),
) {
    let (provider, rest) = (provider.trim(), rest.trim());
    let found = aliases(config).find(|(alias, key)| {
        alias.eq_ignore_ascii_case(rest)
            && key
                .split_once('/')
                .is_some_and(|(p, model)| p.trim().eq_ignore_ascii_case(provider) && model != rest)
    });
    if let Some((alias, key)) = found {
        let message = format!(
            "{declared} is the alias {alias} of {key} from 2026.8 on, and before it a model of that id"
        );
        let fix = edit(job, &format!("--model {}", quoted(key)));
        let finding = findings.job(rules::ALIAS_FORM, job, message);
        finding.fix(fix);
    }
}

/// Returns the models that the configuration writes out.
pub(super) fn written(config: &GatewayFacts<'_>) -> Vec<String> {
    let settings = config.settings;
    let mut all: Vec<String> = Vec::new();
    for provider in &settings.providers {
        let id = provider.id.trim().to_lowercase();
        let refs = provider
            .models
            .iter()
            .map(|model| ModelRef::new(&*id, &**model));
        all.extend(refs.map(|model| model.to_string()));
    }
    let of = std::iter::once(&settings.defaults).chain(&settings.agents);
    let entries = of.flat_map(|models| models.catalog.as_deref().unwrap_or_default());
    all.extend(entries.map(|entry| entry.key.trim().to_owned()));
    all
}

fn case(
    findings: &mut Findings<'_>,
    job: &Job,
    model: &ModelRef,
    written: &[String],
    allowed: Option<&[ModelRef]>,
) {
    let text = model.to_string();
    let allowed = allowed.unwrap_or_default();
    if written.contains(&text) || allowed.contains(model) {
        return;
    }
    let alike = |other: &&String| other.eq_ignore_ascii_case(&text);
    let right = written.iter().find(alike).cloned().or_else(|| {
        let mut allowed = allowed.iter().map(ToString::to_string);
        allowed.find(|other| other.eq_ignore_ascii_case(&text))
    });
    if let Some(right) = right {
        let message = format!("{text} is not {right}: ids are compared with their case");
        let fix = edit(job, &format!("--model {}", quoted(&right)));
        findings.job(rules::MODEL_CASE, job, message).fix(fix);
    }
}

fn unknown(findings: &mut Findings<'_>, config: &GatewayFacts<'_>, job: &Job, model: &ModelRef) {
    let provider = model.provider.as_str();
    let configured = |id: &str| id.trim().eq_ignore_ascii_case(provider);
    let known =
        BUILT_IN.contains(&provider) || config.settings.providers.iter().any(|p| configured(&p.id));
    if !known {
        let message = format!(
            "{model}: no provider {provider} in models.providers of {}",
            config.file
        );
        // Plugins bring providers too.
        let finding = findings.job(rules::PROVIDER_UNKNOWN, job, message);
        finding.sure(Confidence::Likely);
    }
}
