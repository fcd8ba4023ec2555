//! Commands on the data folder: run here, or by the server that holds it.

use std::io::{IsTerminal, Read, Write};

use clap::ArgMatches;
use serde::{Deserialize, Serialize};

use super::{
    analytics, api, audit, control, events, explain, export, index, migration, namespace, parser, requests,
    root_key, search, setup, user, workspace,
};
use crate::app::App;
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::op::{Door, OpCtx, Principal};
use base::secret::PlainKey;
use base::store::DataDir;

/// What a command prints: answers on standard output, remarks beside them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    /// Where to go on asking for the rest of a long answer.
    #[serde(default)]
    pub next: Option<String>,
}

impl Output {
    pub fn text(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }

    /// One line.
    pub fn line(stdout: impl std::fmt::Display) -> Self {
        Self::text(format!("{stdout}\n"))
    }

    pub fn remark(mut self, stderr: impl std::fmt::Display) -> Self {
        self.stderr = format!("{stderr}\n");
        self
    }
}

/// A command as the process that parsed it hands it on.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub arguments: Vec<String>,
    /// What was read from standard input, if the command asked for it.
    pub stdin: Option<String>,
}

/// Runs a command on the data folder, wherever that is. Long answers come in
/// parts, printed as they come.
pub(super) async fn run(config: Config, arguments: Vec<String>, matches: &ArgMatches) -> Result<Output> {
    let stdin = if wants_stdin(matches) { Some(read_stdin()?) } else { None };
    let mut request = Request { arguments: arguments.clone(), stdin };
    match DataDir::acquire(&config.data_dir)? {
        Some(dir) => {
            let app = App::open(config, Clock::system(), Entropy::system(), dir).await?;
            let mut output = execute(&app, &request).await;
            while let Some(rest) = print_part(&arguments, &output)? {
                output = execute(&app, &rest).await;
            }
            app.close().await?;
            output
        }
        None => loop {
            let output = control::send(&config.data_dir, &request).await;
            match print_part(&arguments, &output)? {
                Some(rest) => request = rest,
                None => return output,
            }
        },
    }
}

/// Prints an answer that is not the last part, and says how to ask for the next.
fn print_part(arguments: &[String], output: &Result<Output>) -> Result<Option<Request>> {
    let Ok(Output { stdout, next: Some(next), .. }) = output else { return Ok(None) };
    std::io::stdout().write_all(stdout.as_bytes()).map_err(Error::internal)?;
    let mut arguments = arguments.to_vec();
    arguments.extend(["--cursor".to_owned(), next.clone()]);
    Ok(Some(Request { arguments, stdin: None }))
}

/// Runs a command on an open folder.
pub(super) async fn execute(app: &App, request: &Request) -> Result<Output> {
    let matches = parser::command()
        .try_get_matches_from(&request.arguments)
        .map_err(|error| Error::invalid(error.to_string()))?;
    let secret =
        request.stdin.as_deref().map(|text| PlainKey::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    let cx = context(app, &matches).await?;
    let (group, inner) = matches.subcommand().ok_or_else(unknown)?;
    if group == "search" {
        return search::run(app, &cx, inner).await;
    }
    let (action, inner) = inner.subcommand().ok_or_else(unknown)?;
    match (group, action) {
        ("setup", "link") => setup::link(app, &cx).await,
        ("root-key", "create") => root_key::create(app, &cx, inner).await,
        ("root-key", "list") => root_key::list(app, &cx).await,
        ("root-key", "revoke") => root_key::revoke(app, &cx, inner).await,
        ("user", "create") => user::create(app, &cx, inner, secret).await,
        ("user", "reset-password") => user::reset_password(app, &cx, inner, secret).await,
        ("user", "invite") => user::invite(app, &cx, inner).await,
        ("user", "totp-reset") => user::totp_reset(app, &cx, inner).await,
        ("user", "sessions") => user::sessions(app, &cx, inner).await,
        ("user", "list") => user::list(app, &cx).await,
        ("workspace", "create") => workspace::create(app, &cx, inner).await,
        ("workspace", "list") => workspace::list(app).await,
        ("workspace", "enable") => workspace::set_enabled(app, &cx, inner, true).await,
        ("workspace", "disable") => workspace::set_enabled(app, &cx, inner, false).await,
        ("workspace", "rename") => workspace::rename(app, &cx, inner).await,
        ("workspace", "delete") => workspace::delete(app, &cx, inner).await,
        ("workspace", "set") => workspace::set(app, &cx, inner).await,
        ("api", "list") => api::list(app, &cx).await,
        ("api", "set") => api::set(app, &cx, inner).await,
        ("migration", "create") => migration::create(app, &cx, inner).await,
        ("audit", "list") => audit::list(app, &cx, inner).await,
        ("audit", "export") => audit::export(app, &cx, inner).await,
        ("events", "list") => events::list(app, &cx, inner).await,
        ("events", "top") => events::top(app, &cx, inner).await,
        ("export", list) => export::export(app, &cx, list, inner).await,
        ("explain", "key") => explain::explain(app, &cx, inner, secret).await,
        ("events", "latency") => events::latency(app, &cx, inner).await,
        ("requests", "list") => requests::list(app, &cx, inner).await,
        ("namespace", "list") => namespace::list(app, &cx).await,
        ("namespace", "rename") => namespace::rename(app, &cx, inner).await,
        ("namespace", "delete") => namespace::delete(app, &cx, inner).await,
        ("analytics", "query") => analytics::query(app, &cx, inner).await,
        ("index", "status") => index::status(app).await,
        ("index", "rebuild") => index::rebuild(app).await,
        ("master-key", "rotate") => {
            app.vault.rotate(&cx).await?;
            Ok(Output::default().remark("The master key was replaced."))
        }
        _ => Err(unknown()),
    }
}

/// The operator, in the named workspace or the only one. Commands on
/// workspaces themselves act in the first one unless told otherwise.
async fn context(app: &App, matches: &ArgMatches) -> Result<OpCtx> {
    let slug = matches.try_get_one::<String>("workspace").ok().flatten().map(String::as_str);
    let is_server_wide = matches!(matches.subcommand_name(), Some("workspace" | "master-key" | "index"));
    let workspace = match app.workspaces.resolve(slug).await {
        Err(_) if slug.is_none() && is_server_wide => app.workspaces.list().await?.remove(0),
        found => found?,
    };
    Ok(app.cx(workspace.id, Principal::Cli, Door::Cli))
}

fn unknown() -> Error {
    Error::invalid("There is no such command; see `unkey --help`.")
}

fn wants_stdin(matches: &ArgMatches) -> bool {
    let mut level = Some(matches);
    while let Some(matches) = level {
        let asks = |name| matches.try_get_one::<bool>(name).is_ok_and(|flag| flag.copied().unwrap_or(false));
        if asks("password-stdin") || asks("secret-stdin") {
            return true;
        }
        level = matches.subcommand().map(|(_, matches)| matches);
    }
    false
}

fn read_stdin() -> Result<String> {
    let mut text = String::new();
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Error::invalid("The secret is expected on standard input."));
    }
    stdin.take(4096).read_to_string(&mut text).map_err(Error::internal)?;
    Ok(text)
}

/// Rows of text in aligned columns.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// A line of CSV (RFC 4180): what could be read as something else is quoted.
pub(super) fn csv_line(cells: &[String]) -> String {
    let quoted = |cell: &String| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A text as no spreadsheet takes it for a formula.
pub(super) fn no_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// A time as lists show it.
pub(super) fn date(time_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(time_ms)
        .map(|time| time.format("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
