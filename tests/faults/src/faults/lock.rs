//! Somebody else's lock: another program holds a write transaction on a database.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::{Fault, expect_red, some_ms};
use crate::site::Site;

#[derive(Debug)]
pub struct Lock {
    database: &'static str,
    mode: &'static str,
    /// For longer than the server waits for it.
    for_long: bool,
}

impl Lock {
    pub fn draw(number: usize, rng: &mut StdRng) -> Self {
        let database = if number.is_multiple_of(3) { "events.db" } else { "app.db" };
        let mode = *["IMMEDIATE", "EXCLUSIVE"].choose(rng).expect("not empty");
        Self { database, mode, for_long: number % 3 == 1 }
    }
}

impl Fault for Lock {
    fn strike(&self, site: &Site, rng: &mut StdRng) {
        let mut holder = Command::new("sqlite3")
            .arg(site.data.join(self.database))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sqlite3 is installed by tests/run.sh");
        let mut commands = holder.stdin.take().expect("stdin is piped");
        let script = format!(".timeout 20000\nBEGIN {};\nSELECT 'held';\n", self.mode);
        commands.write_all(script.as_bytes()).expect("sqlite3 reads");
        let mut said = [0; 4];
        let answers = holder.stdout.as_mut().expect("stdout is piped");
        answers.read_exact(&mut said).expect("the lock is taken in time");
        site.journal.line(&format!("{} is locked", self.database));
        site.trouble_begins();
        if self.for_long {
            expect_red(site, Duration::from_secs(20));
        } else {
            std::thread::sleep(some_ms(rng, 500, 3000));
        }
        site.trouble_ends();
        drop(commands);
        holder.wait().expect("sqlite3 ends");
        site.journal.line(&format!("{} is free again", self.database));
    }
}
