//! What happened: every request in a file, and what must not have been.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::AddAssign;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use crate::model::{Mismatch, Outcome};
use crate::time::now;

/// More would not be read.
const MAX_VIOLATIONS: usize = 40;

/// Something the server may not do.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The round and its fault.
    pub round: String,
    /// The object, or the promise.
    pub what: String,
    pub model: String,
    pub found: String,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.what, self.round)?;
        write!(f, "  model: {}\n  found: {}", self.model, self.found)
    }
}

/// How requests went, all in all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub done: u64,
    pub refused: u64,
    pub unsure: u64,
    /// Objects that were compared with what is known of them.
    pub compared: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.unsure += other.unsure;
        self.compared += other.compared;
    }
}

/// Written to by all threads.
pub struct Journal {
    start: Instant,
    file: Mutex<BufWriter<File>>,
    round: Mutex<String>,
    violations: Mutex<Vec<Violation>>,
    tally: Mutex<Tally>,
}

impl Journal {
    /// Fails when the file cannot be made.
    pub fn new(file: &Path) -> std::io::Result<Self> {
        Ok(Self {
            start: now(),
            file: Mutex::new(BufWriter::new(File::create(file)?)),
            round: Mutex::default(),
            violations: Mutex::default(),
            tally: Mutex::default(),
        })
    }

    /// Notes what comes next: whatever goes wrong from now on is said to be of it.
    pub fn begin(&self, round: String) {
        self.line(&format!("== {round}"));
        *self.round.lock().expect("nothing panics with it") = round;
    }

    /// One line of the file.
    pub fn line(&self, text: &str) {
        let mut file = self.file.lock().expect("nothing panics with it");
        // A journal that cannot be written is no reason to stop.
        let _ = writeln!(file, "{:9.3} {text}", self.start.elapsed().as_secs_f64());
    }

    /// Counts a change or a spend, and writes it down.
    pub fn outcome<T>(&self, what: &dyn Display, outcome: &Outcome<T>) {
        let one = Tally::default();
        let (one, text) = match outcome {
            Outcome::Done(_) => (Tally { done: 1, ..one }, "done".to_owned()),
            Outcome::Refused(why) => (Tally { refused: 1, ..one }, format!("refused: {why}")),
            Outcome::Unsure { in_flight, why } => {
                (Tally { unsure: 1, ..one }, format!("unsure ({in_flight}): {why}"))
            }
        };
        self.count(one);
        self.line(&format!("{what}: {}", text.replace('\n', " ")));
    }

    pub fn violation(&self, what: impl Display, model: impl Display, found: impl Display) {
        let round = self.round.lock().expect("nothing panics with it").clone();
        let violation =
            Violation { round, what: what.to_string(), model: model.to_string(), found: found.to_string() };
        self.line(&format!("VIOLATION {violation}"));
        let mut violations = self.violations.lock().expect("nothing panics with it");
        if violations.len() < MAX_VIOLATIONS {
            violations.push(violation);
        }
    }

    /// Notes a mismatch as a violation.
    pub fn compare(&self, what: &dyn Display, result: Result<(), Mismatch>) {
        self.count(Tally { compared: 1, ..Tally::default() });
        if let Err(Mismatch { model, found }) = result {
            self.violation(what, model, found);
        }
    }

    pub fn violations(&self) -> Vec<Violation> {
        self.violations.lock().expect("nothing panics with it").clone()
    }

    pub fn tally(&self) -> Tally {
        *self.tally.lock().expect("nothing panics with it")
    }

    /// Counts what another journal has counted as well.
    pub fn take_in(&self, other: &Self) {
        self.count(other.tally());
    }

    fn count(&self, more: Tally) {
        *self.tally.lock().expect("nothing panics with it") += more;
    }

    /// Puts everything into the file.
    pub fn flush(&self) {
        let _ = self.file.lock().expect("nothing panics with it").flush();
    }
}
