//! The ways into the server, behind one kind of change: whatever a client does,
//! it may do through any door that offers it.

pub mod change;
pub mod cli;
pub mod dashboard;
pub mod page;
pub mod v1;
pub mod v2;
pub mod wire;

use e2e::ROOT_KEY;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::model::Outcome;
use crate::site::Site;
use change::{Change, Door, Made};
use dashboard::{Browser, SIGNED_OUT};
use page::Page;
use wire::{Reply, Request, Wire};

/// A client's connection to the server of a site, wherever that listens now.
pub struct Connection<'a> {
    pub site: &'a Site,
    wire: Wire,
    rng: StdRng,
    is_polite: bool,
    /// Whether every request that changes something is reset.
    resets_all: bool,
}

/// What a verification came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub code: String,
    pub credits: Option<i64>,
    /// External id and `plan` of the identity.
    pub identity: Option<(String, u64)>,
}

/// One client, with a browser of its own.
pub struct Doors<'a> {
    pub connection: Connection<'a>,
    pub browser: Browser,
    rng: StdRng,
}

impl<'a> Connection<'a> {
    pub fn new(site: &'a Site, rng: &mut StdRng) -> Self {
        Self {
            site,
            wire: Wire::new(StdRng::from_rng(rng)),
            rng: StdRng::from_rng(rng),
            is_polite: false,
            resets_all: false,
        }
    }

    /// An address that somebody may have.
    pub fn address(&mut self) -> String {
        format!(
            "10.{}.{}.{}",
            self.rng.random_range(0..256),
            self.rng.random_range(0..256),
            self.rng.random_range(1..255)
        )
    }

    pub fn send(&mut self, request: &Request) -> Outcome<Reply> {
        let cuts_per_mille = match (self.is_polite, self.resets_all) {
            (true, _) => 0,
            (_, true) => 1000,
            _ => self.site.cuts_per_mille(),
        };
        self.wire.send(&self.site.base(), request, cuts_per_mille)
    }

    /// Whatever is answered, on a connection that is never reset by us.
    pub fn answer(&mut self, request: &Request) -> Result<Reply, ureq::Error> {
        self.wire.answer(&self.site.base(), request)
    }

    /// Does something with connections that are reset by us whenever it changes something.
    pub fn resets<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        self.resets_all = true;
        let result = act(self);
        self.resets_all = false;
        result
    }

    /// Does something with a connection that is never reset by us.
    pub fn politely<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_polite, true);
        let result = act(self);
        self.is_polite = before;
        result
    }

    /// A v2 operation, and the `data` of its answer.
    pub fn v2(&mut self, operation: &str, body: &Value) -> Outcome<Value> {
        self.send(&v2::call(operation, body, ROOT_KEY)).map(|reply| {
            let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            body["data"].clone()
        })
    }

    /// A v1 operation, and its answer.
    pub fn v1(&mut self, operation: &str, body: &Value) -> Outcome<Value> {
        self.send(&v1::call(operation, body, ROOT_KEY)).map(|reply| json_of(&reply))
    }

    /// Something v1 shows.
    pub fn v1_read(&mut self, path: &str) -> Outcome<Value> {
        self.send(&v1::read(path, ROOT_KEY)).map(|reply| json_of(&reply))
    }

    /// Verifies a key by v1 or v2, at the cost of so many credits, with a
    /// permission query or none.
    pub fn verify(
        &mut self,
        door: Door,
        key: &str,
        cost: i64,
        permissions: Option<&str>,
    ) -> Outcome<Verdict> {
        let mut body = json!({ "key": key });
        match door {
            Door::V1 => {
                body["remaining"] = json!({ "cost": cost });
                if let Some(query) = permissions {
                    body["authorization"] = json!({ "permissions": query });
                }
                self.v1("keys.verifyKey", &body).map(|answer| verdict(&answer, &answer["remaining"]))
            }
            _ => {
                body["credits"] = json!({ "cost": cost });
                if let Some(query) = permissions {
                    body["permissions"] = query.into();
                }
                self.v2("keys.verifyKey", &body).map(|answer| verdict(&answer, &answer["credits"]))
            }
        }
    }
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap_or_default()
}

fn verdict(answer: &Value, credits: &Value) -> Verdict {
    let identity = answer["identity"]["externalId"].as_str().map(|external_id| {
        (external_id.to_owned(), answer["identity"]["meta"]["plan"].as_u64().unwrap_or_default())
    });
    Verdict {
        code: answer["code"].as_str().unwrap_or_default().to_owned(),
        credits: credits.as_i64(),
        identity,
    }
}

impl<'a> Doors<'a> {
    pub fn new(site: &'a Site, emails: Vec<String>, mut rng: StdRng) -> Self {
        Self { connection: Connection::new(site, &mut rng), browser: Browser::new(emails), rng }
    }

    /// Makes a change through one of the doors that have it, and says which.
    pub fn make(&mut self, change: &Change) -> (Door, Outcome<Made>) {
        let mut doors = Door::ALL;
        rand::seq::SliceRandom::shuffle(&mut doors[..], &mut self.rng);
        let tried = doors.iter().find_map(|door| Some((*door, self.make_by(*door, change)?)));
        tried.expect("every change has a door")
    }

    /// Makes a change through this door; `None` if it does not have it.
    pub fn make_by(&mut self, door: Door, change: &Change) -> Option<Outcome<Made>> {
        let outcome = match door {
            Door::V1 => {
                self.connection.send(&v1::request(change, ROOT_KEY)?).map(|reply| change::made(&reply))
            }
            Door::V2 => {
                self.connection.send(&v2::request(change, ROOT_KEY)?).map(|reply| change::made(&reply))
            }
            Door::Dashboard => self.browser.make(&mut self.connection, change)?,
            Door::Cli => {
                let arguments = cli::arguments(change)?;
                let site = self.connection.site;
                site.with_command_line(|| cli::run(site, &arguments))
            }
        };
        self.connection.site.journal.outcome(&format!("{door:?} {change}"), &outcome);
        Some(outcome)
    }

    /// A page of the dashboard, signing in first if need be.
    pub fn page(&mut self, path: &str) -> Outcome<Page> {
        match self.browser.visit(&mut self.connection, path) {
            // A session that is over is followed by another.
            Outcome::Refused(why) if why == SIGNED_OUT => self.browser.visit(&mut self.connection, path),
            other => other,
        }
    }

    /// One of the doors that verify.
    pub fn any_api(&mut self) -> Door {
        *[Door::V1, Door::V2].choose(&mut self.rng).expect("there are two")
    }
}
