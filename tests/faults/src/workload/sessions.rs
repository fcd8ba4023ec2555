//! Sessions of the dashboard, begun and ended, and sessions of end users in a
//! portal: made, exchanged and revoked. Who was signed out stays out.

use std::fmt;

use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door};
use crate::doors::dashboard::{Browser, SIGNED_OUT};
use crate::doors::v2;
use crate::model::{Known, Outcome};

const MOST: usize = 4;
const DAY_MS: i64 = 86_400_000;

/// One thread's sessions.
pub struct Sessions {
    email: String,
    dashboard: Vec<Session>,
    /// Sessions that a rotation of the master key has voided: not ended, of no use.
    voided: usize,
    /// Sessions of which nobody can tell: whether they began, or have ended.
    unsure: usize,
    portal: String,
    visits: Vec<Visit>,
}

/// Of the dashboard.
struct Session {
    browser: Browser,
    is_on: Known<bool>,
    /// The master key when it began.
    rotation: u32,
    is_void: bool,
}

/// Of a portal. Each has an end user of its own.
struct Visit {
    external_id: String,
    id: Option<String>,
    code: Option<String>,
    token: Option<Token>,
    known: Known<State>,
}

/// Lasts a day of the server's clock, which is less of the true time for one that was made
/// while the clock was back.
struct Token {
    text: String,
    /// The earliest that it may end, Unix milliseconds.
    ends_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Absent,
    Made,
    Exchanged,
    Revoked { exchanged: bool },
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "portal session of {} ({})", self.external_id, self.id.as_deref().unwrap_or("no id"))
    }
}

impl State {
    fn of_row(row: Option<&Value>) -> Self {
        let Some(row) = row else { return Self::Absent };
        let exchanged = row["exchanged"] == 1;
        match (row["revoked_at"].is_null(), exchanged) {
            (false, _) => Self::Revoked { exchanged },
            (_, true) => Self::Exchanged,
            _ => Self::Made,
        }
    }

    fn is_exchanged(self) -> bool {
        matches!(self, Self::Exchanged | Self::Revoked { exchanged: true })
    }
}

impl Sessions {
    pub fn new(hand: &mut Hand<'_>) -> Self {
        let email = format!("{}@example.com", hand.fresh("guest"));
        super::make_user(hand.site, &email);
        let own = std::mem::take(&mut hand.api);
        hand.api = hand.make_api();
        let new = hand.new_key("portal");
        let made = hand.prepare(Door::V2, &Change::CreateKey(new));
        hand.api = own;
        let verified = hand.prepare_v2("keys.verifyKey", &json!({ "key": made.secret }));
        let portal = hand.fresh("portal");
        let body = json!({ "slug": portal, "displayName": portal, "keyspaceId": verified["keyspaceId"] });
        hand.prepare_v2("portal.createPortal", &body);
        Self { email, dashboard: Vec::new(), voided: 0, unsure: 0, portal, visits: Vec::new() }
    }

    fn sign_in(&mut self, hand: &mut Hand<'_>) {
        let mut browser = Browser::new(vec![self.email.clone()]);
        let rotation = hand.site.rotation();
        let outcome = browser.sign_in(&mut hand.doors.connection);
        hand.site.journal.outcome(&format!("signing in as {}", self.email), &outcome);
        let mut is_on = Known::new(false);
        is_on.note(&outcome, true);
        match outcome {
            Outcome::Done(()) => self.dashboard.push(Session { browser, is_on, rotation, is_void: false }),
            Outcome::Refused(_) => {}
            Outcome::Unsure { .. } => self.unsure += 1,
        }
    }

    fn create_visit(&mut self, hand: &mut Hand<'_>) {
        let external_id = hand.fresh("visitor");
        let body = json!({ "portal": self.portal, "externalId": external_id, "scopes": ["keys:read"] });
        let outcome = hand.doors.connection.v2("portal.createSession", &body);
        hand.site.journal.outcome(&format!("portal session of {external_id}"), &outcome);
        let mut known = Known::new(State::Absent);
        known.note(&outcome, State::Made);
        let mut visit = Visit { external_id, id: None, code: None, token: None, known };
        match outcome {
            Outcome::Refused(_) => return,
            Outcome::Done(data) => {
                visit.id = data["id"].as_str().map(ToOwned::to_owned);
                visit.code = data["url"].as_str().and_then(|url| Some(url.split_once("code=")?.1.to_owned()));
            }
            Outcome::Unsure { .. } => {}
        }
        self.visits.push(visit);
    }

