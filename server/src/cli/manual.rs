//! `unkey completions` and `unkey man`: what shells and readers of manuals are told, made
//! from the grammar itself.

use std::path::PathBuf;

use clap::ArgMatches;
use clap_complete::Shell;

use super::output::Output;
use super::parser;
use base::error::{Error, Result};

/// The script that a shell completes with.
pub(super) fn completions(given: &ArgMatches) -> Result<Output> {
    let shell = given.get_one::<Shell>("shell").copied().unwrap_or(Shell::Bash);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut parser::syntax(), "unkey", &mut script);
    String::from_utf8(script).map(Output::text).map_err(Error::internal)
}

/// A page of the manual for each command.
pub(super) fn pages(given: &ArgMatches) -> Result<Output> {
    let folder = given.get_one::<PathBuf>("folder").cloned().unwrap_or_default();
    let failed = |error: std::io::Error| {
        Error::invalid(format!("cannot write pages into {}: {error}", folder.display())).because(error)
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    clap_mangen::generate_to(parser::syntax(), &folder).map_err(failed)?;
    Ok(Output::default().remark(format!("The pages are in {}.", folder.display())))
}
