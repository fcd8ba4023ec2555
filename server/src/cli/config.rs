//! `unkey config check | print`. Problems were reported before this runs.

use clap::ArgMatches;

use super::Output;
use base::config::Config;

pub(super) fn run(config: &Config, matches: &ArgMatches) -> Output {
    match matches.subcommand_name() {
        Some("print") => Output::text(config.print()),
        _ => Output::line("The settings are fine."),
    }
}
