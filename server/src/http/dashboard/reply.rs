//! What handlers answer with: a page, a redirect, a file.
//!
//! Every reply carries the policy under which pages run: nothing inline, all
//! from this server. Nothing is cached: pages hold what only their reader may
//! see.

use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Body, Response};
use web::components::{Flash, FlashKind};
use web::paths::Href;

use super::cookies::CookieName;
use super::flash;
use crate::http::headers::show_remedy;
use base::config::Config;
use base::error::Error;

/// Scripts, styles and requests of this server only; forms post to it alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A reply before it is a response.
pub struct Reply {
    kind: Kind,
    cookies: Vec<(CookieName, String, i64)>,
    flash: Option<Flash>,
    image_source: Option<String>,
    form_target: Option<String>,
    remedy: HeaderMap,
}

enum Kind {
    Page(StatusCode, String),
    Redirect(Href),
    /// Away from here.
    Program(String),
    File {
        content_type: &'static str,
        name: Option<String>,
        body: Body,
    },
}

impl Reply {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            cookies: Vec::new(),
            flash: None,
            image_source: None,
            form_target: None,
            remedy: HeaderMap::new(),
        }
    }

    /// A page.
    pub fn page(html: String) -> Self {
        Self::of(Kind::Page(StatusCode::OK, html))
    }

    /// A page that says why there is no other.
    pub fn page_with_status(status: StatusCode, html: String) -> Self {
        Self::of(Kind::Page(status, html))
    }

    /// The form once more, with what was wrong.
    pub fn form_again(html: String) -> Self {
        Self::of(Kind::Page(StatusCode::UNPROCESSABLE_ENTITY, html))
    }

    /// The form once more: with what was wrong, or as a button of it asked for.
    pub fn form_shown(is_refused: bool, html: String) -> Self {
        if is_refused { Self::form_again(html) } else { Self::page(html) }
    }

    /// The form once more, beside what was stored meanwhile.
    pub fn conflict(html: String) -> Self {
        Self::of(Kind::Page(StatusCode::CONFLICT, html))
    }

    /// Elsewhere; after an action, so that reloading repeats nothing.
    pub fn redirect(to: Href) -> Self {
        Self::of(Kind::Redirect(to))
    }

    /// To the address of a program, which the domain looked at.
    pub fn to_program(address: String) -> Self {
        Self::of(Kind::Program(address))
    }

    /// What is no page: a style, a stream of events.
    pub fn content(content_type: &'static str, body: Body) -> Self {
        Self::of(Kind::File { content_type, name: None, body })
    }

    /// Something to save.
    pub fn download(content_type: &'static str, name: String, body: Body) -> Self {
        Self::of(Kind::File { content_type, name: Some(name), body })
    }

    /// Says on the next page that an action is done.
    #[must_use]
    pub fn notice(self, message: impl Into<String>) -> Self {
        self.with_flash(FlashKind::Done, message.into(), None)
    }

    /// As [`Reply::notice`], with a way to take it back: where to POST.
    #[must_use]
    pub fn notice_with_undo(self, message: impl Into<String>, undo: Href) -> Self {
        self.with_flash(FlashKind::Done, message.into(), Some(undo))
    }

    /// Says on the next page why nothing was done.
    #[must_use]
    pub fn warning(self, message: impl Into<String>) -> Self {
        self.with_flash(FlashKind::Problem, message.into(), None)
    }

    fn with_flash(mut self, kind: FlashKind, message: String, undo: Option<Href>) -> Self {
        self.flash = Some(Flash { kind, message, undo });
        self
    }

    /// Sets a cookie for so many seconds; 0 takes it away.
    #[must_use]
    pub fn cookie(mut self, name: CookieName, value: impl Into<String>, seconds: i64) -> Self {
        self.cookies.push((name, value.into(), seconds));
        self
    }

    /// Lets the page show images of one more origin: the logo of a portal.
    #[must_use]
    pub fn images_from(mut self, origin: Option<String>) -> Self {
        self.image_source = origin;
        self
    }

    /// Lets the forms of the page lead to one more place: browsers hold the redirect
    /// that answers a form to the policy of its page.
    #[must_use]
    pub fn forms_end_at(mut self, source: String) -> Self {
        self.form_target = Some(source);
        self
    }

    /// Says in headers what helps against an error, where there is something.
    #[must_use]
    pub fn remedy(mut self, error: &Error) -> Self {
        show_remedy(&mut self.remedy, error);
        self
    }

    /// Whether it is made of texts that may be sent in fewer bytes: a page or a file.
    /// What is made bit by bit while somebody looks is short and never ends.
    pub fn is_compressible(&self) -> bool {
        matches!(self.kind, Kind::Page(..) | Kind::File { name: Some(_), .. })
    }

    fn policy(&self) -> String {
        let mut policy = POLICY.to_owned();
        for (part, more) in
            [("img-src 'self'", &self.image_source), ("form-action 'self'", &self.form_target)]
        {
            if let Some(more) = more {
                policy = policy.replace(part, &format!("{part} {more}"));
            }
        }
        policy
    }

    /// `flashed` says that the request brought a flash, which is shown by now.
    pub fn into_response(self, config: &Config, flashed: bool) -> Response {
        let policy = self.policy();
        let is_page = matches!(self.kind, Kind::Page(..));
        let mut response = match self.kind {
            Kind::Page(status, html) => {
                Response::builder().status(status).content_type("text/html; charset=utf-8").body(html)
            }
            Kind::Redirect(to) => Response::builder()
                .status(StatusCode::SEE_OTHER)
                .header(header::LOCATION, to.as_str())
                .finish(),
            Kind::Program(to) => {
                Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, to).finish()
            }
            Kind::File { content_type, name, body } => {
                let response = Response::builder().content_type(content_type);
                match name {
                    Some(name) => response
                        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
                        .body(body),
                    None => response.body(body),
                }
            }
        };
        let mut cookies: Vec<_> =
            self.cookies.iter().map(|(name, value, seconds)| name.set(config, value, *seconds)).collect();
        match &self.flash {
            Some(flash) => cookies.push(CookieName::Flash.set(config, &flash::encode(flash), flash::WAIT_S)),
            None if flashed && is_page => cookies.push(CookieName::Flash.end(config)),
            None => {}
        }
        let headers = response.headers_mut();
        for cookie in cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                headers.append(header::SET_COOKIE, value);
            }
        }
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        headers.extend(self.remedy);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }
}
