//! Keys with credits: spent, one after the other and at the same time, set,
//! added to, taken from, and refilled by the server at midnight.

use std::collections::BTreeSet;
use std::fmt;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door};
use crate::doors::{Connection, Verdict};
use crate::model::Outcome;

const MOST: usize = 6;
const DAY_MS: i64 = 86_400_000;

/// The keys with credits of one thread.
pub struct Credits(Vec<Funded>);

struct Funded {
    name: String,
    id: String,
    secret: String,
    /// Balances there may be: more than one only while nobody can tell.
    possible: BTreeSet<i64>,
    /// Groups of audit entries there may be.
    groups: BTreeSet<u32>,
    /// Something that was sent may still be carried out.
    in_flight: bool,
    refill: Option<i64>,
    /// The day, of the server's clock, up to which midnights are accounted for.
    day: i64,
    /// A midnight has passed since, and its refill was not seen yet.
    is_due: bool,
}

impl fmt::Display for Funded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "funded key {} ({})", self.name, self.id)
    }
}

impl Credits {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn create(&mut self, hand: &mut Hand<'_>) {
        let credits = i64::from(hand.below(40));
        let refill = hand.chance(0.3).then(|| i64::from(hand.below(30)) + 1);
        let mut new = hand.new_key("funded");
        new.credits = Some(credits);
        new.refill = refill;
        let name = new.name.clone();
        let day = hand.site.clock.bounds_ms().0 / DAY_MS;
        // One that nobody can tell of is looked for among the plain keys only.
        let Outcome::Done(made) = hand.doors.make(&Change::CreateKey(new)).1 else { return };
        let (Some(id), Some(secret)) = (made.id, made.secret) else { return };
        let (possible, groups) = (BTreeSet::from([credits]), BTreeSet::from([1]));
        self.0.push(Funded {
            name,
            id,
            secret,
            possible,
            groups,
            in_flight: false,
            refill,
            day,
            is_due: false,
        });
    }
}

impl Funded {
    /// The balance, unless it may be another.
    fn sure(&self) -> Option<i64> {
        let allowed = self.allowed();
        allowed.first().copied().filter(|_| allowed.len() == 1 && !self.in_flight)
    }

    /// Balances there may be, a refill that is due included.
    fn allowed(&self) -> BTreeSet<i64> {
        let refilled = self.refill.filter(|_| self.is_due);
        let refilled =
            refilled.iter().flat_map(|amount| self.possible.iter().map(|balance| *amount.max(balance)));
        self.possible.iter().copied().chain(refilled).collect()
    }

    fn pass_midnights(&mut self, hand: &Hand<'_>) {
        let today = hand.site.clock.bounds_ms().1 / DAY_MS;
        if self.refill.is_some() && today > self.day {
            self.day = today;
            self.is_due = true;
        }
    }

    fn act(&mut self, hand: &mut Hand<'_>) {
        self.pass_midnights(hand);
        let Some(balance) = self.sure() else { return self.look(hand) };
        match hand.below(10) {
            0 => {
                let next = i64::from(hand.below(40));
                self.change(hand, next, None);
            }
            1..3 => {
                let amount = i64::from(hand.below(20)) + 1;
                let amount = if hand.chance(0.5) { amount } else { -amount };
                self.change(hand, (balance + amount).max(0), Some(amount));
            }
            3 => self.look(hand),
            _ => {
                let spenders = if hand.chance(0.5) { 1 } else { hand.below(5) as usize + 2 };
                self.spend(hand, spenders);
            }
        }
    }

    /// Sets the balance to `next`, or adds an amount that makes it so.
    fn change(&mut self, hand: &mut Hand<'_>, next: i64, amount: Option<i64>) {
        // A change to what is there already is none, and leaves no entry.
        if self.possible.contains(&next) {
            return;
        }
        let id = self.id.clone();
        let change = match amount {
            Some(amount) => Change::AddCredits { id, amount },
            None => Change::SetCredits { id, credits: next },
        };
        match hand.doors.make(&change).1 {
            Outcome::Done(_) => {
                self.possible = BTreeSet::from([next]);
                self.groups = self.groups.iter().map(|groups| groups + 1).collect();
            }
            Outcome::Refused(_) => {}
            Outcome::Unsure { in_flight, .. } => {
                self.in_flight |= in_flight;
                self.possible.insert(next);
                let more: Vec<_> = self.groups.iter().map(|groups| groups + 1).collect();
                self.groups.extend(more);
            }
        }
    }

    /// So many clients spend one credit each at the same moment.
    fn spend(&mut self, hand: &mut Hand<'_>, spenders: usize) {
        let (site, secret) = (hand.site, self.secret.as_str());
        let seeds: Vec<_> =
            (0..spenders).map(|_| (StdRng::from_rng(&mut hand.rng), hand.doors.any_api())).collect();
        let outcomes: Vec<Outcome<Verdict>> = std::thread::scope(|scope| {
            let spends = seeds.into_iter().map(|(mut rng, door)| {
                scope.spawn(move || Connection::new(site, &mut rng).verify(door, secret, 1, None))
            });
            let spends: Vec<_> = spends.collect();
            spends.into_iter().map(|spend| spend.join().expect("a client does not panic")).collect()
        });
        for outcome in &outcomes {
            hand.site.journal.outcome(&format!("spend of {self}"), outcome);
        }
        self.account(hand, &outcomes);
    }

