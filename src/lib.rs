//! cronctl explains, plans and frees the cron jobs of agent gateways, offline.
//!
//! Dependencies point one way: the binary calls [`run`], which parses ([`cli`]), gathers what a
//! command may know ([`context`]) and dispatches to one file per command ([`command`]). Commands
//! read through the edges ([`openclaw`], [`molecule`], [`ledger`], [`sandbox`], [`source`], [`files`],
//! [`zones`]) and compute with the pure core ([`schedule`], [`plan`], [`model`], [`turn`],
//! [`mod@checkpoint`], [`job`]), which does no I/O, asks no clock and prints nothing.

pub mod audit;
pub mod catchup;
pub mod check;
pub mod checkpoint;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod context;
pub mod env;
pub mod error;
pub mod files;
pub mod job;
pub mod ledger;
pub mod logs;
pub mod manual;
pub mod metrics;
pub mod model;
pub mod molecule;
pub mod openclaw;
pub mod plan;
pub mod rehearsal;
pub mod report;
pub mod sandbox;
pub mod schedule;
mod secrets;
pub mod source;
pub mod turn;
pub mod ui;
pub mod when;
pub mod zones;

use std::process::ExitCode;

use clap::error::ErrorKind;

use cli::Cli;
use context::Context;
use env::Env;
use error::{Error, Exit};
use ui::{ColorChoice, Ui};

/// Runs the command line of this process and returns its exit code.
pub fn run() -> ExitCode {
    let env = Env::of_process();
    match command::completions::serve(&env) {
        Ok(false) => {}
        Ok(true) => return Exit::Ok.into(),
        Err(error) => return explain(&error, &env).into(),
    }
    match Cli::parse_line(std::env::args_os().collect()) {
        Ok(cli) => dispatch(cli, &env).into(),
        Err(error) => explain(&error, &env).into(),
    }
}

/// Gathers what the command may know, runs it, and says on stderr why there is no answer.
fn dispatch(cli: Cli, env: &Env) -> Exit {
    let early = Ui::new(env, early_color(cli.global.color, env), cli.global.quiet);
    let ctx = match Context::new(cli.global, env, cli.command.reads_config()) {
        Ok(ctx) => ctx,
        Err(error) => return ended(&early, &error),
    };
    match command::run(&cli.command, &ctx) {
        Ok(exit) => ctx.exit(exit),
        Err(error) => ended(&ctx.ui, &error),
    }
}

fn ended(ui: &Ui, error: &Error) -> Exit {
    ui.error(error);
    error.exit
}

/// Prints help and the version on stdout, what is wrong with a command line on stderr.
fn explain(error: &clap::Error, env: &Env) -> Exit {
    let ui = Ui::new(env, early_color(cli::color_typed(), env), false);
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match ui.print(&ui::styled(&text, ui.look().color)) {
                Ok(()) => Exit::Ok,
                Err(error) => ended(&ui, &error),
            }
        }
        _ => {
            ui.talk(&text);
            Exit::Usage
        }
    }
}

/// Decides about colour where the configuration was not read: what was typed, then the variable.
fn early_color(typed: Option<ColorChoice>, env: &Env) -> ColorChoice {
    let by_variable = || clap::ValueEnum::from_str(env.get("CRONCTL_COLOR")?, false).ok();
    typed.or_else(by_variable).unwrap_or_default()
}
