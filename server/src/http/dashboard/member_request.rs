//! A request to the dashboard: who looks, at which workspace, and what was input.
//!
//! A [`MemberRequest`] is by somebody who signed in and has a role in the workspace; a
//! [`VisitorRequest`] by anybody. Rights are the domain's; here is only what a page shows
//! and a form sends.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use web::form::{FormState, NONCE};
use web::paths::{Here, Href};
use web::shell::{Frame, Shell};
use web::time::{Stamp, Zone};

use super::fields::Fields;
use super::upload::Upload;
use crate::app::App;
use base::error::{Code, Error, Result};
use base::op::{Claimant, IdempotencyKey, OpCtx};
use base::secret::{KeyHash, PlainKey};
use domain::session::SignedIn;

/// What came with a request, whoever sent it.
#[derive(Clone, Debug, Default)]
pub struct RequestInput {
    /// Path without the query.
    pub path: String,
    pub params: HashMap<String, String>,
    pub query: Fields,
    /// Empty unless something was posted.
    pub form: Fields,
    /// On its way still: whoever wants it has to take it.
    pub upload: Option<Arc<Upload>>,
    /// Value of the cookie of a second step.
    pub step: Option<PlainKey>,
    /// Value of the cookie of a browser that signed in before.
    pub device: Option<PlainKey>,
    /// Value of the cookie of an end user in a portal.
    pub portal: Option<PlainKey>,
    /// The page of this server that led here, without its query.
    pub referer: Option<Href>,
}

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

/// A request of somebody who may not have signed in.
pub struct VisitorRequest {
    pub app: Arc<App>,
    /// Of nobody, in no workspace.
    pub cx: OpCtx,
    pub frame: Frame,
    pub who: Option<Arc<SignedIn>>,
    pub input: RequestInput,
}

impl RequestInput {
    /// A parameter of the path, decoded.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
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
        refused(&self.input, field, error)
    }

    pub fn refused(&self, error: Error) -> Result<FormState> {
        self.refused_at("", error)
    }

    /// The form to show again with problems found at its fields.
    pub fn form_with(&self, errors: Vec<(String, String)>) -> FormState {
        FormState { errors, ..self.input.form.state() }
    }
}

impl VisitorRequest {
    pub fn form(&self) -> &Fields {
        &self.input.form
    }

    pub fn refused(&self, error: Error) -> Result<FormState> {
        refused(&self.input, "", error)
    }
}

fn refused(input: &RequestInput, field: &str, error: Error) -> Result<FormState> {
    if !is_about_input(error.code()) {
        return Err(error);
    }
    Ok(FormState { errors: vec![(field.to_owned(), error.detail().to_owned())], ..input.form.state() })
}

/// Whether other input could have been accepted.
fn is_about_input(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidInput
            | Code::ProtectedResource
            | Code::PreconditionFailed
            | Code::SignInRefused
            | Code::QuerySyntax
            | Code::PortalExists
            | Code::IdentityExists
            | Code::RoleExists
            | Code::PermissionExists
            | Code::KeyExists
            | Code::RatelimitExists
    )
}

pub(super) fn zone_at(zone: Tz, time_ms: i64) -> Zone {
    let utc = DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
    let local = zone.from_utc_datetime(&utc.naive_utc());
    Zone {
        offset_minutes: local.offset().fix().local_minus_utc() / 60,
        label: local.format("%Z").to_string(),
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
