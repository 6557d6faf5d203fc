//! `cronctl sandbox`: a Molecule platform on a port, to try everything on.

use std::io;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::runtime::block_on;
use super::signals::Signals;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::files;
use crate::report::{self, Cell, Column, Report, Row, Screen, View, nearest};
use crate::sandbox::{self, Options, Running, SCENARIOS, Scenario};
use crate::when;
use crate::zones::Zones;

/// A scenario file larger than this is none.
const LIMIT: u64 = 4 << 20;

const EXAMPLES: &str = "\
Examples:
  cronctl sandbox --list-scenarios
  cronctl sandbox --port 8080
      Incident 2 among healthy turns; prints the token that `CRONCTL_TOKEN` is to be
  cronctl sandbox --scenario faults --latency 20ms --fail 0.1
      One workspace of each behaviour, on a slow platform with trouble of its own
  cronctl sandbox --scenario reno-stars --speed 60 -o ndjson
      The incident as it was, a minute in a second; for a script";

/// A Molecule platform on loopback whose workspaces behave as told.
#[derive(Args, Clone, Debug, Default)]
#[command(after_long_help = EXAMPLES)]
pub struct SandboxArgs {
    /// Listen on this port, 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,

    /// What to simulate: a name of --list-scenarios, or a TOML file [default: demo]
    #[arg(long, value_name = "NAME|FILE", value_hint = clap::ValueHint::FilePath)]
    pub scenario: Option<String>,

    /// Have the proposed route GET /admin/turns, or not [default: as the scenario says]
    #[arg(long, value_enum, value_name = "on|off")]
    pub turns_route: Option<Switch>,

    /// Hold every answer back for this long
    #[arg(long, value_name = "DURATION", value_parser = when::parse_duration)]
    pub latency: Option<i64>,

    /// Answer this share of requests with 503, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub fail: f64,

    /// Seconds that pass in it per second; 0 stands still [default: as the scenario says, else 1]
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<f64>,

    /// When its clock starts [default: as the scenario says, else now]
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub start: Option<String>,

    /// List the scenarios that come with cronctl
    #[arg(long)]
    pub list_scenarios: bool,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is there
    On,
    /// It is not
    Off,
}

/// Runs `cronctl sandbox`.
///
/// # Errors
/// When the scenario is wrong, or the port is taken.
pub fn run(args: &SandboxArgs, ctx: &Context) -> Result<Exit, Error> {
    if args.list_scenarios {
        report::write(&mut list()?, ctx)?;
        return Ok(Exit::Ok);
    }
    let name = args.scenario.as_deref().unwrap_or("demo");
    let scenario = read(name, ctx)?;
    let start_ms = match (&args.start, scenario.platform.start) {
        (Some(text), _) => Some(Zones::new(&ctx.env).instant("--start", text, ctx.now_ms)?),
        (None, Some(_)) => None,
        (None, None) => Some(ctx.now_ms),
    };
    let options = Options {
        scenario: None,
        port: args.port,
        turns_route: args.turns_route.map(|switch| switch == Switch::On),
        latency_ms: u64::try_from(args.latency.unwrap_or(0)).unwrap_or(0),
        fail: args.fail,
        speed: args.speed.unwrap_or(scenario.platform.speed),
        start_ms,
    };
    block_on(async {
        // Before the address is printed: whoever reads it may send a signal at once.
        let mut signals = Signals::listen()?;
        let mut running = sandbox::start_scenario(&scenario, &options).await?;
        report::write(&mut started(name, &scenario, &options, &running), ctx)?;
        ctx.ui.note("serving until it is interrupted (Ctrl-C)");
        tokio::select! {
            exit = signals.next() => Ok(exit),
            () = running.ended() => Err(Error::failed("the sandbox stopped serving")),
        }
    })
}

/// A scenario by name, else by file.
fn read(name: &str, ctx: &Context) -> Result<Scenario, Error> {
    if let Some(text) = sandbox::built_in(name) {
        return Scenario::parse(name, text);
    }
    let path = ctx.directory.join(name);
    if !path.exists() && !name.contains(['/', '.']) {
        let names = SCENARIOS.iter().map(|(name, _)| *name);
        let error = Error::usage(format!("--scenario: there is no scenario {name:?}"));
        let error = match nearest(name, names) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error,
        };
        return Err(
            error.hint("`cronctl sandbox --list-scenarios` lists them; a file may be named, too")
        );
    }
    let bytes = files::read_named(&path, LIMIT)?;
    let text = String::from_utf8(bytes)
        .map_err(|e| Error::failed(format!("{name}: it is not UTF-8")).because(e))?;
    Scenario::parse(name, &text)
}

/// What was started.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct SandboxReport {
    /// What it was started from.
    pub inputs: Inputs,
    /// The platform: one row.
    pub platforms: Vec<Started>,
    /// What is doubtful although it serves.
    pub warnings: Vec<String>,
    /// Always empty: a scenario that is wrong is not served.
    pub problems: Vec<crate::error::Problem>,
}

/// What it was started from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Inputs {
    /// The scenario's name or file.
    pub scenario: String,
    /// Every answer is held back for this long, milliseconds.
    pub latency_ms: u64,
    /// The share of requests answered with 503.
    pub fail: f64,
}

