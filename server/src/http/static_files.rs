//! The files of `static/`, in the binary as they are and as the build compressed them.
//!
//! Each door that has pages serves those that it needs, under names that change with
//! their content.

use std::sync::LazyLock;

use bytes::Bytes;

use super::compression::{Coding, Document};

/// One file.
pub struct StaticFile {
    pub name: &'static str,
    pub content_type: &'static str,
    pub document: Document,
}

macro_rules! file {
    ($name:literal, $content_type:literal) => {
        LazyLock::new(|| StaticFile {
            name: $name,
            content_type: $content_type,
            document: Document::new(|| {
                Bytes::from_static(include_bytes!(concat!("../../../static/", $name)))
            })
            .with(Coding::Brotli, include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".br")))
            .with(Coding::Gzip, include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz"))),
        })
    };
}

pub static APP_STYLE: LazyLock<StaticFile> = file!("app.css", "text/css; charset=utf-8");
pub static APP_SCRIPT: LazyLock<StaticFile> = file!("app.js", "text/javascript; charset=utf-8");
pub static QUERY_SCRIPT: LazyLock<StaticFile> = file!("query.js", "text/javascript; charset=utf-8");
pub static DOCS_STYLE: LazyLock<StaticFile> = file!("docs.css", "text/css; charset=utf-8");
pub static DOCS_SCRIPT: LazyLock<StaticFile> = file!("docs.js", "text/javascript; charset=utf-8");
pub static ICON: LazyLock<StaticFile> = file!("favicon.svg", "image/svg+xml");
