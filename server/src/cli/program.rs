//! A run of the program: parse, set up logs, run one command, print what it answers.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::{Invocation, Output, Sockets};
use base::config::{Config, LogFormat};

/// How long threads that compute may take to notice the end.
const LEAVE: Duration = Duration::from_millis(500);

/// Runs the program: what `main` is, in this crate rather than in the binary, because
/// whoever blocks on a future compiles it with all it awaits.
#[expect(clippy::print_stdout, reason = "what a command answers belongs on standard output")]
pub fn main() -> ExitCode {
    base::store::set_umask();
    let sockets = Sockets::of_process();
    let invocation = match Invocation::parse(std::env::args().collect()) {
        Ok(invocation) => invocation,
        Err(code) => return code,
    };
    let outcome = invocation.config().and_then(|config| {
        log(&config);
        for name in invocation.unknown_variables() {
            tracing::warn!(name, "there is no such setting; the variable is ignored");
        }
        let runtime = runtime(&config)?;
        let outcome = runtime.block_on(invocation.run(config, sockets));
        // What still computes is of no use to anybody.
        runtime.shutdown_timeout(LEAVE);
        outcome
    });
    match outcome {
        Ok(Output { stdout, stderr, status, .. }) => {
            print!("{stdout}");
            eprint!("{stderr}");
            ExitCode::from(status)
        }
        Err(error) => {
            eprintln!("unkey: {error}");
            let cause = error.cause_chain();
            if !cause.is_empty() {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn runtime(config: &Config) -> base::error::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.worker_threads > 0 {
        builder.worker_threads(config.worker_threads);
    }
    builder.enable_all().build().map_err(base::error::Error::internal)
}

/// Logs go to standard error: for people on a terminal, JSON lines otherwise.
fn log(config: &Config) {
    // What `rmcp` warns of is text of callers, whole and unredacted.
    let filter = EnvFilter::new(format!(
        "{},sqlx=warn,sea_orm=warn,hyper=warn,poem=warn,rmcp=error,object_store=warn",
        config.log_level
    ));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The library would tell of a line that cannot be written on standard error, which panics then.
    let log = log.log_internal_errors(false);
    let for_people = match config.log_format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    if for_people { log.init() } else { log.json().flatten_event(true).init() }
}
