//! Backups: one file with all that the data folder holds, as of one moment, made while
//! the server runs; and how it comes back.
//!
//! `app.db` is copied first and `events.db` after it, so that no event is missing which
//! `app.db` knows of. Before that, what is only in memory is stored: counters of rate
//! limits, and events. Credits need nothing: a spend is answered after its commit.
//!
//! Deliberately absent: the database of a Postgres server, which has tools of its own;
//! indexes, which are built again.

mod archive;
mod bucket;
mod keep;
mod make;
mod manifest;
mod name;
mod place;
mod progress;
mod recovery;
mod restore;
mod scheduled;
mod unpack;

pub use make::{Backups, Live, Making, Part};
pub use manifest::Manifest;
pub use name::BackupName;
pub use place::{Place, Sink};
pub use progress::{Progress, Report};
pub use recovery::{UnpackedBackup, hold_unpacked, is_abandoned, remove_unpacked};
pub use restore::{WithMasterKey, restore, verify};
pub use scheduled::{Stored, make_scheduled};

#[cfg(test)]
mod tests;
