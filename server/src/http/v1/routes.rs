//! Which operation a request is for: by method and path, a few of which have a
//! parameter (docs/contract/v1.md#older-routes). Preflights are answered here.

use std::collections::HashMap;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use poem::http::{HeaderMap, Method, StatusCode};
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::Value;

use super::operation::Operation;
use super::serve::{OperationEndpoint, PathParameter};
use super::{DOCUMENT, refuse};
use crate::app::App;
use base::error::Code;

/// Where v1 itself served its document, beside the root of the server.
const OPENAPI: &str = "/v1/openapi.json";

type Mounted = BoxEndpoint<'static, Response>;

/// Operations by method and path.
pub(super) struct Routes {
    app: Arc<App>,
    off: bool,
    exact: HashMap<&'static str, Vec<(Method, Mounted)>>,
    /// Paths with a parameter, as segments.
    patterns: Vec<(Method, Vec<&'static str>, Mounted)>,
}

impl Routes {
    pub fn new(app: &Arc<App>, operations: Vec<Operation>) -> Self {
        let mut routes = Self { off: false, ..Self::none(app) };
        for operation in operations {
            let (method, path) = (operation.spec.method.clone(), operation.spec.path);
            let mounted = OperationEndpoint::new(app.clone(), operation).boxed();
            if path.contains('{') {
                routes.patterns.push((method, path.split('/').collect(), mounted));
            } else {
                routes.exact.entry(path).or_default().push((method, mounted));
            }
        }
        routes
    }

    /// The door is closed.
    pub fn none(app: &Arc<App>) -> Self {
        Self { app: app.clone(), off: true, exact: HashMap::new(), patterns: Vec::new() }
    }

    fn by_pattern(&self, method: &Method, path: &str) -> Option<(&Mounted, PathParameter)> {
        let segments: Vec<&str> = path.split('/').collect();
        self.patterns
            .iter()
            .filter(|(known, pattern, _)| known == method && pattern.len() == segments.len())
            .find_map(|(_, pattern, mounted)| Some((mounted, parameter(pattern, &segments)?)))
    }
}

/// The value of the one parameter, if all other segments are the same.
fn parameter(pattern: &[&'static str], segments: &[&str]) -> Option<PathParameter> {
    let mut found = None;
    for (part, segment) in pattern.iter().zip(segments) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => {
                found = Some(PathParameter { name, value: (*segment).to_owned() });
            }
            None if part == segment => {}
            _ => return None,
        }
    }
    found
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if request.method() == Method::OPTIONS {
            return Ok(preflight(request.headers()));
        }
        // A HEAD is a GET of which the server leaves the body out.
        let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
        let path = request.uri().path();
        let at_path = self.exact.get(path).map(Vec::as_slice).unwrap_or_default();
        if let Some((_, operation)) = at_path.iter().find(|(known, _)| *known == method) {
            return operation.call(request).await;
        }
        if let Some((operation, parameter)) = self.by_pattern(&method, path) {
            request.extensions_mut().insert(parameter);
            return operation.call(request).await;
        }
        if path == OPENAPI && method == Method::GET && !self.off {
            return Ok(document());
        }
        let detail = if self.off {
            "the v1 API is switched off on this server".to_owned()
        } else {
            format!("there is no operation at {method} {path}")
        };
        Ok(refuse(&self.app, &request, Code::RouteNotFound, detail))
    }
}

fn document() -> Response {
    let document: &Value = &DOCUMENT;
    Response::builder()
        .content_type("application/json")
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .body(document.to_string())
}

/// Any path, any headers (docs/contract/v1.md#preflights).
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,PUT,POST,DELETE,PATCH")
        .header(VARY, ACCESS_CONTROL_REQUEST_HEADERS.as_str())
        .finish();
    if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}
