//! `unkey config check | print`. Problems were reported before this runs.

use clap::ArgMatches;

use super::command::ListFormat;
use super::listing::{self, Column, plain};
use super::options::list_format;
use super::output::Output;
use base::config::Config;
use base::error::Result;

pub(super) fn check() -> Output {
    Output::line("The settings are fine.")
}

const COLUMNS: &[Column] = &[plain("name"), plain("value"), plain("source")];

pub(super) fn print(config: &Config, given: &ArgMatches) -> Result<Output> {
    let rows = config.settings().map(|(name, shown, source)| vec![name.into(), shown.into(), source.into()]);
    match list_format(given) {
        ListFormat::Table => Ok(Output::text(config.print())),
        format => listing::list(format, COLUMNS, rows),
    }
}