    fn check_dashboard(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        for session in &mut self.dashboard {
            session.is_on.quiet();
            session.look(hand, true);
        }
        let user = stored.rows("users", "email", &self.email).next();
        let user = user.and_then(|row| row["id"].as_str()).unwrap_or_default();
        let rows: Vec<_> = stored.rows("sessions", "user_id", user).collect();
        let live = rows.iter().filter(|row| row["revoked_at"].is_null()).count();
        for session in self.dashboard.extract_if(.., |session| session.is_void) {
            match session.is_on.sure() {
                Some(true) => self.voided += 1,
                Some(false) => {}
                None => self.unsure += 1,
            }
        }
        let on =
            self.voided + self.dashboard.iter().filter(|session| session.is_on.sure() == Some(&true)).count();
        let what = format!("sessions of {}", self.email);
        if !(on..=on + self.unsure).contains(&live) {
            hand.violation(
                &what,
                format!("{on} live, {} unsure", self.unsure),
                format!("{live} stored as live"),
            );
        }
        // The user, each session, and each end of one have left a group of entries.
        let groups = stored.groups([user]) as usize;
        let expected = 1 + rows.len() + (rows.len() - live);
        if groups != expected {
            hand.violation(&what, format!("{expected} groups of audit entries"), groups);
        }
    }
}

impl Session {
    fn sign_out(&mut self, hand: &mut Hand<'_>) {
        if self.is_on.sure() != Some(&true) {
            return;
        }
        let Outcome::Done(page) = self.browser.open(&mut hand.doors.connection, "/shortcuts") else { return };
        let Some(form) = page.form("/logout") else {
            return hand.violation(&"a page of the dashboard", "a form to sign out", "none");
        };
        let outcome = self.browser.submit(&mut hand.doors.connection, form, &form.fields);
        hand.site.journal.outcome(&format!("signing out {}", self.browser.email()), &outcome);
        self.is_on.note(&outcome, false);
    }

    /// Whether the master key was rotated since, which its cookie is signed by.
    fn may_be_void(&self, hand: &Hand<'_>) -> bool {
        hand.site.may_be_rotated_since(self.rotation)
    }

    /// Opens a page with its cookie; `must` when nothing is wrong.
    fn look(&mut self, hand: &mut Hand<'_>, must: bool) {
        let outcome = self.browser.open(&mut hand.doors.connection, "/shortcuts");
        let found = match outcome {
            Outcome::Done(_) => true,
            Outcome::Refused(why) if why == SIGNED_OUT && self.may_be_void(hand) => {
                self.is_void = true;
                return;
            }
            Outcome::Refused(why) if why == SIGNED_OUT => false,
            other if must => {
                return hand.violation(&"a page of the dashboard", "an answer", format!("{other:?}"));
            }
            _ => return,
        };
        let seen = self.is_on.observe(&format!("signed in: {found}"), |is_on| *is_on == found);
        hand.site.journal.compare(&format!("session of {}", self.browser.email()), seen);
    }
}

impl Visit {
    fn act(&mut self, hand: &mut Hand<'_>, portal: &str) {
        let Some(state) = self.known.sure().copied() else { return };
        match state {
            State::Made if hand.chance(0.8) => self.exchange(hand),
            State::Made | State::Exchanged => self.revoke(hand, portal, state),
            State::Absent | State::Revoked { .. } => {}
        }
    }

