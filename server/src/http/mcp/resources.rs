//! The pages of the documentation, as resources.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents};

use super::quoted;
use crate::http::docs::{self, Page};

const SCHEME: &str = "docs://unkey/";
const MARKDOWN: &str = "text/markdown";

/// The address of a page among the resources.
pub fn uri(page: &Page) -> String {
    format!("{SCHEME}{}", page.file)
}

pub fn list() -> Vec<Resource> {
    let resource = |page: &Page| {
        Resource::new(uri(page), page.file.as_str())
            .with_title(page.title.as_str())
            .with_description(page.summary.as_str())
            .with_mime_type(MARKDOWN)
            .with_size(page.markdown.len() as u64)
    };
    docs::pages().iter().map(resource).collect()
}

/// Fails where no page has this address.
pub fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let page = uri.strip_prefix(SCHEME).and_then(docs::page_of_file);
    let page = page.ok_or_else(|| {
        ErrorData::resource_not_found(format!("There is no resource {}.", quoted(uri)), None)
    })?;
    Ok(ReadResourceResult::new(vec![
        ResourceContents::text(page.markdown.as_ref(), uri).with_mime_type(MARKDOWN),
    ]))
}
