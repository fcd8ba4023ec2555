//! Where a command on the data folder runs: here, or in the server that holds the
//! folder.

use std::io::{IsTerminal, Read, Write};

use clap::ArgMatches;

use super::output::Output;
use super::spinner::Spinner;
use super::{configuration, control, dispatch, dispatch::Request, doctor, index};
use crate::app::{self, App};
use crate::doctor::Finding;
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::{DataDir, Found};

/// Runs a command on the data folder, wherever that is. Long answers come in
/// parts, printed as they come.
pub(super) async fn run(
    config: Config,
    asks_indexes: bool,
    line: Vec<String>,
    given: &ArgMatches,
    spinner: &Spinner,
) -> Result<Output> {
    let input = if wants_stdin(given) { Some(read_stdin()?) } else { configuration::read(given)? };
    let mut request = Request { arguments: line.clone(), input };
    let mut printed = 0;
    let mut print_part = |output: &Result<Output>| {
        let rest = spinner.aside(|| print_part(&line, output))?;
        if let (Some(_), Ok(output)) = (&rest, output) {
            printed += output.stdout.lines().count();
            spinner.say(format!("{printed} lines"));
        }
        Ok::<_, Error>(rest)
    };
    match DataDir::acquire_used(&config.data_dir)? {
        Some(dir) => {
            let app = App::open(config, Clock::system(), Entropy::system(), dir).await?;
            if asks_indexes {
                let say = |chunks| spinner.say(format!("indexing events: {chunks} chunks to go"));
                index::complete(&app, say).await?;
            }
            let mut output = dispatch::execute(&app, &request).await;
            while let Some(rest) = print_part(&output)? {
                output = dispatch::execute(&app, &rest).await;
            }
            app.close().await?;
            output
        }
        None => loop {
            let output = control::send(&config.data_dir, &request).await;
            match print_part(&output)? {
                Some(rest) => request = rest,
                None => return output,
            }
        },
    }
}

/// Looks the folder over, wherever it is open; that it is nowhere is an answer, too.
pub(super) async fn look_over(
    config: Config,
    line: Vec<String>,
    given: &ArgMatches,
    spinner: &Spinner,
) -> Result<Output> {
    let (path, clock) = (config.data_dir.clone(), Clock::system());
    match DataDir::find(&path)? {
        Found::Free(dir) => {
            doctor::examine(&app::look(config, clock, &dir).await, given, |check| spinner.say(check)).await
        }
        Found::Busy if control::is_answered(&path).await => {
            control::send(&path, &Request { arguments: line, input: None }).await
        }
        Found::Busy => {
            let text =
                format!("A process holds {} and does not answer on its control socket.", path.display());
            let finding =
                Finding::error(text).of("folder").remedy("its log says more; end it, and ask again");
            doctor::only(&clock, given, finding)
        }
        Found::Missing => {
            let text = format!("There is no data folder {}.", path.display());
            let remedy = "name it with --data-dir; `unkey serve` makes a new one";
            doctor::only(&clock, given, Finding::error(text).of("folder").remedy(remedy))
        }
    }
}

/// Prints an answer that is not the last part, and says how to ask for the next.
fn print_part(arguments: &[String], output: &Result<Output>) -> Result<Option<Request>> {
    let Ok(Output { stdout, next: Some(next), .. }) = output else { return Ok(None) };
    std::io::stdout().write_all(stdout.as_bytes()).map_err(Error::internal)?;
    let mut arguments = arguments.to_vec();
    arguments.extend(["--cursor".to_owned(), next.clone()]);
    Ok(Some(Request { arguments, input: None }))
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
