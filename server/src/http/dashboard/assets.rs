//! The style sheet, the scripts and the icon, under names that change with their
//! content, so that browsers keep them for ever.

use std::sync::LazyLock;

use poem::http::{StatusCode, header};
use poem::{Request, Response};
use web::paths::Href;
use web::shell::Assets;
use web::texts::shell as text;

use crate::http::static_files::{APP_SCRIPT, APP_STYLE, ICON, QUERY_SCRIPT, StaticFile};

/// Where files are served: `/static/HASH/NAME`.
pub const ROUTE: &str = "/static/:hash/:name";

static FILES: [&LazyLock<StaticFile>; 4] = [&APP_STYLE, &APP_SCRIPT, &QUERY_SCRIPT, &ICON];

/// The addresses of this build.
pub static ASSETS: LazyLock<Assets> =
    LazyLock::new(|| Assets { css: address(&APP_STYLE), js: address(&APP_SCRIPT), favicon: address(&ICON) });

/// The script of the page Query alone.
pub static QUERY_SCRIPT_HREF: LazyLock<Href> = LazyLock::new(|| address(&QUERY_SCRIPT));

fn address(file: &StaticFile) -> Href {
    let StaticFile { name, document, .. } = file;
    Href::local(&format!("/static/{}/{name}", document.fingerprint())).expect("it is a path")
}

/// A file by its name; that of another build is not found, rather than wrong.
pub async fn serve(request: Request) -> Response {
    let (wanted, name): (String, String) = request.path_params().unwrap_or_default();
    let is_wanted = |file: &StaticFile| file.name == name && file.document.fingerprint() == wanted;
    let Some(file) = FILES.into_iter().find(|file| is_wanted(file)) else {
        return super::super::plain(StatusCode::NOT_FOUND, text::NO_SUCH_FILE);
    };
    let response = Response::builder()
        .content_type(file.content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    file.document.answer(request.headers(), response).await
}
