//! Which pages there are, in which order, and under which addresses.
//!
//! The order is the table below; what a page is called and about is read from
//! the page. Error pages are not in the table: there is one per file. Neither are
//! those of the operations, which are written from the OpenAPI documents.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use bytes::Bytes;
use rust_embed::RustEmbed;

use super::{ROOT, markdown, reference};

/// The table of contents: sections, and the slugs of their pages. The slug of a
/// page is its file without `.md`; a `README.md` has that of its folder.
const CONTENTS: &[(&str, &[&str])] = &[
    (
        "Start",
        &["", "quickstart", "dashboard", "ratelimiting", "shared-limits", "libraries", "migrate-from-unkey"],
    ),
    (
        "Frameworks",
        &[
            "quickstart/apis/bun",
            "quickstart/apis/express",
            "quickstart/apis/hono",
            "quickstart/apis/nextjs",
            "quickstart/ratelimiting/bun",
            "quickstart/ratelimiting/express",
            "quickstart/ratelimiting/hono",
            "quickstart/ratelimiting/nextjs",
        ],
    ),
    (
        "Guides",
        &[
            "keys",
            "root-keys",
            "authorization",
            "identities",
            "credits",
            "overrides",
            "recoverable-keys",
            "portals",
            "events",
            "analytics",
            "audit-log",
            "webhooks",
            "ai-tools",
            "mcp",
        ],
    ),
    (
        "Proxies",
        &[
            "forward-auth",
            "forward-auth/nginx",
            "forward-auth/caddy",
            "forward-auth/traefik",
            "forward-auth/envoy",
            "forward-auth/haproxy",
        ],
    ),
    (
        "Operation",
        &[
            "configuration",
            "apply",
            "cli",
            "doctor",
            "tls",
            "reverse-proxy",
            "systemd",
            "backup",
            "upgrade",
            "postgres",
            "security",
            "metrics",
            "performance",
            "architecture",
            "decisions",
        ],
    ),
    ("Reference", &["compatibility", "contract/v2", "contract/v1", "glossary"]),
];

/// Sections whose pages are the files of a folder: title, its first page, the folder.
const FOLDERS: &[(&str, &str, &str)] =
    &[("Errors of v2", "errors", "errors/"), ("Errors of v1", "api-reference/errors", "api-reference/")];

#[derive(RustEmbed)]
#[folder = "../docs"]
// Pictures are for whoever reads the repository; a page has none.
#[exclude = "images/*"]
struct Files;

/// All pages.
pub static BOOK: LazyLock<Book> = LazyLock::new(Book::open);

/// One page.
pub struct Page {
    pub slug: String,
    /// The path of its file below `docs/`.
    pub file: String,
    pub title: String,
    /// The first sentence as plain text.
    pub summary: String,
    pub markdown: Cow<'static, str>,
}

impl Page {
    fn new(slug: &str, file: String, markdown: Cow<'static, str>) -> Self {
        let (title, summary) = markdown::introduction(&markdown);
        Self { slug: slug.to_owned(), file, title, summary, markdown }
    }
}

/// A heading of the table of contents and the places of its pages in the book.
pub struct Section {
    pub title: &'static str,
    pub pages: std::ops::Range<usize>,
    /// Too many to list them all to somebody who reads elsewhere.
    pub folded: bool,
}

pub struct Book {
    pub pages: Vec<Page>,
    pub sections: Vec<Section>,
    places: HashMap<String, usize>,
}

impl Book {
    fn open() -> Self {
        let mut book = Self { pages: Vec::new(), sections: Vec::new(), places: HashMap::new() };
        for (title, slugs) in CONTENTS {
            book.add_section(title, false, slugs.iter().filter_map(|slug| read(slug)));
        }
        for (title, first, folder) in FOLDERS {
            let mut slugs: Vec<String> = Files::iter()
                .filter(|file| file.starts_with(folder))
                .filter_map(|file| slug(&file))
                .collect();
            slugs.sort_by(|a, b| (a != first, a).cmp(&(b != first, b)));
            book.add_section(title, true, slugs.into_iter().filter_map(|slug| read(&slug)));
        }
        for api in reference::apis() {
            let pages = api.pages().into_iter();
            let pages = pages.map(|(slug, text)| Page::new(&slug, format!("{slug}.md"), text.into()));
            book.add_section(api.title, true, pages);
        }
        book
    }

