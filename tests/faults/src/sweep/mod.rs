//! Every operation of both APIs and every form of the dashboard that changes
//! something, each on objects of its own, each reset at a random byte or before its
//! answer. What came of it is nobody's to tell, but then it stays: what the server
//! shows, with all it has in memory, is what it shows once started again.

pub mod forms;
pub mod look;
pub mod objects;
pub mod operations;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::checker::{await_quiet, check_files};
use crate::doors::Connection;
use crate::doors::dashboard::Browser;
use crate::model::{Mismatch, Outcome};
use crate::site::Site;
use forms::Route;
use objects::{Objects, Shared};

/// How often each is reset.
const TIMES: usize = 2;
const ACCOUNTS: usize = 4;

/// A server with nobody else on it.
pub struct Sweep<'a> {
    pub site: &'a Site,
    connection: Connection<'a>,
    browser: Browser,
    shared: Shared,
    /// The forms there are, those that are left for the end last.
    pub forms: Vec<Route>,
    made: usize,
}

/// Sweeps a server of its own, as far as `takes` says of the numbers of operations and
/// forms, and notes what is wrong in the journal of `site`.
pub fn run(site: &Site, rng: &mut StdRng, takes: impl Fn(usize) -> bool) {
    let own = match Site::new() {
        Ok(own) => own,
        Err(error) => {
            return site.journal.violation("a sweep", "a folder", error);
        }
    };
    own.start();
    if own.journal.violations().is_empty() {
        let swept = Sweep::new(&own, rng).reset_all(rng, takes);
        site.journal.line(&format!("swept {swept} operations and forms"));
    }
    own.stop();
    site.journal.take_in(&own.journal);
    let violations = own.journal.violations();
    let kept = (!violations.is_empty()).then(|| own.keep());
    for violation in violations {
        let what = format!("{}, in {}", violation.what, kept.as_deref().unwrap_or("".as_ref()).display());
        site.journal.violation(what, violation.model, violation.found);
    }
}

impl<'a> Sweep<'a> {
    pub fn new(site: &'a Site, rng: &mut StdRng) -> Self {
        let emails: Vec<_> = (0..ACCOUNTS).map(|number| format!("sweeper{number}@example.com")).collect();
        for email in &emails {
            crate::workload::make_user(site, email);
        }
        let mut connection = Connection::new(site, &mut StdRng::from_rng(rng));
        let shared = Shared::make(&mut connection);
        let browser = Browser::new(emails);
        let mut sweep = Self { site, connection, browser, shared, forms: Vec::new(), made: 0 };
        // While there is little else, lest forms are found that are about that.
        let objects = sweep.objects();
        sweep.forms = forms::find(&mut sweep.connection, &mut sweep.browser, &objects);
        sweep.forms.sort_by_key(Route::place);
        sweep
    }

    pub fn objects(&mut self) -> Objects {
        self.made += 1;
        Objects::make(&mut self.connection, self.made, &self.shared)
    }

    /// Sends everything once, undisturbed; answers what was not accepted, and why.
    pub fn refused(&mut self) -> Vec<String> {
        let mut refused = Vec::new();
        for operation in operations::all() {
            let objects = self.objects();
            let outcome = self.connection.send(&operations::request(operation, &objects));
            refused.extend(complaint(operation.1, &outcome.map(|_| ())));
        }
        let none = self.objects();
        for route in self.forms.clone() {
            let own = (!route.is_last()).then(|| self.objects());
            let objects = own.as_ref().unwrap_or(&none);
            let outcome = route.submit(&mut self.connection, &mut self.browser, objects);
            refused.extend(complaint(&route.to_string(), &outcome));
        }
        refused
    }

    /// Resets what is taken; answers how many operations and forms that were.
    fn reset_all(&mut self, rng: &mut StdRng, takes: impl Fn(usize) -> bool) -> usize {
        let mut number = 0;
        let mut taken = || {
            number += 1;
            takes(number)
        };
        let operations: Vec<_> = operations::all().filter(|_| taken()).collect();
        let forms = self.forms.iter().filter(|_| taken()).cloned();
        let (last, forms): (Vec<_>, Vec<_>) = forms.partition(Route::is_last);
        let mut touched = Vec::new();
        for operation in operations {
            let objects = self.objects();
            // What is not in memory cannot be stale.
            look::at(&mut self.connection, &objects);
            let request = operations::request(operation, &objects);
            for _ in 0..TIMES {
                let outcome = self.connection.resets(|connection| connection.send(&request));
                self.site.journal.outcome(&operation.1, &outcome);
            }
            touched.push((operation.1.to_owned(), objects));
        }
        for route in &forms {
            let objects = self.objects();
            look::at(&mut self.connection, &objects);
            self.reset_form(route, &objects);
            touched.push((route.action.clone(), objects));
        }
        self.compare(&touched, rng.random_bool(0.5));
        let none = self.objects();
        for route in &last {
            self.reset_form(route, &none);
        }
        self.finish();
        touched.len() + last.len()
    }

    fn reset_form(&mut self, route: &Route, objects: &Objects) {
        for _ in 0..TIMES {
            let browser = &mut self.browser;
            let outcome = self.connection.resets(|connection| route.submit(connection, browser, objects));
            self.site.journal.outcome(&route.action, &outcome);
        }
    }

    /// What is shown before a restart is shown after it.
    fn compare(&mut self, touched: &[(String, Objects)], by_a_kill: bool) {
        await_quiet(self.site);
        check_files(self.site);
        let all = |connection: &mut Connection<'_>| -> Vec<_> {
            touched.iter().map(|(_, objects)| look::at(connection, objects)).collect()
        };
        let before = all(&mut self.connection);
        if by_a_kill {
            self.site.kill();
        } else {
            self.site.stop();
        }
        self.site.start();
        self.site.await_ready();
        let after = all(&mut self.connection);
        check_files(self.site);
        for ((route, _), (before, after)) in touched.iter().zip(before.into_iter().zip(after)) {
            for ((what, before), (_, after)) in before.into_iter().zip(after) {
                let is_same = before == after;
                let mismatch = Mismatch { model: format!("after a restart: {after}"), found: before };
                let result = if is_same { Ok(()) } else { Err(mismatch) };
                self.site.journal.compare(&format!("{what} after {route}"), result);
            }
        }
    }

    /// Whatever ended at last, the server goes on.
    fn finish(&mut self) {
        await_quiet(self.site);
        check_files(self.site);
        self.site.stop();
        self.site.start();
        self.site.await_ready();
    }
}

fn complaint(route: &str, outcome: &Outcome<()>) -> Option<String> {
    match outcome {
        Outcome::Done(()) => None,
        Outcome::Refused(why) | Outcome::Unsure { why, .. } => Some(format!("{route}: {why}")),
    }
}
