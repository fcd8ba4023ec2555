//! What came with a request, whoever sent it: the parts of its address, its form,
//! and the cookies that handlers ask for.

use std::collections::HashMap;
use std::sync::Arc;

use poem::Request;
use poem::http::header::{CONTENT_TYPE, REFERER};
use poem::http::{HeaderMap, Method};
use tokio::sync::Semaphore;
use web::form::FormState;
use web::paths::Href;
use web::texts::forms as text;

use super::cookies::CookieName;
use super::fields::Fields;
use super::upload;
use super::upload::Upload;
use crate::app::App;
use crate::http::request_lifecycle::{self, header};
use base::error::{Code, Error, Result};
use base::secret::PlainKey;

/// A form without a file.
const FORM_BYTES: usize = 1 << 20;

/// Longest query of an address: pages repeat it in their links.
const QUERY_BYTES: usize = 8 << 10;

/// The parameter of a path that opens something by itself. A secret has no other name in
/// an address (`server/tests/it/tidy.rs`).
const SECRET: &str = "token";

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

impl RequestInput {
    /// A parameter of the path, decoded.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// Whether the address is that of a link that works once: its page repeats it.
    pub fn has_secret_address(&self) -> bool {
        self.params.contains_key(SECRET)
    }

    /// The form to show again after the domain refused it, the reason at `field`
    /// (empty for the form as a whole). What no other input would help is an
    /// error still.
    pub fn refused_form(&self, field: &str, error: Error) -> Result<FormState> {
        if !is_about_input(error.code()) {
            return Err(error);
        }
        let errors = vec![(field.to_owned(), error.detail().to_owned())];
        Ok(FormState { errors, ..self.form.state() })
    }
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

/// What was sent. Of a form with a file only the fields before it are read here.
pub async fn read(
    app: &App,
    request: &mut Request,
    headers: &HeaderMap,
    uploads: Option<&Arc<Semaphore>>,
) -> Result<RequestInput> {
    let params: HashMap<String, String> = request.path_params().unwrap_or_default();
    if params.values().any(|value| value.contains('\0')) {
        return Err(Error::invalid(text::ADDRESS_HAS_NUL));
    }
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default();
    if query.len() > QUERY_BYTES {
        return Err(Error::invalid(text::query_too_long(QUERY_BYTES)));
    }
    let query = Fields::bounded(query.as_bytes())?;
    let (mut form, mut upload) = (Fields::default(), None);
    if request.method() == Method::POST {
        request_lifecycle::check_coding(headers)?;
        let kind = header(headers, &CONTENT_TYPE).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let places = uploads.ok_or_else(|| Error::new(Code::BodyUnreadable, text::FORM_TAKES_NO_FILE))?;
            (form, upload) = upload::begin(request, places, FORM_BYTES).await?;
        } else {
            let body = request_lifecycle::read_body(headers, request.take_body(), FORM_BYTES).await?;
            form = Fields::bounded(&body)?;
        }
    }
    let secret =
        |name: CookieName| name.read(&app.config, headers).map(|value| PlainKey::new(value.to_owned()));
    let [step, device, portal] = [CookieName::Step, CookieName::Device, CookieName::Portal].map(secret);
    Ok(RequestInput {
        path,
        params,
        query,
        form,
        upload,
        step,
        device,
        portal,
        referer: referer(app, headers),
    })
}

/// The page of ours that a request came from, with its query.
fn referer(app: &App, headers: &HeaderMap) -> Option<Href> {
    let referer = header(headers, &REFERER)?;
    let base = request_lifecycle::base_url(app, headers);
    let rest = referer.strip_prefix(base.as_str()).or_else(|| referer.strip_prefix(app.origin().as_str()))?;
    Href::local(rest)
}
