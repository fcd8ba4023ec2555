//! A request of somebody who signed in and has a role in the workspace.
//!
//! Rights are the domain's; here is only what a page shows and a form sends.

use std::sync::Arc;

use super::local_time::zone_at;
use super::request_input::RequestInput;
use base::edit_version::Version;
use base::store::Page;
use chrono_tz::Tz;
use web::form::{FormState, NONCE};
use web::paths::{CURSOR, Here, Href, ROW_COUNTS, ROWS};
use web::shell::Shell;
use web::time::{Stamp, Zone};

use super::fields::Fields;
use crate::app::App;
use base::access::{Claimant, IdempotencyKey, OpCtx};
use base::error::{Error, Result};
use base::secret::KeyHash;
use domain::session::SignedIn;

/// A request of somebody who signed in.
pub struct MemberRequest {
    pub app: Arc<App>,
    /// Who acts and where, for the domain.
    pub cx: OpCtx,
    pub who: Arc<SignedIn>,
    pub shell: Shell,
    pub input: RequestInput,
    pub zone: Tz,
}

impl MemberRequest {
    /// The entity the path names.
    pub fn id(&self) -> &str {
        self.input.param("id")
    }

    pub fn query(&self) -> &Fields {
        &self.input.query
    }

    pub fn form(&self) -> &Fields {
        &self.input.form
    }

    pub fn now_ms(&self) -> i64 {
        self.cx.now_ms
    }

    /// This list, as its address has it.
    pub fn here(&self) -> Here {
        let path = Href::local(&self.input.path).unwrap_or_else(web::paths::home);
        Here::new(path, self.input.query.pairs().to_vec())
    }

    /// The page of a list that the address asks for.
    pub fn page(&self) -> Page {
        self.page_of(self.rows())
    }

    /// The same of a list whose pages have so many rows.
    pub fn page_of(&self, limit: u64) -> Page {
        Page { limit, cursor: self.query().given(CURSOR).map(ToOwned::to_owned) }
    }

    /// How many rows the address asks for: one of those that are offered.
    pub fn rows(&self) -> u64 {
        let asked = self.query().given(ROWS).and_then(|rows| rows.parse().ok());
        asked.filter(|rows| ROW_COUNTS.contains(rows)).unwrap_or(ROW_COUNTS[0])
    }

    /// The zone as it is at an instant.
    pub fn zone_at(&self, time_ms: i64) -> Zone {
        zone_at(self.zone, time_ms)
    }

    pub fn stamp(&self, time_ms: i64) -> Stamp {
        Stamp::new(time_ms, self.cx.now_ms, &self.zone_at(time_ms))
    }

    pub fn maybe_stamp(&self, time_ms: Option<i64>) -> Option<Stamp> {
        time_ms.map(|time_ms| self.stamp(time_ms))
    }

    /// A name for a create, so that it happens once however often it is input.
    pub fn nonce(&self) -> String {
        self.app.entropy.token()
    }

    /// The form to show again after the domain refused it, the reason at `field`
    /// (empty for the form as a whole). What no other input would help is an
    /// error still.
    pub fn refused_at(&self, field: &str, error: Error) -> Result<FormState> {
        self.input.refused_form(field, error)
    }

    /// The state that a form was made from, as it says itself. A form that says
    /// none is of no state.
    pub fn made_from(&self, field: &str) -> Version {
        Version::from(self.form().text(field))
    }

    pub fn refused(&self, error: Error) -> Result<FormState> {
        self.refused_at("", error)
    }

    /// The form to show again with problems found at its fields.
    pub fn form_with(&self, errors: Vec<(String, String)>) -> FormState {
        FormState { errors, ..self.input.form.state() }
    }
}

/// Names the change a form with a nonce is, within its session.
pub(super) fn idempotency_key(who: &SignedIn, input: &RequestInput) -> Option<Arc<IdempotencyKey>> {
    let nonce = input.form.given(NONCE)?;
    Some(Arc::new(IdempotencyKey {
        claimant: Claimant::Session(who.session.clone()),
        key_hash: KeyHash::of(nonce).to_base64(),
        request_hash: KeyHash::of(&input.path).to_base64(),
    }))
}
