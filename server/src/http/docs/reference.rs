//! The interactive reference of an API: one page per version, and the script
//! that draws it, which is the same for both.
//!
//! Nothing comes from elsewhere, and no script stands in the page: the document
//! is data beside a script of this server, under a name that changes with it.
//! The script sets styles as it draws, which is all that is allowed inline.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::endpoint::make_sync;
use poem::http::header;
use poem::{Endpoint, Request, Response};
use poem_openapi::OpenApiService;
use serde_json::Value;

use super::{FOREVER, HTML, REVALIDATE, ROOT, fingerprint, found};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'none'";

/// Around the script in the page that poem-openapi makes.
const BEFORE_SCRIPT: &str = "<script charset=\"UTF-8\">";
const AFTER_SCRIPT: &str = "</script>";

static SCRIPT: LazyLock<Bytes> = LazyLock::new(|| {
    let page = OpenApiService::new((), "", "").scalar_html();
    let script = page.rsplit_once(BEFORE_SCRIPT).and_then(|(_, rest)| rest.split_once(AFTER_SCRIPT));
    Bytes::from(script.expect("the page has one script, a test shows").0.to_owned())
});

static SCRIPT_PATH: LazyLock<String> =
    LazyLock::new(|| format!("{ROOT}/assets/reference-{}.js", fingerprint(&SCRIPT)));

/// The script, if this is its path.
pub(super) fn script(request: &Request) -> Option<Response> {
    let is_ours = request.uri().path() == SCRIPT_PATH.as_str();
    is_ours.then(|| found(request.headers(), "text/javascript; charset=utf-8", FOREVER, SCRIPT.clone()))
}

/// The page that shows an OpenAPI document.
pub fn reference(document: &'static Value) -> impl Endpoint<Output = Response> + 'static {
    let page = LazyLock::<Bytes, _>::new(move || page(document).into());
    make_sync(move |request| {
        let mut response = found(request.headers(), HTML, REVALIDATE, page.clone());
        let policy = header::HeaderValue::from_static(POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    })
}

fn page(document: &Value) -> String {
    // Data of a script ends at the first end tag, whatever it is in.
    let data = document.to_string().replace("</", "<\\/");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>API reference · unkey</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <style>body {{ margin: 0 }}</style>\n</head>\n<body>\n\
         <script id=\"api-reference\" type=\"application/json\" \
         data-configuration='{{\"withDefaultFonts\":false}}'>{data}</script>\n\
         <script src=\"{script}\"></script>\n</body>\n</html>\n",
        script = SCRIPT_PATH.as_str(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_whole_and_ends_no_element() {
        assert!(SCRIPT.len() > 1 << 20 && SCRIPT.starts_with(b"/**"), "{} bytes", SCRIPT.len());
        let text = std::str::from_utf8(&SCRIPT).unwrap();
        assert!(text.contains("#api-reference") && text.trim_end().ends_with(';'));
        for evaluating in ["eval(", "new Function"] {
            let calls = text.match_indices(evaluating).filter(|(at, _)| {
                !text[..*at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))
            });
            assert_eq!(calls.count(), 0, "{evaluating} is forbidden by the policy");
        }
    }

    #[test]
    fn no_script_stands_in_the_page() {
        let html = page(&serde_json::json!({ "info": { "title": "</script><script>alert(1)</script>" } }));
        assert_eq!(html.matches("<script").count(), 3, "the title is data: {html}");
        assert_eq!(html.matches("</script>").count(), 2);
        assert!(!POLICY.contains("unsafe-eval") && POLICY.contains("script-src 'self'"));
    }
}
