//! The server under test, its data folder, and whoever starts it again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};
use std::time::{Duration, Instant};

use e2e::{FAKETIME, Launch, Server, preloadable};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

use crate::database::Database;
use crate::doors::dashboard::get;
use crate::doors::wire::{Reply, Wire};
use crate::journal::Journal;
use crate::time::{ServerClock, now, wait_for};

/// A start on a busy machine, of an unoptimised build.
pub const START: Duration = Duration::from_secs(60);
/// A planned stop lets requests finish, which none takes long for.
const STOP: Duration = Duration::from_secs(15);
/// What the log says when a planned stop is cut short.
const CLOSED_LATE: &str = "the databases could not be closed in time";
/// Once nothing is wrong any more, the server is ready within this time.
pub const RECOVERY: Duration = Duration::from_secs(30);
/// Between rotations of the master key.
const ROTATES_AFTER: Duration = Duration::from_secs(4);
/// Admissions of a limit are saved every few seconds; a crash may forget those since.
const SAVED_EVERY: Duration = Duration::from_secs(8);

/// What is loaded into the server so that faults can be injected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Equipment {
    /// libfiu: calls of the C library fail when told to.
    pub failing_calls: bool,
    /// libfaketime: the clock is the one of a file.
    pub own_clock: bool,
}

/// One server and its folder.
pub struct Site {
    folder: TempDir,
    pub data: PathBuf,
    pub database: Database,
    pub journal: Journal,
    pub clock: ServerClock,
    server: Mutex<Option<Server>>,
    base: RwLock<String>,
    equipment: Mutex<Equipment>,
    /// Commands take the folder when the server is down: it is started between them.
    command_line: RwLock<()>,
    cuts_per_mille: AtomicU32,
    starts: AtomicU32,
    trouble: Mutex<Trouble>,
    rotations: Mutex<Rotations>,
}

/// Of the master key, which signs cookies: those of the key before are void.
#[derive(Default)]
struct Rotations {
    /// Grows when one begins and when it ends.
    moments: u32,
    latest: Option<Instant>,
    /// One was not answered: it may still happen, at the next start at the latest.
    is_open: bool,
}

/// When counters could not be saved.
#[derive(Default)]
struct Trouble {
    spans: Vec<(Instant, Option<Instant>)>,
    forgettable: Vec<(Instant, Instant)>,
}

