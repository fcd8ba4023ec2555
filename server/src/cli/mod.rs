//! The command line: one binary, one subcommand per file.
//!
//! A command that changes something runs through the same services as the API.
//! If a server holds the data folder the command is sent to it over the control
//! socket; otherwise it takes the folder itself. Either way it takes effect at
//! once.
//!
//! The modules stand in reading order; each may import those above it.

mod output;

mod command;
mod entry;
mod listing;
mod options;
mod passphrase;
mod spinner;

mod grammar;

mod parser;

mod analytics;
mod api;
mod audit;
mod config;
mod configuration;
mod doctor;
mod events;
mod explain;
mod export;
mod index;
mod manual;
mod migrate_to;
mod migration;
mod namespace;
mod openapi;
mod ratelimit_override;
mod recovery;
mod requests;
mod root_key;
mod search;
mod setup;
mod user;
mod webhook;
mod workspace;

mod supervisor;

mod dispatch;

mod handover;

mod control;

mod backup;

mod data_folder;
mod restore;

mod file_limit;
mod listeners;
mod running;

mod healthcheck;
mod serve;

mod program;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::ArgMatches;

use base::config::{Config, Raw, SETTINGS};
use base::error::{Error, Result};

use command::{Command, FolderCommand};
use spinner::Spinner;

pub use listeners::Sockets;
pub use output::Output;
pub use program::main;

/// A parsed command line and the settings it runs with.
pub struct Invocation {
    arguments: Vec<String>,
    matches: ArgMatches,
    raw: Raw,
}

impl Invocation {
    /// Parses the command line; on a usage error, or a question for help, the
    /// answer is printed and the exit code returned.
    pub fn parse(arguments: Vec<String>) -> std::result::Result<Self, ExitCode> {
        match parser::syntax().try_get_matches_from(&arguments) {
            Ok(matches) => {
                let raw = Raw::of_process(flags(&matches));
                Ok(Self { arguments, matches, raw })
            }
            Err(error) => {
                let _ = error.print();
                Err(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)))
            }
        }
    }

    /// The settings of this invocation, every problem reported at once.
    pub fn config(&self) -> Result<Config> {
        Config::resolve(&self.raw)
    }

    /// Variables named like settings that are none.
    pub fn unknown_variables(&self) -> Vec<&str> {
        self.raw.unknown_variables()
    }

    /// Runs the command and returns what to print.
    pub async fn run(self, config: Config, sockets: Sockets) -> Result<Output> {
        let (command, given) = parser::read(&self.matches).ok_or_else(dispatch::unknown)?;
        let spinner = || Spinner::of(parser::words(&self.matches));
        let names_workspace = given.try_get_one::<String>("workspace").is_ok_and(|slug| slug.is_some());
        if names_workspace && !matches!(command, Command::Folder(_)) {
            let words = parser::words(&self.matches);
            return Err(Error::invalid(format!(
                "`{words}` is not about one workspace: leave out --workspace"
            )));
        }
        match command {
            Command::Serve => serve::run(config, sockets).await,
            Command::Backup => backup::run(config, given).await,
            Command::BackupVerify => backup::check(given).await,
            Command::Restore => match given.get_one::<String>("only") {
                Some(id) => restore::only(config, self.arguments, given, id).await,
                None => restore::run(config, given).await,
            },
            Command::MigrateTo => migrate_to::run(&config, given).await,
            Command::Healthcheck => healthcheck::run(&config).await,
            Command::OpenApi => openapi::run(given),
            Command::ConfigCheck => Ok(config::check()),
            Command::ConfigPrint => config::print(&config, given),
            Command::Completions => manual::completions(given),
            Command::Man => manual::pages(given),
            Command::Folder(FolderCommand::Doctor) => {
                data_folder::look_over(config, self.arguments, given, &spinner()).await
            }
            Command::Folder(command) => {
                data_folder::run(config, command.asks_indexes(), self.arguments, given, &spinner()).await
            }
        }
    }
}

/// The settings given as flags, by name.
fn flags(matches: &ArgMatches) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut level = Some(matches);
    while let Some(matches) = level {
        for setting in SETTINGS.iter().filter(|setting| !setting.secret) {
            if let Ok(Some(value)) = matches.try_get_one::<String>(setting.name) {
                found.insert(setting.name.to_owned(), value.clone());
            }
        }
        level = matches.subcommand().map(|(_, matches)| matches);
    }
    found
}
