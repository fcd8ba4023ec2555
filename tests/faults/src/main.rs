//! `faults [--seed N] [--long] [--faults kill,disk,...]`: breaks the server of
//! `UNKEY_BIN`, or the one built beside this program, and says what it lost.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use faults::faults::Kind;
use faults::journal::Tally;
use faults::run::{Plan, Report};
use faults::time::now;

/// Seeds that are drawn have so many digits at most.
const MOST_SEED: u64 = 1_000_000;

fn command() -> Command {
    let number = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_parser(value_parser!(u64)).help(help)
    };
    let kinds = if e2e::postgres::is_chosen() { &Kind::OF_A_SERVER[..] } else { &Kind::OF_FILES[..] };
    let kinds = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
    Command::new("faults")
        .about("Breaks a running server in many ways and compares what it acknowledged with what it kept")
        .arg(number("seed", "What decides everything; drawn if it is not given"))
        .arg(number("rounds", "Faults of each seed; one of each kind if it is not given"))
        .arg(number("seconds", "With --long: how long new seeds begin").default_value("600"))
        .arg(flag("long", "One seed after the other, until the time is over or something is wrong"))
        .arg(flag("keep", "Keep the folder even if nothing is wrong"))
        .arg(Arg::new("faults").long("faults").default_value(kinds).help("Kinds, with commas between"))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

#[expect(clippy::print_stdout, reason = "a program for a terminal")]
fn main() -> ExitCode {
    let arguments = command().get_matches();
    let kinds = match kinds(&arguments) {
        Ok(kinds) => kinds,
        Err(name) => {
            println!("there is no fault '{name}'");
            return ExitCode::from(2);
        }
    };
    println!("against {}", e2e::binary().display());
    let number = |name: &str| arguments.get_one::<u64>(name).copied();
    let rounds = number("rounds").and_then(|rounds| usize::try_from(rounds).ok()).unwrap_or(kinds.len());
    let first = number("seed").unwrap_or_else(|| rand::random_range(0..MOST_SEED));
    let patience = Duration::from_secs(number("seconds").unwrap_or_default());
    let start = now();
    let mut total = Total::default();
    for seed in first.. {
        println!("seed {seed}");
        let plan = Plan { seed, kinds: kinds.clone(), rounds, keeps_all: arguments.get_flag("keep") };
        match plan.run(|line| println!("{line}")) {
            Ok(report) => total.add(seed, report),
            Err(error) => {
                println!("{error}");
                return ExitCode::FAILURE;
            }
        }
        if total.is_wrong || !arguments.get_flag("long") || start.elapsed() >= patience {
            break;
        }
    }
    total.tell();
    if total.is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The kinds that are asked for, or a name that is none.
fn kinds(arguments: &ArgMatches) -> Result<Vec<Kind>, String> {
    let names = arguments.get_one::<String>("faults").map(String::as_str).unwrap_or_default();
    names.split(',').map(str::trim).map(|name| Kind::parse(name).ok_or_else(|| name.to_owned())).collect()
}

/// What came of all seeds.
#[derive(Default)]
struct Total {
    seeds: Vec<u64>,
    faults: BTreeMap<&'static str, u32>,
    starts: u32,
    tally: Tally,
    is_wrong: bool,
}

impl Total {
    #[expect(clippy::print_stdout, reason = "a program for a terminal")]
    fn add(&mut self, seed: u64, report: Report) {
        for violation in &report.violations {
            println!("{violation}");
        }
        if let Some(folder) = &report.kept {
            println!("seed {seed}; data, log and journal are in {}", folder.display());
        }
        self.seeds.push(seed);
        for (kind, count) in report.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.starts += report.starts;
        self.tally += report.tally;
        self.is_wrong |= !report.violations.is_empty();
    }

    #[expect(clippy::print_stdout, reason = "a program for a terminal")]
    fn tell(&self) {
        let Tally { done, refused, unsure, compared } = self.tally;
        println!("seeds: {:?}", self.seeds);
        println!("operations: {done} acknowledged, {refused} refused, {unsure} unknown");
        println!("faults: {:?}, {} starts, {compared} comparisons", self.faults, self.starts);
        println!("{}", if self.is_wrong { "something was lost" } else { "nothing was lost" });
    }
}
