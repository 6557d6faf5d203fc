//! `cronctl config`: the settings in force and where each was set.

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{self, Origin, Value};
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::report::{self, Cell, Column, Report, Row, View};
use crate::ui::Role;
use crate::when;

/// Show the settings in force and where each was set.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print each setting, its value and where it was set
    ///
    /// A setting comes from a flag, else an environment variable (CRONCTL_*), else the project
    /// file, else the user file, else it is built in.
    #[command(after_long_help = SHOW_EXAMPLES)]
    Show,
    /// Print where cronctl.toml is looked for, strongest first
    #[command(after_long_help = PATH_EXAMPLES)]
    Path,
}

const SHOW_EXAMPLES: &str = "\
Examples:
  cronctl config show
  cronctl config show --context staging
  cronctl config show --columns key,value --no-headers
  cronctl config show -o json | jq '.rows[] | select(.origin != \"built-in\")'";

const PATH_EXAMPLES: &str = "\
Examples:
  cronctl config path
  cronctl config path -o ndjson | jq -r 'select(.found) | .path'
  cronctl config path --columns path --no-headers";

impl ConfigArgs {
    /// `config path` must help to find a broken file, so it reads none.
    pub(super) fn reads_config(&self) -> bool {
        matches!(self.action, Action::Show)
    }
}

/// Runs `cronctl config`.
///
/// # Errors
/// When the answer cannot be printed.
pub fn run(args: &ConfigArgs, ctx: &Context) -> Result<Exit, Error> {
    match args.action {
        Action::Show => report::write(&mut settings(ctx), ctx)?,
        Action::Path => report::write(&mut places(ctx), ctx)?,
    }
    Ok(Exit::Ok)
}

/// The document of `config show`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingsReport {
    inputs: SettingsInputs,
    rows: Vec<SettingRow>,
    warnings: Vec<String>,
    problems: Vec<crate::error::Problem>,
}

/// What the settings were read from.
#[derive(Debug, Serialize, JsonSchema)]
struct SettingsInputs {
    /// The files that were read, strongest first.
    files: Vec<String>,
    /// The context in use.
    context: Option<String>,
}

/// One setting.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingRow {
    /// The dotted key.
    key: String,
    /// The value; null when it is not set.
    value: Option<Shown>,
    /// `built-in`, `flag --x`, `env CRONCTL_X` or `file <path>:<line>`.
    origin: String,
    /// The environment variable that sets it; null when none does.
    variable: Option<String>,
    /// What it is for.
    about: String,
}

/// A value as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Shown {
    Text(String),
    Count(u64),
    Switch(bool),
    List(Vec<String>),
}

impl From<Value> for Shown {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Count(n) => Self::Count(n),
            Value::Switch(on) => Self::Switch(on),
            Value::List(items) => Self::List(items),
        }
    }
}

impl Row for SettingRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("key", "KEY"),
        Column::new("value", "VALUE"),
        Column::new("origin", "ORIGIN"),
        Column::new("variable", "VARIABLE").on_request(),
        Column::new("about", "ABOUT").on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "key" => Cell::from(&*self.key),
            "value" => match &self.value {
                None => Cell::none(),
                Some(Shown::Text(text)) => Cell::from(&**text),
                Some(Shown::Count(n)) => Cell::of(n),
                Some(Shown::Switch(on)) => Cell::of(on),
                Some(Shown::List(items)) => Cell::from(items.join(", ")),
            },
            "variable" => Cell::from(self.variable.as_deref()),
            "about" => Cell::from(&*self.about),
            _ if self.origin == "built-in" => Cell::with(Role::Dim, &*self.origin),
            _ => Cell::from(&*self.origin),
        }
    }
}

impl Report for SettingsReport {
    type Row = SettingRow;
    const SCHEMA: &'static str = "cronctl.config/1";

    fn rows(&mut self) -> &mut Vec<SettingRow> {
        &mut self.rows
    }
}

fn settings(ctx: &Context) -> SettingsReport {
    let mut rows: Vec<_> = ctx
        .config
        .settings()
        .map(|(key, setting)| SettingRow {
            variable: config::find(&key).and_then(config::Key::variable),
            about: config::find(&key).map_or("", |k| k.help).to_owned(),
            key,
            value: setting.value.map(Shown::from),
            origin: setting.origin.to_string(),
        })
        .collect();
    // The instant is a setting too, though no file can set it.
    let fixed = ctx.now_origin != Origin::BuiltIn;
    rows.push(SettingRow {
        key: "now".to_owned(),
        value: fixed.then(|| Shown::Text(when::utc(ctx.now_ms))),
        origin: ctx.now_origin.to_string(),
        variable: Some("CRONCTL_NOW".to_owned()),
        about: "The instant of evaluation; the clock when not set".to_owned(),
    });
    let found = config::places(&ctx.env, &ctx.directory);
    let files = found.into_iter().filter(|place| place.found);
    SettingsReport {
        inputs: SettingsInputs {
            files: files
                .filter_map(|place| Some(place.path?.display().to_string()))
                .collect(),
            context: ctx.config.context().map(|c| c.value.clone()),
        },
        rows,
        warnings: Vec::new(),
        problems: Vec::new(),
    }
}

/// The document of `config path`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlacesReport {
    inputs: PlacesInputs,
    rows: Vec<PlaceRow>,
    warnings: Vec<String>,
    problems: Vec<crate::error::Problem>,
}

/// What decides about the places.
#[derive(Debug, Serialize, JsonSchema)]
struct PlacesInputs {
    /// The directory from which the project file is looked for, upwards.
    directory: String,
}

/// One place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceRow {
    /// `project` or `user`.
    scope: String,
    /// The file; null when the environment names no home directory.
    path: Option<String>,
    /// Whether it is there.
    found: bool,
}

impl Row for PlaceRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("scope", "SCOPE"),
        Column::new("path", "PATH"),
        Column::new("found", "FOUND"),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "scope" => Cell::from(&*self.scope),
            "path" => Cell::from(self.path.as_deref()),
            _ if self.found => Cell::with(Role::Good, "yes"),
            _ => Cell::with(Role::Dim, "no"),
        }
    }
}

impl Report for PlacesReport {
    type Row = PlaceRow;
    const SCHEMA: &'static str = "cronctl.config-path/1";

    fn rows(&mut self) -> &mut Vec<PlaceRow> {
        &mut self.rows
    }
}

fn places(ctx: &Context) -> PlacesReport {
    let row = |place: config::Looked| PlaceRow {
        scope: place.scope.to_owned(),
        path: place.path.map(|path| path.display().to_string()),
        found: place.found,
    };
    let rows = config::places(&ctx.env, &ctx.directory).map(row).into();
    PlacesReport {
        inputs: PlacesInputs {
            directory: ctx.directory.display().to_string(),
        },
        rows,
        warnings: Vec::new(),
        problems: Vec::new(),
    }
}
