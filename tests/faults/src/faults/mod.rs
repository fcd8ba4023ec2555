//! What goes wrong: each kind of fault begins, lasts for a while and ends. What
//! the server does about it in the meantime is its own business; what it has
//! acknowledged is not.

mod clock;
mod database;
mod descriptors;
mod disk;
mod kill;
mod lock;
mod memory;
mod network;
mod pause;
mod routes;

use std::fmt::{self, Debug};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::site::{Equipment, Site};

/// Something that goes wrong for a while.
pub trait Fault: Debug + Send {
    /// What has to be loaded into the server for it.
    fn equipment(&self) -> Equipment {
        Equipment::default()
    }

    /// Whether the server may end because of it, to be started again.
    fn may_end_the_server(&self) -> bool {
        false
    }

    /// Whether it happens to a server of its own, and clients rest meanwhile.
    fn is_elsewhere(&self) -> bool {
        false
    }

    /// Goes wrong and gets right again. Clients are at work meanwhile.
    fn strike(&self, site: &Site, rng: &mut StdRng);

    /// Checks what it is that this kind of fault used to break.
    fn check(&self, _site: &Site, _rng: &mut StdRng) {}
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Disk,
    Kill,
    Clock,
    Network,
    Memory,
    Descriptors,
    Lock,
    Pause,
    Routes,
    Database,
}

impl Kind {
    /// What can go wrong with a server that keeps everything in files.
    pub const OF_FILES: [Self; 9] = [
        Self::Disk,
        Self::Kill,
        Self::Clock,
        Self::Network,
        Self::Memory,
        Self::Descriptors,
        Self::Lock,
        Self::Pause,
        Self::Routes,
    ];

    /// What can go wrong with one that has a database server. Disks and locks are of
    /// files, and what is sent to every route is of neither.
    pub const OF_A_SERVER: [Self; 7] = [
        Self::Kill,
        Self::Clock,
        Self::Network,
        Self::Memory,
        Self::Descriptors,
        Self::Pause,
        Self::Database,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Kill => "kill",
            Self::Clock => "clock",
            Self::Network => "network",
            Self::Memory => "memory",
            Self::Descriptors => "descriptors",
            Self::Lock => "lock",
            Self::Pause => "pause",
            Self::Routes => "routes",
            Self::Database => "database",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::OF_FILES.into_iter().chain(Self::OF_A_SERVER).find(|kind| kind.name() == name)
    }

    /// The `number`th fault of this kind; its variants take turns.
    pub fn draw(self, number: usize, rng: &mut StdRng) -> Box<dyn Fault> {
        match self {
            Self::Disk => Box::new(disk::Disk::draw(number, rng)),
            Self::Kill => Box::new(kill::Kill::draw(number, rng)),
            Self::Clock => Box::new(clock::Clock::draw(number, rng)),
            Self::Network => Box::new(network::Network::draw(rng)),
            Self::Memory => Box::new(memory::Memory::draw(rng)),
            Self::Descriptors => Box::new(descriptors::Descriptors::draw(rng)),
            Self::Lock => Box::new(lock::Lock::draw(number, rng)),
            Self::Pause => Box::new(pause::Pause::draw(rng)),
            Self::Routes => Box::new(routes::Routes::draw(number)),
            Self::Database => Box::new(database::Database::draw(number)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some time between these, in milliseconds.
fn some_ms(rng: &mut StdRng, least: u64, most: u64) -> Duration {
    Duration::from_millis(rng.random_range(least..=most))
}

/// Fails unless readiness turns red: clients keep changing things that cannot be stored.
fn expect_red(site: &Site, patience: Duration) {
    let red = crate::time::wait_for(patience, || (site.readiness() == Some(503)).then_some(()));
    if red.is_none() {
        site.journal.violation(
            "readiness",
            "503 while changes cannot be stored",
            format!("{:?}", site.readiness()),
        );
    }
}
