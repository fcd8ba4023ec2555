//! Looking a server over: what is wrong with it, or soon will be, each with the
//! command that mends it.
//!
//! Of a server that runs by what it has open; of a folder that nobody holds by its
//! files alone, which are not changed: no migration is applied and nothing is built.
//! A check is a bounded piece of work. One that cannot be carried out says so and
//! fails no other. Deliberately absent: mending what could lose something.

mod balances;
mod checks;
mod clock;
mod databases;
mod disk;
mod files;
mod fix;
mod indexes;
mod master_key;
mod network;
mod probe;
mod schedules;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;

use crate::jobs::Jobs;
use base::clock::Clock;
use base::config::Config;
use base::error::{Code, Error, Result};
use base::events::Recorder;
use base::store::Database;
use domain::vault::MasterKeySource;
use insight::search::Search;

pub use checks::names;
pub use fix::{Fix, Mended};
pub use network::reachable;

/// How bad a finding is, from the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Ok,
    /// The check could not be carried out.
    Unknown,
    /// Will need a hand.
    Warning,
    /// Something does not work, or is not safe.
    Error,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    pub severity: Severity,
    /// A sentence.
    pub found: String,
    /// What mends it: a command where there is one.
    pub remedy: Option<String>,
    /// What `--fix` would do about it.
    pub fix: Option<Fix>,
}

impl Finding {
    fn new(severity: Severity, found: impl Into<String>) -> Self {
        Self { check: "", severity, found: found.into(), remedy: None, fix: None }
    }

    pub(crate) fn ok(found: impl Into<String>) -> Self {
        Self::new(Severity::Ok, found)
    }

    pub(crate) fn warning(found: impl Into<String>) -> Self {
        Self::new(Severity::Warning, found)
    }

    pub(crate) fn error(found: impl Into<String>) -> Self {
        Self::new(Severity::Error, found)
    }

    fn unknown(found: impl Into<String>) -> Self {
        Self::new(Severity::Unknown, found)
    }

    pub(crate) fn of(mut self, check: &'static str) -> Self {
        self.check = check;
        self
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self.remedy("unkey doctor --fix")
    }
}

/// What all checks found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it began, Unix milliseconds.
    pub at_ms: i64,
    pub findings: Vec<Finding>,
}

impl Report {
    /// How bad the worst is.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
    }
}

/// How long checks may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One that reads little, or asks somebody.
    pub light: Duration,
    /// One that reads all there is.
    pub heavy: Duration,
}

impl Patience {
    /// For who waits before a terminal.
    pub const OPERATOR: Self = Self { light: Duration::from_secs(10), heavy: Duration::from_secs(900) };
    /// For who waits before a page.
    pub const PAGE: Self = Self { light: Duration::from_secs(3), heavy: Duration::from_secs(15) };
}

/// What is looked over.
pub struct Subject {
    pub config: Config,
    pub clock: Clock,
    pub data_dir: PathBuf,
    pub index_dir: PathBuf,
    /// Or why it cannot be opened.
    pub app: std::result::Result<Database, String>,
    pub events: std::result::Result<Database, String>,
    pub master_key: MasterKeySource,
    /// `None` of a folder that nobody serves.
    pub running: Option<Running>,
}

/// What a server has that runs.
pub struct Running {
    pub search: Search,
    pub jobs: Jobs,
    pub recorder: Recorder,
    /// Where it listens, once it does.
    pub address: Arc<OnceLock<SocketAddr>>,
}

impl Subject {
    fn app(&self) -> Result<&Database> {
        self.app.as_ref().map_err(|_| Error::invalid("app.db cannot be opened."))
    }

    fn events(&self) -> Result<&Database> {
        self.events.as_ref().map_err(|_| Error::invalid("events.db cannot be opened."))
    }

    /// Where a running server listens.
    fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref()?.address.get().copied()
    }
}

/// Looks a server over, for one at a time.
pub struct Doctor {
    subject: Subject,
    turn: tokio::sync::Mutex<()>,
    last: Mutex<Option<Report>>,
}

impl Doctor {
    pub fn new(subject: Subject) -> Self {
        Self { subject, turn: tokio::sync::Mutex::default(), last: Mutex::default() }
    }

    /// What was found when it was looked over last.
    pub fn last(&self) -> Option<Report> {
        self.last.lock().clone()
    }

    /// Carries out every check, and says before each which it is. Refused while
    /// another one is going on.
    pub async fn examine(&self, patience: Patience, begun: impl FnMut(&'static str)) -> Result<Report> {
        let _turn = self.turn()?;
        let report = self.report(patience, begun).await;
        *self.last.lock() = Some(report.clone());
        Ok(report)
    }

    /// As [`Doctor::examine`]; then mends what can be mended without losing anything,
    /// and looks at that again.
    pub async fn mend(
        &self,
        patience: Patience,
        mut begun: impl FnMut(&'static str),
    ) -> Result<(Report, Vec<Mended>)> {
        let _turn = self.turn()?;
        let mut report = self.report(patience, &mut begun).await;
        let mended = fix::all(&self.subject, &report).await;
        let touched: Vec<_> = mended.iter().flat_map(|mended| mended.checks.iter().copied()).collect();
        for check in checks::CHECKS.iter().filter(|check| touched.contains(&check.name)) {
            begun(check.name);
            let place = report.findings.iter().position(|finding| finding.check == check.name);
            report.findings.retain(|finding| finding.check != check.name);
            let again = check.carry_out(&self.subject, patience).await;
            let place = place.unwrap_or(report.findings.len());
            report.findings.splice(place..place, again);
        }
        *self.last.lock() = Some(report.clone());
        Ok((report, mended))
    }

    async fn report(&self, patience: Patience, mut begun: impl FnMut(&'static str)) -> Report {
        let mut findings = Vec::new();
        let at_ms = self.subject.clock.now_ms();
        for check in checks::CHECKS {
            begun(check.name);
            findings.extend(check.carry_out(&self.subject, patience).await);
        }
        Report { at_ms, findings }
    }

    fn turn(&self) -> Result<tokio::sync::MutexGuard<'_, ()>> {
        let busy = "The server is being looked over by somebody else: ask again when that is done.";
        self.turn.try_lock().map_err(|_| Error::new(Code::ServiceUnavailable, busy))
    }
}

/// Bytes for people.
pub fn size(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} bytes"),
    }
}

/// Some of many, by name: the first few, and how many more there are.
fn some<T: std::fmt::Display>(all: &[T]) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// `1 key`, `3 keys`.
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
