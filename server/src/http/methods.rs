//! The methods that an address answers to.
//!
//! In place of poem's, whose refusal does not say which method would do, and whose
//! answer to HEAD does not say how long the page is. Of that answer the server below
//! leaves the body out.

use poem::endpoint::BoxEndpoint;
use poem::http::header::{ALLOW, HeaderValue};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response};

/// What GET and POST do at an address.
#[derive(Default)]
pub struct Methods {
    get: Option<BoxEndpoint<'static, Response>>,
    post: Option<BoxEndpoint<'static, Response>>,
    /// In place of a refusal.
    otherwise: Option<BoxEndpoint<'static, Response>>,
}

/// Answers GET, and HEAD as well.
pub fn get<E>(endpoint: E) -> Methods
where
    E: Endpoint<Output: IntoResponse> + 'static,
{
    Methods { get: Some(endpoint.map_to_response().boxed()), ..Methods::default() }
}

/// Answers POST.
pub fn post<E>(endpoint: E) -> Methods
where
    E: Endpoint<Output: IntoResponse> + 'static,
{
    Methods::default().post(endpoint)
}

impl Methods {
    /// Answers POST as well.
    pub fn post<E>(self, endpoint: E) -> Self
    where
        E: Endpoint<Output: IntoResponse> + 'static,
    {
        Self { post: Some(endpoint.map_to_response().boxed()), ..self }
    }

    /// Answers every other method as well.
    pub fn otherwise<E>(self, endpoint: E) -> Self
    where
        E: Endpoint<Output: IntoResponse> + 'static,
    {
        Self { otherwise: Some(endpoint.map_to_response().boxed()), ..self }
    }

    fn refuse(&self) -> Response {
        let allowed = match (&self.get, &self.post) {
            (Some(_), Some(_)) => "GET, HEAD, POST",
            (Some(_), None) => "GET, HEAD",
            (None, _) => "POST",
        };
        let mut response = super::plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        response
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        match (request.method(), &self.get, &self.post) {
            (&Method::GET, Some(get), _) => get.call(request).await,
            (&Method::POST, _, Some(post)) => post.call(request).await,
            (&Method::HEAD, Some(get), _) => {
                request.set_method(Method::GET);
                get.call(request).await
            }
            _ => match &self.otherwise {
                Some(otherwise) => otherwise.call(request).await,
                None => Ok(self.refuse()),
            },
        }
    }
}
