//! Breaks a running server in many ways while clients use it, and compares what
//! it acknowledged with what it keeps.
//!
//! Clients on several threads change things through every door and note what
//! they were answered ([`workload`], [`model`]). Meanwhile something goes wrong
//! and gets right again ([`faults`]). Then nobody changes anything, and what is
//! known is compared with what the database holds and with what each door
//! shows, before and after a restart ([`checker`], [`run`]).
//!
//! Everything that is chosen is chosen by a seed, which a failure names. The same
//! seed gives the same faults and the same clients; in what order their requests
//! meet is up to the machine, so a failure may take a few runs to come again.
//!
//! Nothing here knows the crate: it is driven as its users drive it.

pub mod checker;
pub mod database;
pub mod doors;
pub mod faults;
pub mod journal;
pub mod model;
pub mod run;
pub mod schedule;
pub mod site;
pub mod sweep;
pub mod time;
pub mod workload;
