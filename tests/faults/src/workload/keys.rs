//! Keys without further ado: made, renamed, switched, deleted, restored and
//! replaced through every door, and verified all the time.

use std::fmt;

use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door, NewKey};
use crate::doors::page::Page;
use crate::model::{Known, Outcome};

const MOST_LIVE: usize = 6;
/// The oldest make room beyond that, which is long after they were deleted.
const MOST: usize = 20;

/// The keys of one thread.
pub struct Keys(Vec<Key>);

struct Key {
    /// The name it was made with; nothing else ever has it.
    tag: String,
    id: Option<String>,
    secret: Option<String>,
    known: Known<State>,
    /// How it was made, to ask again what became of it.
    made_by: Option<(Door, NewKey)>,
    /// When it was over, once it is replaced: the earliest and the latest.
    over_ms: (i64, i64),
}

#[derive(Clone, Debug, PartialEq)]
struct State {
    life: Life,
    enabled: bool,
    name: String,
    /// A successor has taken its place.
    replaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    Absent,
    Live,
    Deleted,
}

impl State {
    fn new(life: Life, name: &str) -> Self {
        Self { life, enabled: true, name: name.to_owned(), replaced: false }
    }

    /// What a verification must say. One that was replaced ends at a moment, so it is
    /// of use again while the clock is set back to before that.
    fn codes(&self, over_ms: (i64, i64), now_ms: (i64, i64)) -> &'static [&'static str] {
        match (self.life, self.enabled, self.replaced) {
            (Life::Absent | Life::Deleted, ..) => &["NOT_FOUND"],
            (_, false, _) => &["DISABLED"],
            (_, _, true) if now_ms.0 >= over_ms.1 => &["EXPIRED"],
            (_, _, true) if now_ms.1 < over_ms.0 => &["VALID"],
            (_, _, true) => &["EXPIRED", "VALID"],
            _ => &["VALID"],
        }
    }

    fn of_row(row: Option<&Value>, absent: &Self) -> Self {
        let Some(row) = row else { return Self::new(Life::Absent, &absent.name) };
        Self {
            life: if row["deleted_at"].is_null() { Life::Live } else { Life::Deleted },
            enabled: row["enabled"] == 1,
            name: row["name"].as_str().unwrap_or_default().to_owned(),
            replaced: !row["expires_at"].is_null(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} ({})", self.tag, self.id.as_deref().unwrap_or("no id"))
    }
}

impl Keys {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn create(&mut self, hand: &mut Hand<'_>) {
        let new = hand.new_key("key");
        let tag = new.name.clone();
        let change = Change::CreateKey(new.clone());
        let (door, outcome) = hand.doors.make(&change);
        let mut known = Known::new(State::new(Life::Absent, &tag));
        known.note(&outcome, State::new(Life::Live, &tag));
        let made = match outcome {
            Outcome::Refused(_) => return,
            Outcome::Done(made) => made,
            Outcome::Unsure { .. } => Default::default(),
        };
        self.0.push(Key {
            tag,
            id: made.id,
            secret: made.secret,
            known,
            made_by: Some((door, new)),
            over_ms: (0, 0),
        });
    }
}

impl Key {
    fn act(&mut self, hand: &mut Hand<'_>) -> Option<Self> {
        let state = self.known.sure()?.clone();
        let id = self.id.clone()?;
        let mut next = state.clone();
        let change = match (state.life, hand.below(10)) {
            (Life::Absent, _) => return None,
            (Life::Deleted, _) => {
                next.life = Life::Live;
                Change::RestoreKey { id }
            }
            (_, 0..4) => {
                next.enabled = !state.enabled;
                Change::SwitchKey { id, enabled: next.enabled }
            }
            (_, 4..7) => {
                next.name = hand.fresh("name");
                Change::RenameKey { id, name: next.name.clone() }
            }
            (_, 7..9) => {
                next.life = Life::Deleted;
                Change::DeleteKey { id }
            }
            // What is switched off or over already has no successor.
            _ if state.enabled && !state.replaced => return self.replace(hand, id, next),
            _ => return None,
        };
        let (_, outcome) = hand.doors.make(&change);
        self.known.note(&outcome, next);
        None
    }

    /// Replaces it; the successor is an object of its own.
    fn replace(&mut self, hand: &mut Hand<'_>, id: String, mut next: State) -> Option<Self> {
        next.replaced = true;
        let tag = next.name.clone();
        let earliest_ms = hand.site.clock.bounds_ms().0;
        let (_, outcome) = hand.doors.make(&Change::RerollKey { id });
        self.over_ms = (earliest_ms - 1, hand.site.clock.bounds_ms().1);
        self.known.note(&outcome, next);
        let mut known = Known::new(State::new(Life::Absent, &tag));
        known.note(&outcome, State::new(Life::Live, &tag));
        let made = outcome.done()?;
        Some(Self { tag, id: made.id, secret: made.secret, known, made_by: None, over_ms: (0, 0) })
    }