    fn account(&mut self, hand: &Hand<'_>, outcomes: &[Outcome<Verdict>]) {
        let (mut spent, mut denied, mut unsure) = (0, 0, 0);
        for outcome in outcomes {
            match outcome {
                Outcome::Done(verdict) if verdict.code == "VALID" => spent += 1,
                Outcome::Done(verdict) if verdict.code == "USAGE_EXCEEDED" => denied += 1,
                Outcome::Done(verdict) => hand.violation(self, "VALID or USAGE_EXCEEDED", &verdict.code),
                Outcome::Refused(_) => {}
                Outcome::Unsure { in_flight, .. } => {
                    unsure += 1;
                    self.in_flight |= in_flight;
                }
            }
        }
        let after = |balance: i64| (0..=unsure).map(move |also| balance - spent - also);
        let mut possible: BTreeSet<i64> =
            self.allowed().into_iter().flat_map(after).filter(|left| *left >= 0).collect();
        if denied > 0 {
            // Nothing adds to it meanwhile: once there is too little, there stays too little.
            possible.retain(|left| *left == 0);
        }
        if possible.is_empty() {
            let found = format!("{spent} spent, {denied} denied, {unsure} unsure");
            hand.violation(self, format!("balance before: {:?}", self.allowed()), found);
            return;
        }
        if let [Outcome::Done(verdict)] = outcomes
            && let Some(credits) = verdict.credits
            && !possible.contains(&credits)
        {
            hand.violation(self, format!("{possible:?} left"), format!("{credits} left, says the spend"));
        }
        self.possible = possible;
    }

    /// Asks for the balance.
    fn look(&mut self, hand: &mut Hand<'_>) {
        let door = hand.doors.any_api();
        let Outcome::Done(verdict) = hand.doors.connection.verify(door, &self.secret, 0, None) else {
            return;
        };
        match verdict.credits {
            Some(credits) if self.allowed().contains(&credits) => {
                if !self.in_flight {
                    self.settle(credits);
                }
            }
            found => hand.violation(
                self,
                format!("{:?} left", self.allowed()),
                format!("{door:?} shows {found:?}"),
            ),
        }
    }

    fn settle(&mut self, balance: i64) {
        self.is_due &= self.possible.contains(&balance);
        self.possible = BTreeSet::from([balance]);
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        self.pass_midnights(hand);
        let row = stored.row("keys", &self.id);
        let Some(balance) = row.and_then(|row| row["remaining"].as_i64()) else {
            return hand.violation(self, format!("{:?} left", self.allowed()), format!("stored: {row:?}"));
        };
        if !self.allowed().contains(&balance) {
            hand.violation(self, format!("{:?} left", self.allowed()), format!("stored: {balance}"));
        }
        self.settle(balance);
        self.in_flight = false;
        let groups = stored.groups([self.id.as_str()]);
        if !self.groups.contains(&groups) {
            hand.violation(self, format!("{:?} groups of audit entries", self.groups), groups);
        }
        self.groups = BTreeSet::from([groups]);
        self.check_doors(hand, balance);
    }

    fn check_doors(&self, hand: &mut Hand<'_>, balance: i64) {
        let allowed = self.allowed();
        let v1 = hand.doors.connection.v1_read(&format!("keys.getKey?keyId={}", self.id));
        let v1 = hand.answered(self, v1).map(|key| key["remaining"].clone());
        let v2 = hand.doors.connection.v2("keys.getKey", &json!({ "keyId": self.id }));
        let v2 = hand.answered(self, v2).map(|key| key["credits"]["remaining"].clone());
        let mut shown = vec![("v1", v1), ("v2", v2)];
        for door in [Door::V1, Door::V2] {
            let verdict = hand.doors.connection.verify(door, &self.secret, 0, None);
            let verdict = hand.answered(self, verdict);
            shown.push(("a verification", verdict.map(|verdict| Value::from(verdict.credits))));
        }
        let edit = format!("/keys/{}/edit", self.id);
        if hand.chance(0.2)
            && let Some(page) = hand.open(&edit)
        {
            let value =
                page.form(&edit).and_then(|form| form.value("credits")?.replace(',', "").parse::<i64>().ok());
            shown.push(("the dashboard", value.map(Value::from)));
        }
        for (where_, found) in shown {
            let is_allowed =
                found.as_ref().and_then(Value::as_i64).is_some_and(|found| allowed.contains(&found));
            if !is_allowed {
                hand.violation(self, format!("stored: {balance}"), format!("{where_} shows {found:?}"));
            }
        }
    }
}

impl Workload for Credits {
    fn step(&mut self, hand: &mut Hand<'_>) {
        let settled = self.0.iter().filter(|key| key.sure().is_some()).count();
        if settled < 2 || self.0.len() < MOST && hand.chance(0.1) {
            return self.create(hand);
        }
        if let Some(chosen) = hand.index(self.0.len()) {
            self.0[chosen].act(hand);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        for key in &mut self.0 {
            key.check(hand, stored);
        }
        self.0.drain(..self.0.len().saturating_sub(MOST));
    }
}
