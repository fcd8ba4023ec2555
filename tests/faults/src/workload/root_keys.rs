//! Root keys: made, switched and revoked through every door, and used.

use std::fmt;

use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door};
use crate::doors::{v1, v2};
use crate::model::{Known, Outcome};

const MOST_LIVE: usize = 3;
const MOST: usize = 10;

/// The root keys of one thread.
pub struct RootKeys(Vec<RootKey>);

struct RootKey {
    name: String,
    id: Option<String>,
    secret: Option<String>,
    known: Known<State>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Absent,
    On,
    Off,
    Revoked,
}

impl fmt::Display for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root key {} ({})", self.name, self.id.as_deref().unwrap_or("no id"))
    }
}

impl State {
    /// What a call with it is answered.
    fn status(self) -> u16 {
        match self {
            Self::On => 200,
            Self::Off => 403,
            Self::Absent | Self::Revoked => 401,
        }
    }

    fn of_row(row: Option<&Value>) -> Self {
        match row {
            None => Self::Absent,
            Some(row) if !row["deleted_at"].is_null() => Self::Revoked,
            Some(row) if row["enabled"] == 1 => Self::On,
            Some(_) => Self::Off,
        }
    }
}

impl RootKeys {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn create(&mut self, hand: &mut Hand<'_>) {
        let name = hand.fresh("root");
        let (_, outcome) = hand.doors.make(&Change::CreateRootKey { name: name.clone() });
        let mut known = Known::new(State::Absent);
        known.note(&outcome, State::On);
        let made = match outcome {
            Outcome::Refused(_) => return,
            Outcome::Done(made) => made,
            Outcome::Unsure { .. } => Default::default(),
        };
        self.0.push(RootKey { name, id: made.id, secret: made.secret, known });
    }
}

impl RootKey {
    fn act(&mut self, hand: &mut Hand<'_>) {
        let (Some(state), Some(id)) = (self.known.sure().copied(), self.id.clone()) else { return };
        let (change, next) = match state {
            State::Absent | State::Revoked => return,
            _ if hand.chance(0.3) => (Change::RevokeRootKey { id, name: self.name.clone() }, State::Revoked),
            State::On => (Change::SwitchRootKey { id, enabled: false }, State::Off),
            State::Off => (Change::SwitchRootKey { id, enabled: true }, State::On),
        };
        let (_, outcome) = hand.doors.make(&change);
        self.known.note(&outcome, next);
    }

    /// The status of a call with it; `None` when nothing is answered.
    fn call(&self, hand: &mut Hand<'_>, door: Door) -> Option<u16> {
        let secret = self.secret.as_ref()?;
        let request = match door {
            Door::V1 => v1::read(&format!("apis.getApi?apiId={}", hand.api), secret),
            _ => v2::call("apis.getApi", &json!({ "apiId": hand.api }), secret),
        };
        let status = hand.wire().answer(&hand.site.base(), &request).ok()?.status;
        (status < 500).then_some(status)
    }

    fn look(&mut self, hand: &mut Hand<'_>) {
        let door = hand.doors.any_api();
        if let Some(status) = self.call(hand, door) {
            let seen =
                self.known.observe(&format!("{door:?} answers {status}"), |state| state.status() == status);
            hand.site.journal.compare(&self.to_string(), seen);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        if self.id.is_none() {
            let mut found = stored.rows("root_keys", "name", &self.name);
            self.id = found.next().and_then(|row| row["id"].as_str()).map(ToOwned::to_owned);
            if found.next().is_some() {
                hand.violation(self, "made once", "more than one has its name");
            }
        }
        let row = self.id.as_deref().and_then(|id| stored.row("root_keys", id));
        let state = State::of_row(row);
        let groups = stored.groups(self.id.as_deref());
        hand.site.journal.compare(&self.to_string(), self.known.settle(&state, groups));
        for door in [Door::V1, Door::V2] {
            let found = self.call(hand, door);
            if self.secret.is_some() && found != Some(state.status()) {
                hand.violation(self, format!("stored: {state:?}"), format!("{door:?} answers {found:?}"));
            }
        }
        self.check_page(hand, state);
    }

    /// The dashboard lists it as what it is.
    fn check_page(&self, hand: &mut Hand<'_>, state: State) {
        let Some(id) = &self.id else { return };
        let Some(page) = hand.open("/root-keys") else { return };
        let offers = |act: &str| page.form(&format!("/root-keys/{id}/{act}")).is_some();
        let found = match (offers("disable"), offers("enable")) {
            (true, _) => "on",
            (_, true) => "off",
            _ => "not there",
        };
        let model = match state {
            State::On => "on",
            State::Off => "off",
            State::Absent | State::Revoked => "not there",
        };
        // The list is cut into pages; those at its end are not looked for.
        if found != model && found != "not there" {
            hand.violation(self, model, format!("the dashboard shows it {found}"));
        }
    }
}

impl Workload for RootKeys {
    fn step(&mut self, hand: &mut Hand<'_>) {
        let live = self.0.iter().filter(|key| key.known.sure().is_some_and(|state| state.status() != 401));
        if hand.chance(1.0 - live.count().min(MOST_LIVE) as f64 / MOST_LIVE as f64) {
            return self.create(hand);
        }
        if let Some(chosen) = hand.index(self.0.len()) {
            let key = &mut self.0[chosen];
            key.look(hand);
            key.act(hand);
            key.look(hand);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        for key in &mut self.0 {
            key.check(hand, stored);
        }
        self.0.retain(|key| key.id.is_some());
        self.0.drain(..self.0.len().saturating_sub(MOST));
    }
}
