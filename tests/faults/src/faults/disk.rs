//! Disks that fail: calls that write, sync, truncate, open or rename files return
//! errors, a few of them, now and then or always; or no file may grow any more.

use std::process::{Command, Stdio};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::{Fault, expect_red, some_ms};
use crate::site::{Equipment, Site};
use crate::time::wait_for;

const EIO: i32 = 5;
/// What a call may answer that would have to wait. Wakers of the runtime are
/// written to as files are, and take this error for what it is.
const EAGAIN: i32 = 11;
const ENOSPC: i32 = 28;

/// A fault of the disk.
#[derive(Debug)]
pub enum Disk {
    Calls {
        call: Call,
        errno: i32,
        pattern: Pattern,
    },
    /// No file can be written past so many bytes.
    Full {
        after_bytes: u64,
    },
}

/// Which calls fail, as libfiu names them.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Of databases: SQLite writes at a place.
    Pwrite,
    /// Of other files, such as keys and indexes.
    Write,
    Fsync,
    Fdatasync,
    Rename,
    Truncate,
    Open,
}

#[derive(Clone, Copy, Debug)]
pub enum Pattern {
    /// So many calls, one at a time and close together.
    Some {
        calls: u32,
    },
    Often(f64),
    Always,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Pwrite => "posix/io/rw/pwrite",
            Self::Write => "posix/io/rw/write",
            Self::Fsync => "posix/io/sync/fsync",
            Self::Fdatasync => "posix/io/sync/fdatasync",
            Self::Rename => "posix/io/dir/rename",
            Self::Truncate => "posix/io/rw/ftruncate",
            Self::Open => "posix/io/oc/open",
        }
    }
}

impl Disk {
    pub fn draw(number: usize, rng: &mut StdRng) -> Self {
        // Those that matter most come first.
        let (call, pattern) = match number % 10 {
            0 => (Call::Fsync, Pattern::Some { calls: rng.random_range(4..16) }),
            1 => (Call::Pwrite, Pattern::Some { calls: rng.random_range(1..4) }),
            2 => return Self::Full { after_bytes: *[10, 4096, 70_000].choose(rng).expect("not empty") },
            3 => (Call::Pwrite, Pattern::Often(rng.random_range(0.02..0.4))),
            4 => (Call::Fsync, Pattern::Often(rng.random_range(0.05..0.6))),
            5 => (Call::Pwrite, Pattern::Always),
            6 => (Call::Open, Pattern::Often(0.4)),
            7 => (Call::Write, Pattern::Often(0.3)),
            8 => (
                *[Call::Rename, Call::Truncate, Call::Fdatasync].choose(rng).expect("not empty"),
                Pattern::Often(0.7),
            ),
            _ => (Call::Pwrite, Pattern::Some { calls: rng.random_range(2..10) }),
        };
        let errno = match call {
            Call::Write => EAGAIN,
            _ => *[EIO, ENOSPC].choose(rng).expect("not empty"),
        };
        Self::Calls { call, errno, pattern }
    }
}

impl Fault for Disk {
    fn equipment(&self) -> Equipment {
        Equipment { failing_calls: true, ..Equipment::default() }
    }

    fn strike(&self, site: &Site, rng: &mut StdRng) {
        site.trouble_begins();
        match self {
            Self::Full { after_bytes } => {
                // The write-ahead log comes to that soon, wherever it is just now.
                site.limit("fsize", after_bytes);
                expect_red(site, Duration::from_secs(20));
                std::thread::sleep(some_ms(rng, 200, 1500));
                site.limit("fsize", "unlimited");
            }
            Self::Calls { call, errno, pattern } => {
                let name = call.name();
                match pattern {
                    Pattern::Some { calls } => {
                        for _ in 0..*calls {
                            tell(site, &format!("enable name={name},failinfo={errno},onetime"));
                            std::thread::sleep(some_ms(rng, 50, 400));
                        }
                    }
                    Pattern::Often(probability) => {
                        tell(
                            site,
                            &format!(
                                "enable_random name={name},failinfo={errno},probability={probability:.3}"
                            ),
                        );
                        std::thread::sleep(some_ms(rng, 1000, 3000));
                    }
                    Pattern::Always => {
                        tell(site, &format!("enable name={name},failinfo={errno}"));
                        expect_red(site, Duration::from_secs(20));
                        std::thread::sleep(some_ms(rng, 200, 1500));
                    }
                }
                tell(site, &format!("disable name={name}"));
            }
        }
        site.trouble_ends();
    }
}

/// Sends a command to libfiu in the server.
fn tell(site: &Site, command: &str) {
    let Some(pid) = site.pid() else { return };
    site.journal.line(command);
    let mut child = Command::new("fiu-ctrl")
        .arg("-f")
        .arg(site.call_pipe())
        .args(["-c", command, &pid.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("the Debian package fiu-utils is installed");
    let ended = wait_for(Duration::from_secs(5), || child.try_wait().expect("it is our child"));
    if !ended.is_some_and(|status| status.success()) {
        let _ = child.kill();
        let _ = child.wait();
        // Without the server nobody reads what it says.
        if !site.has_ended() {
            site.journal.violation("the harness", format!("libfiu takes '{command}'"), format!("{ended:?}"));
        }
    }
}