    fn add_section(&mut self, title: &'static str, folded: bool, pages: impl IntoIterator<Item = Page>) {
        let start = self.pages.len();
        for page in pages {
            self.places.insert(page.slug.clone(), self.pages.len());
            self.pages.push(page);
        }
        self.sections.push(Section { title, pages: start..self.pages.len(), folded });
    }

    pub fn page(&self, slug: &str) -> Option<&Page> {
        self.places.get(slug).map(|place| &self.pages[*place])
    }

    /// The page written in this file.
    pub fn page_of_file(&self, file: &str) -> Option<&Page> {
        self.page(&slug(file)?).filter(|page| page.file == file)
    }

    /// Where in the book a page of it is.
    pub fn place(&self, page: &Page) -> usize {
        self.places[&page.slug]
    }

    /// The pages before and after one.
    pub fn neighbours(&self, page: &Page) -> (Option<&Page>, Option<&Page>) {
        let place = self.place(page);
        (place.checked_sub(1).map(|before| &self.pages[before]), self.pages.get(place + 1))
    }

    /// `llms.txt`: every page with its address and what it is about.
    pub fn index(&self, base: &str) -> String {
        let mut text = format!("# unkey\n\n> {}\n", self.pages[0].summary);
        for section in &self.sections {
            let _ = write!(text, "\n## {}\n\n", section.title);
            for page in &self.pages[section.pages.clone()] {
                let Page { title, file, summary, .. } = page;
                let _ = writeln!(text, "- [{title}]({base}{ROOT}/{file}): {summary}");
            }
        }
        let _ = write!(text, "\n## API\n\n- [OpenAPI document of v2]({base}/openapi/v2.json)\n");
        text
    }

    /// `llms-full.txt`: every page, each after the address that its links are relative to.
    pub fn full_text(&self, base: &str) -> String {
        let pages = self.pages.iter();
        pages.map(|page| format!("Source: {base}{ROOT}/{}\n\n{}\n", page.file, page.markdown)).collect()
    }
}

/// The address of a page.
pub fn url(slug: &str) -> String {
    if slug.is_empty() { ROOT.to_owned() } else { format!("{ROOT}/{slug}") }
}

/// What a relative link of `file` leads to; `None` for a file outside the book.
pub fn resolve(file: &str, link: &str) -> Option<String> {
    if link.starts_with(['#', '/']) || link.contains("://") || link.starts_with("mailto:") {
        return Some(link.to_owned());
    }
    let (path, fragment) = link.find('#').map_or((link, ""), |at| link.split_at(at));
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    let target = parts.join("/");
    let target = slug(&target).map_or_else(|| format!("{ROOT}/{target}"), |slug| url(&slug));
    Some(format!("{target}{fragment}"))
}

/// A file that pages link to, with its type.
pub fn attachment(path: &str) -> Option<(&'static str, Bytes)> {
    let kind = match path.rsplit_once('.')?.1 {
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "yaml" | "yml" => "application/yaml",
        _ => return None,
    };
    Some((kind, Bytes::from_owner(Files::get(path)?.data)))
}

fn slug(file: &str) -> Option<String> {
    let name = file.strip_suffix(".md")?;
    Some(name.strip_suffix("README").map_or(name, |folder| folder.trim_end_matches('/')).to_owned())
}

fn read(slug: &str) -> Option<Page> {
    let readme = if slug.is_empty() { "README.md".to_owned() } else { format!("{slug}/README.md") };
    let file = [format!("{slug}.md"), readme].into_iter().find(|file| Files::get(file).is_some())?;
    let text = text_of(&file)?;
    Some(Page::new(slug, file, text.into()))
}

fn text_of(file: &str) -> Option<&'static str> {
    match Files::get(file)?.data {
        std::borrow::Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok(),
        // With `debug-embed` every build holds the files themselves.
        std::borrow::Cow::Owned(_) => None,
    }
}
