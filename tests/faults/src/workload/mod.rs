//! What clients do, and what they know. Each object belongs to one thread, which
//! makes the model of it exact.

mod access;
mod credits;
mod identities;
mod keys;
mod limits;
mod operator;
mod overrides;
mod root_keys;
mod sessions;

use std::fmt::Display;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::checker::Stored;
use crate::doors::Doors;
use crate::doors::change::{Change, Door, Made, NewKey};
use crate::doors::dashboard::PASSWORD;
use crate::doors::page::Page;
use crate::doors::wire::Wire;
use crate::model::Outcome;
use crate::site::Site;

/// Accounts of each thread for its browser.
const ACCOUNTS: usize = 3;

/// Objects of one kind, all of them owned by the same thread.
pub trait Workload: Send {
    /// Does or looks at one thing, whatever is wrong with the server.
    fn step(&mut self, hand: &mut Hand<'_>);

    /// Compares the model with what is stored and with what every door shows,
    /// while nothing is wrong and nothing under way.
    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored);
}

/// What an owner works with.
pub struct Hand<'a> {
    pub site: &'a Site,
    pub doors: Doors<'a>,
    pub rng: StdRng,
    /// The API its keys belong to.
    pub api: String,
    name: String,
    serial: u32,
}

/// One thread's objects.
pub struct Owner<'a> {
    hand: Hand<'a>,
    workloads: Vec<Box<dyn Workload>>,
}

impl<'a> Owner<'a> {
    /// Makes what it needs on a server with which nothing is wrong.
    pub fn new(site: &'a Site, number: usize, seed: u64) -> Self {
        let rng = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
        let name = format!("t{number}");
        let emails: Vec<_> = (0..ACCOUNTS).map(|account| format!("{name}-{account}@example.com")).collect();
        let doors = Doors::new(site, emails.clone(), StdRng::seed_from_u64(seed ^ (number as u64 + 1) << 32));
        let mut hand = Hand { site, doors, rng, api: String::new(), name, serial: 0 };
        emails.iter().for_each(|email| make_user(site, email));
        hand.api = hand.make_api();
        let workloads: Vec<Box<dyn Workload>> = vec![
            Box::new(keys::Keys::new()),
            Box::new(credits::Credits::new()),
            Box::new(limits::Limits::new(&mut hand)),
            Box::new(overrides::Overrides::new(&mut hand)),
            Box::new(access::Access::new(&mut hand)),
            Box::new(identities::Identities::new()),
            Box::new(root_keys::RootKeys::new()),
            Box::new(sessions::Sessions::new(&mut hand)),
            Box::new(operator::Operator::new(&mut hand)),
        ];
        Self { hand, workloads }
    }

    pub fn step(&mut self) {
        if self.hand.site.pid().is_none() {
            // Being started again: there is nobody to talk to.
            std::thread::sleep(Duration::from_millis(5));
        }
        let chosen = self.hand.rng.random_range(0..self.workloads.len());
        self.workloads[chosen].step(&mut self.hand);
    }

    pub fn check(&mut self, stored: &Stored) {
        for workload in &mut self.workloads {
            workload.check(&mut self.hand, stored);
        }
    }
}

impl<'a> Hand<'a> {
    /// A name that nothing else has.
    pub fn fresh(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{}-{kind}-{}", self.name, self.serial)
    }

    pub fn wire(&mut self) -> Wire {
        Wire::new(StdRng::from_rng(&mut self.rng))
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// A number from 0 up to but not including `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        self.rng.random_range(0..end)
    }

    /// A place in a list of this length.
    pub fn index(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.rng.random_range(0..length))
    }

    pub fn pick<'b, T>(&mut self, list: &'b [T]) -> Option<&'b T> {
        list.choose(&mut self.rng)
    }

    /// A mismatch of an object of this thread.
    pub fn violation(&self, what: &dyn Display, model: impl Display, found: impl Display) {
        self.site.journal.violation(what, model, found);
    }

    /// The answer of a server with which nothing is wrong: a refusal is one, no answer is not.
    pub fn answered<T>(&self, what: &dyn Display, outcome: Outcome<T>) -> Option<T> {
        if let Outcome::Unsure { why, .. } = &outcome {
            self.violation(what, "an answer, as nothing is wrong", why);
        }
        outcome.done()
    }

    /// A page of the dashboard of a server with which nothing is wrong; it must open.
    pub fn open(&mut self, path: &str) -> Option<Page> {
        match self.doors.page(path) {
            Outcome::Done(page) => Some(page),
            Outcome::Refused(why) | Outcome::Unsure { why, .. } => {
                self.violation(&path, "a page, as nothing is wrong", why);
                None
            }
        }
    }

    /// A change that must go through, as nothing is wrong yet.
    pub fn prepare(&mut self, door: Door, change: &Change) -> Made {
        match self.doors.make_by(door, change) {
            Some(Outcome::Done(made)) => made,
            other => panic!("{change} on a server with which nothing is wrong: {other:?}"),
        }
    }

    /// As [`Hand::prepare`], of a v2 operation.
    pub fn prepare_v2(&mut self, operation: &str, body: &Value) -> Value {
        match self.doors.connection.v2(operation, body) {
            Outcome::Done(data) => data,
            other => panic!("{operation} on a server with which nothing is wrong: {other:?}"),
        }
    }

    /// Rotates the master key, which voids the cookies that the old one has signed.
    pub fn rotate_master_key(&mut self) {
        if !self.site.rotation_begins() {
            return;
        }
        let (_, outcome) = self.doors.make(&Change::RotateMasterKey);
        self.site.rotation_ends(matches!(outcome, Outcome::Done(_)));
    }

    pub fn new_key(&mut self, kind: &str) -> NewKey {
        NewKey { api: self.api.clone(), name: self.fresh(kind), ..NewKey::default() }
    }

    pub fn make_api(&mut self) -> String {
        let name = self.fresh("api");
        let data = self.prepare_v2("apis.createApi", &json!({ "name": name }));
        data["apiId"].as_str().unwrap_or_default().to_owned()
    }
}

/// Somebody who may do everything in the dashboard.
pub fn make_user(site: &Site, email: &str) {
    let words = ["user", "create", "--email", email, "--name", email, "--role", "owner", "--password-stdin"];
    let made = site.with_command_line(|| e2e::cli_with(&site.data, &words, PASSWORD));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