    /// Looks at it, by verifying it or reading it.
    fn look(&mut self, hand: &mut Hand<'_>) {
        let what = self.to_string();
        if let Some(secret) = &self.secret {
            let door = hand.doors.any_api();
            if let Outcome::Done(verdict) = hand.doors.connection.verify(door, secret, 0, None) {
                let seen = format!("{door:?} verifies: {}", verdict.code);
                let (over_ms, now_ms) = (self.over_ms, hand.site.clock.bounds_ms());
                let fits = |state: &State| state.codes(over_ms, now_ms).contains(&&*verdict.code);
                let seen = self.known.observe(&seen, fits);
                hand.site.journal.compare(&what, seen);
            }
        } else if let (None, Some((Door::V2, new))) = (&self.id, self.made_by.clone()) {
            self.ask_again(hand, new);
        }
    }

    /// Sends the same request once more, which must not make another key.
    fn ask_again(&mut self, hand: &mut Hand<'_>, new: NewKey) {
        let outcome = hand.doors.make_by(Door::V2, &Change::CreateKey(new));
        if let Some(Outcome::Done(made)) = outcome {
            let what = self.to_string();
            let seen =
                self.known.observe("made, says the same request again", |state| state.life == Life::Live);
            hand.site.journal.compare(&what, seen);
            self.id = made.id;
            self.secret = made.secret;
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        let what = self.to_string();
        if self.id.is_none() {
            let mut found = stored.rows("keys", "name", &self.tag);
            self.id = found.next().and_then(|row| row["id"].as_str()).map(ToOwned::to_owned);
            if found.next().is_some() {
                hand.violation(&what, "made once", "more than one key has its name");
            }
        }
        let row = self.id.as_deref().and_then(|id| stored.row("keys", id));
        let state = State::of_row(row, &State::new(Life::Absent, &self.tag));
        let groups = stored.groups(self.id.as_deref());
        hand.site.journal.compare(&what, self.known.settle(&state, groups));
        if let Some(id) = self.id.clone() {
            self.check_successor(hand, stored, &id, &state);
            self.check_doors(hand, &id, &state);
        }
    }

    fn check_successor(&self, hand: &Hand<'_>, stored: &Stored, id: &str, state: &State) {
        let successors = stored.rows("keys", "rotated_from", id).count();
        if successors != usize::from(state.replaced) {
            let model = format!("{} successors", u8::from(state.replaced));
            hand.violation(self, model, format!("{successors} stored"));
        }
    }

    /// What each door shows is what is stored.
    fn check_doors(&self, hand: &mut Hand<'_>, id: &str, state: &State) {
        let live = (state.life == Life::Live).then(|| (state.name.clone(), state.enabled));
        let shown = |key: Value| Some((key["name"].as_str()?.to_owned(), key["enabled"].as_bool()?));
        let v1 = hand.doors.connection.v1_read(&format!("keys.getKey?keyId={id}"));
        let v2 = hand.doors.connection.v2("keys.getKey", &json!({ "keyId": id }));
        for (door, answer) in [(Door::V1, v1), (Door::V2, v2)] {
            let found = hand.answered(self, answer).and_then(shown);
            if found != live {
                hand.violation(self, format!("stored: {live:?}"), format!("{door:?} shows {found:?}"));
            }
            let Some(secret) = &self.secret else { continue };
            let verdict = hand.doors.connection.verify(door, secret, 0, None);
            let codes = state.codes(self.over_ms, hand.site.clock.bounds_ms());
            if let Some(verdict) = hand.answered(self, verdict)
                && !codes.contains(&&*verdict.code)
            {
                let found = format!("{door:?} verifies: {}", verdict.code);
                hand.violation(self, codes.join(" or "), found);
            }
        }
        if state.life == Life::Live
            && hand.chance(0.3)
            && let Some(page) = hand.open(&format!("/keys/{id}/edit"))
        {
            let found = shown_by(&page, id);
            if found != live {
                hand.violation(self, format!("stored: {live:?}"), format!("the dashboard shows {found:?}"));
            }
        }
    }
}

fn shown_by(page: &Page, id: &str) -> Option<(String, bool)> {
    let form = page.form(&format!("/keys/{id}/edit"))?;
    Some((form.value("name")?.to_owned(), form.value("enabled").is_some()))
}

impl Workload for Keys {
    fn step(&mut self, hand: &mut Hand<'_>) {
        let live = self.0.iter().filter(|key| key.known.sure().is_some_and(|state| state.life == Life::Live));
        if hand.chance(1.0 - live.count().min(MOST_LIVE) as f64 / MOST_LIVE as f64) {
            return self.create(hand);
        }
        let Some(chosen) = hand.index(self.0.len()) else { return };
        let key = &mut self.0[chosen];
        // What is not in memory cannot be stale.
        key.look(hand);
        let successor = if hand.chance(0.6) { key.act(hand) } else { None };
        self.0[chosen].look(hand);
        self.0.extend(successor);
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        for key in &mut self.0 {
            key.check(hand, stored);
        }
        self.0.retain(|key| key.id.is_some());
        self.0.drain(..self.0.len().saturating_sub(MOST));
    }
}
