//! The style sheet, the script and the icon, under names that change with their
//! content, so that browsers keep them for ever.

use std::sync::LazyLock;

use poem::http::{StatusCode, header};
use poem::{Request, Response};
use rust_embed::{Embed, EmbeddedFile};
use web::paths::Href;
use web::shell::Assets;

#[derive(Embed)]
#[folder = "../static/"]
#[exclude = "docs.*"]
struct Static;

/// Where files are served: `/static/HASH/NAME`.
pub const ROUTE: &str = "/static/:hash/:name";

/// The addresses of this build.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: address("app.css"),
    js: address("app.js"),
    favicon: address("favicon.svg"),
});

fn address(name: &str) -> Href {
    let file = Static::get(name).expect("the file is in the binary");
    Href::local(&format!("/static/{}/{name}", hash(&file))).expect("it is a path")
}

fn hash(file: &EmbeddedFile) -> String {
    let bytes = file.metadata.sha256_hash();
    bytes[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file by its name; that of another build is not found, rather than wrong.
pub fn serve(request: &Request) -> Response {
    let (wanted, name): (String, String) = request.path_params().unwrap_or_default();
    let Some(file) = Static::get(&name).filter(|file| hash(file) == wanted) else {
        return super::super::plain(StatusCode::NOT_FOUND, "There is no such file.\n");
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    Response::builder()
        .content_type(kind)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(file.data.into_owned())
}