impl Site {
    /// A folder without a server yet.
    pub fn new() -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("faults-").tempdir()?;
        let journal = Journal::new(&folder.path().join("journal"))?;
        let data = folder.path().join("data");
        let site = Self {
            database: Database::of(&data),
            data,
            folder,
            journal,
            clock: ServerClock::default(),
            server: Mutex::default(),
            base: RwLock::default(),
            equipment: Mutex::default(),
            command_line: RwLock::default(),
            cuts_per_mille: AtomicU32::new(0),
            starts: AtomicU32::new(0),
            trouble: Mutex::default(),
            rotations: Mutex::default(),
        };
        std::fs::write(site.clock_file(), "+0")?;
        Ok(site)
    }

    /// Keeps the folder on disk, and says where.
    pub fn keep(self) -> PathBuf {
        self.journal.flush();
        drop(self.server);
        self.folder.keep()
    }

    pub fn base(&self) -> String {
        self.base.read().expect("nothing panics with it").clone()
    }

    /// A folder that does not exist yet.
    pub fn other_folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn clock_file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Where libfiu listens; the process id follows.
    pub fn call_pipe(&self) -> PathBuf {
        self.folder.path().join("fiu")
    }

    /// How many requests of a thousand end in a reset connection.
    pub fn cuts_per_mille(&self) -> u32 {
        self.cuts_per_mille.load(Ordering::Relaxed)
    }

    pub fn set_cuts_per_mille(&self, cuts: u32) {
        self.cuts_per_mille.store(cuts, Ordering::Relaxed);
    }

    pub fn with_command_line<T>(&self, run: impl FnOnce() -> T) -> T {
        let _turn = self.command_line.read().expect("nothing panics with it");
        run()
    }

    /// How often the server has started.
    pub fn starts(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().expect("nothing panics with it")
    }

    pub fn pid(&self) -> Option<u32> {
        self.server().as_ref().map(Server::pid)
    }

    /// What everything that opens the folder needs to know.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.database.settings()
    }

    /// How the server would be started, for those who do that themselves.
    pub fn launch(&self) -> Launch {
        self.launch_on(&self.data)
    }

    /// As [`Site::launch`], on another folder.
    pub fn launch_on(&self, data: &Path) -> Launch {
        let equipment = *self.equipment.lock().expect("nothing panics with it");
        let mut libraries = Vec::new();
        if equipment.failing_calls {
            libraries.extend(["fiu/fiu_run_preload.so", "fiu/fiu_posix_preload.so"].map(preloadable));
        }
        if equipment.own_clock {
            libraries.push(preloadable(FAKETIME));
        }
        let launch = self
            .settings()
            .into_iter()
            .fold(Launch::new(data), |launch, (name, value)| launch.env(name, value));
        launch
            .file_limit("unlimited")
            .preload(&libraries)
            .clock_file(&self.clock_file())
            // Whoever signs in says whence, so that budgets of addresses suffice for all.
            .env("UNKEY_TRUSTED_PROXIES", "127.0.0.1")
            .env("FIU_CTRL_FIFO", self.call_pipe())
            .env("NO_FAKE_STAT", "1")
            .log(&self.log_file())
    }

    /// Starts the server with this equipment, stopping one that has other.
    pub fn equip(&self, equipment: Equipment) {
        let is_same = {
            let mut own = self.equipment.lock().expect("nothing panics with it");
            let is_same = *own == equipment;
            *own = equipment;
            is_same
        };
        if is_same && self.pid().is_some() {
            return;
        }
        self.stop();
        self.start();
    }

    /// Starts the server; it must start.
    pub fn start(&self) {
        let _turn = self.command_line.write().expect("nothing panics with it");
        match self.launch().try_start(START) {
            Ok(server) => {
                self.base.write().expect("nothing panics with it").clone_from(&server.base);
                *self.server() = Some(server);
                self.journal.line("started");
                self.starts.fetch_add(1, Ordering::Relaxed);
                let mut rotations = self.rotations.lock().expect("nothing panics with it");
                rotations.moments += u32::from(std::mem::take(&mut rotations.is_open));
            }
            Err(refusal) => {
                let found = format!("{refusal}; its log ends with {}", self.end_of_log());
                self.journal.violation("start", "the server starts", found);
            }
        }
    }

    /// Starts the server and kills it after so long, whatever it is doing then.
    pub fn start_and_kill(&self, after: Duration) {
        let _turn = self.command_line.write().expect("nothing panics with it");
        spawn_and_kill(&self.launch(), after);
        self.journal.line(&format!("started and killed after {after:?}"));
    }

    /// `kill -9`, whatever the server is doing.
    pub fn kill(&self) {
        self.note_crash();
        if let Some(mut server) = self.server().take() {
            server.kill();
            self.journal.line("killed");
        }
    }

    /// SIGTERM, after which the server must end by itself and well.
    pub fn stop(&self) {
        let Some(mut server) = self.server().take() else { return };
        server.signal("TERM");
        let ended = wait_for(STOP, || server.ended());
        self.journal.line(&format!("stopped: {ended:?}"));
        if ended.is_some_and(|status| status.success()) {
            return;
        }
        // What a machine that is too busy for it comes to; it is as after a crash then.
        let is_late = ended.is_some() && self.end_of_log().contains(CLOSED_LATE);
        if !is_late {
            let found = ended.map_or("it goes on".to_owned(), |status| status.to_string());
            let found = format!("{found}; its log ends with {}", self.end_of_log());
            self.journal.violation("stop", "the server ends by itself, with success", found);
        }
        server.kill();
        self.note_crash();
    }

    pub fn signal(&self, name: &str) {
        if let Some(server) = &*self.server() {
            server.signal(name);
        }
    }

    /// Sets a soft limit of the server, as `prlimit` names it.
    pub fn limit(&self, resource: &str, soft: impl std::fmt::Display) {
        let Some(pid) = self.pid() else { return };
        let arguments = ["--pid".to_owned(), pid.to_string(), format!("--{resource}={soft}:")];
        let status = Command::new("prlimit").args(arguments).status().expect("prlimit is installed");
        self.journal.line(&format!("limit of {resource}: {soft} ({status})"));
    }

    /// Whether the server has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.server().as_mut().is_none_or(|server| server.ended().is_some())
    }

    /// Takes note of a server that ended by itself, and starts it again as a
    /// supervisor would. Whether it had ended.
    pub fn revive(&self) -> bool {
        let ended = self.server().as_mut().and_then(Server::ended);
        let Some(status) = ended else { return false };
        self.journal.line(&format!("ended by itself: {status}"));
        self.kill();
        self.start();
        true
    }

    /// What `/readyz` answers; `None` when nothing does.
    pub fn readiness(&self) -> Option<u16> {
        self.asked_for_readiness().map(|reply| reply.status)
    }

    /// What the server says of it.
    pub fn said_of_readiness(&self) -> Option<String> {
        self.asked_for_readiness().map(|reply| reply.body)
    }

    fn asked_for_readiness(&self) -> Option<Reply> {
        let mut wire = Wire::new(StdRng::seed_from_u64(0));
        wire.answer(&self.base(), &get("/readyz", None)).ok()
    }

    /// Waits until the server is ready, now that nothing is wrong any more.
    pub fn await_ready(&self) {
        let start = now();
        let ready = wait_for(RECOVERY, || (self.readiness() == Some(200)).then_some(()));
        self.journal.line(&format!("ready after {:?}: {}", start.elapsed(), ready.is_some()));
        if ready.is_none() {
            let found = format!("{:?}; its log ends with {}", self.readiness(), self.end_of_log());
            let model = format!("ready within {} s of the end of the fault", RECOVERY.as_secs());
            self.journal.violation("recovery", model, found);
        }
    }

    /// Notes that a rotation of the master key begins; `false` if it may not,
    /// because everybody would do nothing but sign in again.
    pub fn rotation_begins(&self) -> bool {
        let mut rotations = self.rotations.lock().expect("nothing panics with it");
        if rotations.latest.is_some_and(|latest| latest.elapsed() < ROTATES_AFTER) {
            return false;
        }
        rotations.latest = Some(now());
        rotations.moments += 1;
        true
    }

    /// Notes how it ended.
    pub fn rotation_ends(&self, is_sure: bool) {
        let mut rotations = self.rotations.lock().expect("nothing panics with it");
        rotations.moments += 1;
        rotations.is_open |= !is_sure;
    }

    /// Stands for the master key of this moment.
    pub fn rotation(&self) -> u32 {
        self.rotations.lock().expect("nothing panics with it").moments
    }

    /// Whether the master key may be another than at that moment.
    pub fn may_be_rotated_since(&self, moment: u32) -> bool {
        let rotations = self.rotations.lock().expect("nothing panics with it");
        rotations.is_open || rotations.moments != moment
    }

    /// Notes that from now on counters may not get saved.
    pub fn trouble_begins(&self) {
        self.trouble.lock().expect("nothing panics with it").spans.push((now(), None));
    }

    pub fn trouble_ends(&self) {
        for (_, end) in &mut self.trouble.lock().expect("nothing panics with it").spans {
            end.get_or_insert_with(now);
        }
    }

    /// Whether a crash may have made the server forget what it admitted then.
    pub fn is_forgettable(&self, at: Instant) -> bool {
        let trouble = self.trouble.lock().expect("nothing panics with it");
        trouble.forgettable.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }

    fn note_crash(&self) {
        let at = now();
        let mut trouble = self.trouble.lock().expect("nothing panics with it");
        let mut from = at - SAVED_EVERY;
        for (begin, end) in trouble.spans.iter().rev() {
            if end.is_none_or(|end| end + SAVED_EVERY > from) {
                from = from.min(*begin - SAVED_EVERY);
            }
        }
        trouble.forgettable.push((from, at));
    }

    pub fn end_of_log(&self) -> String {
        let log = std::fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let mut last: Vec<_> = text.lines().rev().take(3).collect();
        last.reverse();
        last.join(" | ")
    }
}

/// Starts a server and kills it after so long.
pub fn spawn_and_kill(launch: &Launch, after: Duration) {
    let mut child = launch.spawn();
    std::thread::sleep(after);
    let _ = child.kill();
    let _ = child.wait();
}