/// A platform that serves.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Started {
    /// Its address.
    pub url: String,
    /// Its admin token: `CRONCTL_TOKEN` for commands that talk to it. It is good for this run only.
    pub token: String,
    /// The inbound secret of every adapter of it.
    pub inbound_secret: String,
    /// The organisation that requests must name; null when none is asked for.
    pub org: Option<String>,
    /// What is simulated.
    pub scenario: String,
    /// How many workspaces it has.
    pub workspaces: usize,
    /// Whether it has `GET /admin/turns`.
    pub turns_route: bool,
    /// Seconds that pass in it per second.
    pub speed: f64,
    /// The instant at which its clock started: RFC 3339.
    pub started_at: String,
    /// The same, epoch milliseconds.
    pub started_at_ms: i64,
}

impl Row for Started {
    const COLUMNS: &'static [Column] = &[
        Column::new("url", "URL"),
        Column::new("token", "TOKEN"),
        Column::new("inbound_secret", "INBOUND SECRET").on_request(),
        Column::new("org", "ORG").if_any(),
        Column::new("scenario", "SCENARIO"),
        Column::new("workspaces", "WORKSPACES").right(),
        Column::new("turns_route", "TURNS ROUTE"),
        Column::new("speed", "SPEED").right(),
        Column::new("started_at", "STARTS AT"),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "url" => Cell::from(&*self.url),
            "token" => Cell::from(&*self.token),
            "inbound_secret" => Cell::from(&*self.inbound_secret),
            "org" => Cell::from(self.org.as_deref()),
            "scenario" => Cell::from(&*self.scenario),
            "workspaces" => Cell::of(self.workspaces),
            "turns_route" => Cell::from(if self.turns_route { "on" } else { "off" }),
            "speed" => Cell::of(self.speed),
            _ => Cell::from(&*self.started_at),
        }
    }
}

impl Report for SandboxReport {
    type Row = Started;
    const SCHEMA: &'static str = "cronctl.sandbox/1";

    fn rows(&mut self) -> &mut Vec<Started> {
        &mut self.platforms
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn screen(&self, rows: &[Started], screen: &mut Screen<'_>) -> io::Result<()> {
        for row in rows {
            screen.heading(&format!("A Molecule platform at {}", row.url))?;
            let turns = if row.turns_route { "with" } else { "without" };
            screen.item(&format!(
                "scenario {}: {} workspaces, {turns} GET /admin/turns",
                row.scenario, row.workspaces
            ))?;
            screen.item(&format!(
                "its clock starts at {} and runs at {} seconds a second",
                row.started_at, row.speed
            ))?;
            screen.item(&format!("admin token {}", row.token))?;
            screen.item(&format!(
                "inbound secret of its adapters {}",
                row.inbound_secret
            ))?;
            if let Some(org) = &row.org {
                screen.item(&format!("requests must name the organisation {org}"))?;
            }
            screen.heading("To try it")?;
            let organisation = row.org.as_ref().map(|org| format!(" --org {org}"));
            screen.line(&[Cell::from(format!(
                "CRONCTL_TOKEN={} cronctl turns --molecule {}{}",
                row.token,
                row.url,
                organisation.unwrap_or_default()
            ))])?;
        }
        Ok(())
    }
}

fn started(name: &str, scenario: &Scenario, options: &Options, running: &Running) -> SandboxReport {
    let platform = &scenario.platform;
    SandboxReport {
        inputs: Inputs {
            scenario: name.to_owned(),
            latency_ms: options.latency_ms,
            fail: options.fail,
        },
        platforms: vec![Started {
            url: running.url.clone(),
            token: running.token.reveal().to_owned(),
            inbound_secret: running.secret.reveal().to_owned(),
            org: platform.org.clone(),
            scenario: name.to_owned(),
            workspaces: running.workspaces,
            turns_route: options.turns_route.unwrap_or(platform.turns_route),
            speed: options.speed,
            started_at: when::utc(running.start_ms),
            started_at_ms: running.start_ms,
        }],
        warnings: Vec::new(),
        problems: Vec::new(),
    }
}

/// The scenarios that come with cronctl.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct ScenariosReport {
    /// Nothing is needed to list them.
    pub inputs: NoInputs,
    /// The scenarios.
    pub scenarios: Vec<Listed>,
    /// Always empty.
    pub warnings: Vec<String>,
    /// Always empty.
    pub problems: Vec<crate::error::Problem>,
}

/// Nothing.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct NoInputs {}

/// One scenario.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Listed {
    /// Its name.
    pub name: &'static str,
    /// How many workspaces it has.
    pub workspaces: u32,
    /// What it shows.
    pub about: String,
}

impl Row for Listed {
    const COLUMNS: &'static [Column] = &[
        Column::new("name", "NAME"),
        Column::new("workspaces", "WORKSPACES").right(),
        Column::new("about", "SHOWS"),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "name" => Cell::from(self.name),
            "workspaces" => Cell::of(self.workspaces),
            _ => Cell::from(&*self.about),
        }
    }
}

impl Report for ScenariosReport {
    type Row = Listed;
    const SCHEMA: &'static str = "cronctl.sandbox.scenarios/1";

    fn rows(&mut self) -> &mut Vec<Listed> {
        &mut self.scenarios
    }
}

fn list() -> Result<ScenariosReport, Error> {
    let listed = |(name, text): &(&'static str, &str)| {
        let scenario = Scenario::parse(name, text)?;
        Ok(Listed {
            name,
            workspaces: scenario.workspaces.iter().map(|w| w.get_ref().count).sum(),
            about: scenario.about,
        })
    };
    Ok(ScenariosReport {
        inputs: NoInputs {},
        scenarios: SCENARIOS.iter().map(listed).collect::<Result<_, _>>()?,
        warnings: Vec::new(),
        problems: Vec::new(),
    })
}
