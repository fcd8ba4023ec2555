//! `unkey config check | print`. Problems were reported before this runs.

use super::output::Output;
use base::config::Config;

pub(super) fn check() -> Output {
    Output::line("The settings are fine.")
}

pub(super) fn print(config: &Config) -> Output {
    Output::text(config.print())
}
