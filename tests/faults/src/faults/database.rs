//! A database server that is killed, stands still, is full, or whose connections are
//! cut within what is being said.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::{Fault, expect_red, some_ms};
use crate::database::Server;
use crate::site::{RECOVERY, Site};
use crate::time::wait_for;

#[derive(Debug)]
pub enum Database {
    Killed,
    StandsStill,
    Full,
    Cut,
}

/// What every change is answered by then.
const IS_FULL: &str = "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$";

impl Database {
    pub fn draw(number: usize) -> Self {
        match number % 4 {
            0 => Self::Killed,
            1 => Self::Cut,
            2 => Self::Full,
            _ => Self::StandsStill,
        }
    }

    fn strike(&self, Server { database, proxy }: &Server, site: &Site, rng: &mut StdRng) {
        match self {
            Self::Killed => {
                proxy.refuse();
                std::thread::sleep(some_ms(rng, 200, 4000));
            }
            Self::StandsStill => {
                proxy.stall();
                std::thread::sleep(some_ms(rng, 200, 6000));
            }
            Self::Full => {
                let tables = database.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
                database.ask(IS_FULL);
                // One after the other: together they would wait for clients that wait for them.
                for table in tables.lines() {
                    let changes = format!("INSERT OR UPDATE OR DELETE ON {table}");
                    database
                        .ask(&format!("CREATE TRIGGER is_full BEFORE {changes} EXECUTE FUNCTION is_full()"));
                }
                expect_red(site, Duration::from_secs(20));
                for table in tables.lines() {
                    database.ask(&format!("DROP TRIGGER is_full ON {table}"));
                }
                database.ask("DROP FUNCTION is_full()");
            }
            Self::Cut => {
                for _ in 0..30 {
                    proxy.cut_after(rng.random_range(0..20_000));
                    std::thread::sleep(some_ms(rng, 10, 200));
                }
            }
        }
        proxy.pass();
    }
}

impl Fault for Database {
    fn strike(&self, site: &Site, rng: &mut StdRng) {
        let server = site.database.server().expect("this fault is drawn for sites on a server");
        self.strike(server, site, rng);
        // What is cached is served meanwhile, and says so.
        let is_back = || site.said_of_readiness().is_some_and(|said| said == "ready\n").then_some(());
        if wait_for(RECOVERY, is_back).is_none() {
            let found = format!("{:?}", site.said_of_readiness());
            site.journal.violation("readiness", "the database is found again", found);
        }
    }
}
