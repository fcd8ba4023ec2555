//! The stylesheet, the script and the icon of the documentation, under names that
//! change with their content, so that browsers keep them for good.

use std::sync::LazyLock;

use poem::http::header;
use poem::{Request, Response};

use super::{FOREVER, REVALIDATE, ROOT, with_policy};
use crate::http::static_files::{DOCS_SCRIPT, DOCS_STYLE, ICON as ICON_FILE, StaticFile};

/// A file of every page.
pub struct Asset {
    file: &'static StaticFile,
    /// Where it is served.
    pub path: String,
}

impl Asset {
    fn new(file: &'static StaticFile) -> Self {
        let ending = file.name.rsplit('.').next().unwrap_or_default();
        Self { file, path: format!("{ROOT}/assets/docs-{}.{ending}", file.document.fingerprint()) }
    }

    async fn answer(&self, request: &Request, cache: &'static str) -> Response {
        let response = with_policy(self.file.content_type).header(header::CACHE_CONTROL, cache);
        self.file.document.answer(request.headers(), response).await
    }
}

pub static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::new(&DOCS_STYLE));
/// Adds buttons for copying; every page does without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::new(&DOCS_SCRIPT));
pub static ICON: LazyLock<Asset> = LazyLock::new(|| Asset::new(&ICON_FILE));

/// The file, if this is the path of one.
pub(super) async fn serve(request: &Request) -> Option<Response> {
    let asset = [&STYLE, &SCRIPT, &ICON].into_iter().find(|asset| asset.path == request.uri().path())?;
    Some(asset.answer(request, FOREVER).await)
}

/// The icon where browsers look that were told nothing, as with a page of plain text.
pub(super) async fn icon(request: Request) -> Response {
    ICON.answer(&request, REVALIDATE).await
}