    fn exchange(&mut self, hand: &mut Hand<'_>) {
        let Some(code) = self.code.clone() else { return };
        let request = v2::portal_call("portal.exchangeCode", &json!({ "code": code }), "");
        let ends_ms = hand.site.clock.bounds_ms().0 + DAY_MS;
        let outcome = hand.doors.connection.send(&request);
        hand.site.journal.outcome(&format!("exchange for {self}"), &outcome);
        self.known.note(&outcome, State::Exchanged);
        if let Outcome::Done(reply) = outcome {
            let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            let text = body["data"]["accessToken"].as_str();
            self.token = text.map(|text| Token { text: text.to_owned(), ends_ms });
        }
    }

    fn revoke(&mut self, hand: &mut Hand<'_>, portal: &str, state: State) {
        let body = json!({ "portal": portal, "externalId": self.external_id });
        let outcome = hand.doors.connection.v2("portal.revokeSession", &body);
        hand.site.journal.outcome(&format!("revocation of {self}"), &outcome);
        self.known.note(&outcome, State::Revoked { exchanged: state.is_exchanged() });
    }

    /// Uses its token, if there is one; whether it is accepted.
    fn accepted(&self, hand: &mut Hand<'_>) -> Option<bool> {
        let request = v2::portal_call("portal.listKeys", &json!({}), &self.token.as_ref()?.text);
        match hand.wire().answer(&hand.site.base(), &request).ok()?.status {
            200 => Some(true),
            401 => Some(false),
            _ => None,
        }
    }

    /// Whether a clock that was moved may have ended its token: then a refusal tells nothing.
    fn may_have_ended(&self, hand: &Hand<'_>) -> bool {
        self.token.as_ref().is_some_and(|token| hand.site.clock.bounds_ms().1 >= token.ends_ms)
    }

    fn look(&mut self, hand: &mut Hand<'_>) {
        if let Some(accepted) = self.accepted(hand) {
            if !accepted && self.may_have_ended(hand) {
                return;
            }
            let fits = |state: &State| (*state == State::Exchanged) == accepted;
            let seen = self.known.observe(&format!("token accepted: {accepted}"), fits);
            hand.site.journal.compare(&self.to_string(), seen);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        let rows: Vec<_> = stored.rows("portal_sessions", "external_id", &self.external_id).collect();
        if rows.len() > 1 {
            hand.violation(self, "made once", format!("stored: {rows:?}"));
        }
        let row = rows.first().copied();
        self.id = row.and_then(|row| row["id"].as_str()).map(ToOwned::to_owned);
        let state = State::of_row(row);
        // That it was revoked is an entry about the portal.
        let revoked = u32::from(matches!(state, State::Revoked { .. }));
        let groups = stored.groups(self.id.as_deref()) + revoked;
        hand.site.journal.compare(&self.to_string(), self.known.settle(&state, groups));
        if self.token.is_some() {
            let found = self.accepted(hand);
            let is_ended = found == Some(false) && self.may_have_ended(hand);
            if found != Some(state == State::Exchanged) && !is_ended {
                hand.violation(self, format!("stored: {state:?}"), format!("token accepted: {found:?}"));
            }
        }
    }
}

impl Workload for Sessions {
    fn step(&mut self, hand: &mut Hand<'_>) {
        if hand.chance(0.4) {
            return match hand.index(self.dashboard.len()) {
                Some(chosen) if self.dashboard.len() >= MOST || hand.chance(0.7) => {
                    let session = &mut self.dashboard[chosen];
                    session.look(hand, false);
                    if hand.chance(0.3) {
                        session.sign_out(hand);
                        session.look(hand, false);
                    }
                }
                _ => self.sign_in(hand),
            };
        }
        if self.visits.len() < MOST || hand.chance(0.2) {
            return self.create_visit(hand);
        }
        let portal = self.portal.clone();
        if let Some(chosen) = hand.index(self.visits.len()) {
            let visit = &mut self.visits[chosen];
            visit.look(hand);
            visit.act(hand, &portal);
            visit.look(hand);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        self.check_dashboard(hand, stored);
        for visit in &mut self.visits {
            visit.check(hand, stored);
        }
        // Those whose end was compared make room.
        self.dashboard.retain(|session| session.is_on.sure() == Some(&true));
        self.visits.retain(|visit| visit.id.is_some());
        self.visits.drain(..self.visits.len().saturating_sub(2 * MOST));
    }
}
