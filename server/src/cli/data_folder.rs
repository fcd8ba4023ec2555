//! Where a command on the data folder runs: here, or in the server that holds the
//! folder.

use std::io::{IsTerminal, Read, Write};

use clap::ArgMatches;

use super::output::Output;
use super::{control, dispatch, dispatch::Request};
use crate::app::App;
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::DataDir;

/// Runs a command on the data folder, wherever that is. Long answers come in
/// parts, printed as they come.
pub(super) async fn run(config: Config, line: Vec<String>, given: &ArgMatches) -> Result<Output> {
    let stdin = if wants_stdin(given) { Some(read_stdin()?) } else { None };
    let mut request = Request { arguments: line.clone(), stdin };
    match DataDir::acquire_used(&config.data_dir)? {
        Some(dir) => {
            let app = App::open(config, Clock::system(), Entropy::system(), dir).await?;
            let mut output = dispatch::execute(&app, &request).await;
            while let Some(rest) = print_part(&line, &output)? {
                output = dispatch::execute(&app, &rest).await;
            }
            app.close().await?;
            output
        }
        None => loop {
            let output = control::send(&config.data_dir, &request).await;
            match print_part(&line, &output)? {
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

/// Whether a flag of the command asks for its secret on standard input.
fn wants_stdin(given: &ArgMatches) -> bool {
    ["password-stdin", "secret-stdin"]
        .into_iter()
        .any(|flag| given.try_get_one::<bool>(flag).ok().flatten().copied().unwrap_or(false))
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
