//! What an operator does: shuts an API's keys out by address and lets them in
//! again, and rotates the master key under keys that are kept encrypted.

use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door};
use crate::model::{Known, Outcome};

/// Nobody here has this address.
const ELSEWHERE: &str = "192.0.2.1";
const MOST_KEPT: usize = 4;

/// The API and the keys of one thread's operator.
pub struct Operator {
    api: String,
    secret: String,
    /// Whether the list keeps everybody out.
    is_shut: Known<bool>,
    /// Ids and secrets of keys that are kept encrypted.
    kept: Vec<(String, String)>,
}

impl Operator {
    pub fn new(hand: &mut Hand<'_>) -> Self {
        let own = std::mem::take(&mut hand.api);
        let api = hand.make_api();
        let words = ["api", "set", &api, "--recoverable", "on"];
        let site = hand.site;
        let set = site.with_command_line(|| e2e::cli(&site.data, &words));
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        hand.api.clone_from(&api);
        let new = hand.new_key("shut");
        let made = hand.prepare(Door::V2, &Change::CreateKey(new));
        hand.api = own;
        let mut is_shut = Known::new(false);
        // Making the API and setting it up.
        (0..2).for_each(|_| is_shut.note(&Outcome::Done(()), false));
        Self { api, secret: made.secret.unwrap_or_default(), is_shut, kept: Vec::new() }
    }

    fn shut_or_open(&mut self, hand: &mut Hand<'_>) {
        let Some(is_shut) = self.is_shut.sure().copied() else { return };
        let addresses = if is_shut { "" } else { ELSEWHERE };
        let (_, outcome) = hand.doors.make(&Change::SetAllowlist { api: self.api.clone(), addresses });
        self.is_shut.note(&outcome, !is_shut);
    }

    fn look(&mut self, hand: &mut Hand<'_>) {
        let door = hand.doors.any_api();
        if let Outcome::Done(verdict) = hand.doors.connection.verify(door, &self.secret, 0, None) {
            let seen = format!("{door:?} verifies: {}", verdict.code);
            let seen = self.is_shut.observe(&seen, |is_shut| code(*is_shut) == verdict.code);
            hand.site.journal.compare(&format!("address list of {}", self.api), seen);
        }
    }

    fn keep_one(&mut self, hand: &mut Hand<'_>) {
        let mut new = hand.new_key("kept");
        new.recoverable = true;
        new.api.clone_from(&self.api);
        if let Outcome::Done(made) = hand.doors.make(&Change::CreateKey(new)).1
            && let (Some(id), Some(secret)) = (made.id, made.secret)
        {
            self.kept.push((id, secret));
        }
    }

    /// A kept key is readable whatever became of rotations.
    fn read_one(&self, hand: &mut Hand<'_>, must: bool) {
        let kept = self.kept.clone();
        for (id, secret) in if must { kept } else { hand.pick(&kept).cloned().into_iter().collect() } {
            let outcome = hand.doors.connection.v2("keys.getKey", &json!({ "keyId": id, "decrypt": true }));
            let found = match (outcome, must) {
                (Outcome::Done(key), _) => key["plaintext"].clone(),
                (_, false) => continue,
                (other, true) => Value::from(format!("{other:?}")),
            };
            if found != secret.as_str() {
                hand.violation(&format!("kept key {id}"), "its secret", found);
            }
        }
    }
}

fn code(is_shut: bool) -> &'static str {
    if is_shut { "FORBIDDEN" } else { "VALID" }
}

impl Workload for Operator {
    fn step(&mut self, hand: &mut Hand<'_>) {
        match hand.below(24) {
            0..3 => hand.rotate_master_key(),
            3..6 if self.kept.len() < MOST_KEPT => self.keep_one(hand),
            3..12 => self.read_one(hand, false),
            _ => {
                self.look(hand);
                self.shut_or_open(hand);
                self.look(hand);
            }
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        let what = format!("address list of {}", self.api);
        let row = stored.row("apis", &self.api);
        let is_shut =
            row.is_some_and(|row| row["ip_allowlist"].as_str().is_some_and(|list| list.contains(ELSEWHERE)));
        let keys = stored.rows("keys", "api_id", &self.api).filter_map(|key| key["id"].as_str());
        let groups = stored.groups_apart(&self.api, keys);
        hand.site.journal.compare(&what, self.is_shut.settle(&is_shut, groups));
        for door in [Door::V1, Door::V2] {
            let verdict = hand.doors.connection.verify(door, &self.secret, 0, None);
            let found = hand.answered(&what, verdict).map(|verdict| verdict.code);
            if found.as_deref() != Some(code(is_shut)) {
                hand.violation(&what, code(is_shut), format!("{door:?} verifies: {found:?}"));
            }
        }
        self.read_one(hand, true);
    }
}
