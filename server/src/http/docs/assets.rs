//! The stylesheet, the script and the icon of the documentation, under names that
//! change with their content, so that browsers keep them for good.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::{Request, Response};

use super::{FOREVER, ROOT, fingerprint, found};

/// A file of every page.
pub struct Asset {
    kind: &'static str,
    content: &'static str,
    /// Where it is served.
    pub path: String,
}

impl Asset {
    fn new(ending: &str, kind: &'static str, content: &'static str) -> Self {
        let path = format!("{ROOT}/assets/docs-{}.{ending}", fingerprint(content.as_bytes()));
        Self { kind, content, path }
    }
}

pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("css", "text/css; charset=utf-8", include_str!("../../../../static/docs.css"))
});
/// Adds buttons for copying; every page does without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("js", "text/javascript; charset=utf-8", include_str!("../../../../static/docs.js"))
});
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("svg", "image/svg+xml", include_str!("../../../../static/favicon.svg")));

/// The file, if this is the path of one.
pub(super) fn serve(request: &Request) -> Option<Response> {
    let asset = [&STYLE, &SCRIPT, &ICON].into_iter().find(|asset| asset.path == request.uri().path())?;
    Some(found(request.headers(), asset.kind, FOREVER, Bytes::from_static(asset.content.as_bytes())))
}

/// The icon where browsers look that were told nothing, as with a page of plain text.
pub(super) fn icon(request: Request) -> Response {
    found(request.headers(), ICON.kind, super::REVALIDATE, Bytes::from_static(ICON.content.as_bytes()))
}
