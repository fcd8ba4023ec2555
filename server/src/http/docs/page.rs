//! The frame of a page: one template, no inline script or style.
//!
//! Every text comes from `docs/` or the search; it is escaped all the same.

use std::fmt::Write;

use pulldown_cmark_escape::escape_html;

use super::assets::{ICON, SCRIPT, STYLE};
use super::book::{self, Book, Page};
use super::markdown::{self, Rendered};
use super::reference;
use super::search::{Hit, MAX_QUERY};

/// What an unknown address of a page as Markdown is answered with.
pub const NOT_FOUND_AS_MARKDOWN: &str = "# There is no such page\n\nAll pages are listed in \
    [/docs/llms.txt](/docs/llms.txt), and searched by [/docs/search](/docs/search).\n";

/// A page of the book.
pub fn html(book: &Book, page: &Page) -> String {
    let mut content = markdown::render(&page.markdown, |link| book::resolve(&page.file, link));
    if let Some(api) = reference::apis().iter().find(|api| page.slug == api.slug()) {
        content.html = api.with_old_anchors(&content.html);
    }
    let source = format!("{}/{}", super::ROOT, page.file);
    let mut body = content.html.clone();
    let _ = write!(
        body,
        "<p class=\"source\"><a href=\"{source}\">This page as Markdown</a></p>\n<nav class=\"turn\">"
    );
    let (before, after) = book.neighbours(page);
    for (page, name, arrow) in [(before, "prev", "← "), (after, "next", "")] {
        let Some(page) = page else { continue };
        let tail = if arrow.is_empty() { " →" } else { "" };
        let (url, title) = (book::url(&page.slug), escaped(&page.title));
        let _ = write!(body, "<a rel=\"{name}\" href=\"{url}\">{arrow}{title}{tail}</a>");
    }
    body.push_str("</nav>\n");
    let alternate = format!("<link rel=\"alternate\" type=\"text/markdown\" href=\"{source}\">\n");
    frame(&page.title, &alternate, &contents(book, Some((page, &content))), &body)
}

/// What an unknown address is answered with; its words are a first search.
pub fn not_found(book: &Book, path: &str) -> String {
    let words = path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut asked = words.collect::<Vec<_>>().join(" ");
    if asked.chars().count() > MAX_QUERY {
        asked.clear();
    }
    let body = format!(
        "<h1>There is no such page</h1>\n<p>The documentation of this server starts at \
         <a href=\"{root}\">{root}</a>; its pages are listed beside this text. Or look for words:</p>\n{form}",
        root = super::ROOT,
        form = search_form("page-search", &asked),
    );
    frame("There is no such page", NOT_LISTED, &contents(book, None), &body)
}

/// What a search found, or why it was not carried out.
pub fn results(book: &Book, asked: &str, hits: Result<&[Hit], &str>) -> String {
    let mut body = format!("<h1>Search</h1>\n{}", search_form("page-search", asked));
    match hits {
        Err(problem) => _ = writeln!(body, "<p role=\"alert\">{}</p>", escaped(problem)),
        Ok(_) if asked.is_empty() => {
            body.push_str("<p>Every section of these pages can be found by its words.</p>\n")
        }
        Ok([]) => _ = writeln!(body, "<p role=\"status\">Nothing has these words. Try fewer of them.</p>"),
        Ok(hits) => {
            body.push_str("<ol class=\"hits\">\n");
            hits.iter().for_each(|hit| push_hit(&mut body, hit));
            body.push_str("</ol>\n");
        }
    }
    frame("Search", NOT_LISTED, &contents(book, None), &body)
}

fn push_hit(body: &mut String, hit: &Hit) {
    let (url, title) = (escaped(&hit.url), escaped(hit.title));
    let _ = write!(body, "<li><a href=\"{url}\">{title}");
    if let Some(heading) = hit.heading {
        let _ = write!(body, " <span>{}</span>", escaped(heading));
    }
    body.push_str("</a><p>");
    for part in &hit.excerpt.0 {
        let text = escaped(&part.text);
        let _ = if part.found { write!(body, "<mark>{text}</mark>") } else { write!(body, "{text}") };
    }
    body.push_str("</p></li>\n");
}

/// Keeps a page that answers one reader out of the lists of others.
const NOT_LISTED: &str = "<meta name=\"robots\" content=\"noindex\">\n";

/// The field in the head of every page.
const HEAD_SEARCH: &str = "search";

/// A form for words; it works without script. That of the page's head, which every
/// page has, is its landmark.
fn search_form(id: &str, asked: &str) -> String {
    let role = if id == HEAD_SEARCH { " role=\"search\"" } else { "" };
    format!(
        "<form class=\"search\"{role} action=\"{root}/search\">\
         <label class=\"hidden\" for=\"{id}\">Search the documentation</label>\
         <input id=\"{id}\" type=\"search\" name=\"q\" maxlength=\"{MAX_QUERY}\" placeholder=\"Search\" \
         value=\"{asked}\"><button>Search</button></form>\n",
        root = super::ROOT,
        asked = escaped(asked),
    )
}

/// The whole document around a body that is already HTML.
fn frame(title: &str, head: &str, contents: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · unkey</title>\n<link rel=\"icon\" type=\"image/svg+xml\" href=\"{icon}\">\n\
         <link rel=\"stylesheet\" href=\"{style}\">\n<script src=\"{script}\" defer></script>\n{head}</head>\n\
         <body>\n<header class=\"top\"><a class=\"name\" href=\"{root}\">unkey</a> <span>documentation</span>\n\
         {form}<nav aria-label=\"Site\"><a class=\"jump\" href=\"#contents\">Contents</a> <a href=\"/\">Dashboard</a></nav>\
         </header>\n<div class=\"page\">\n<main id=\"main\">\n{body}</main>\n\
         <nav id=\"contents\" class=\"contents\" aria-label=\"Contents\">\n{contents}</nav>\n</div>\n</body>\n</html>\n",
        title = escaped(title),
        icon = ICON.path,
        style = STYLE.path,
        script = SCRIPT.path,
        form = search_form(HEAD_SEARCH, ""),
        root = super::ROOT,
    )
}

/// The table of contents; the page that is shown lists its own sections too.
fn contents(book: &Book, current: Option<(&Page, &Rendered)>) -> String {
    let mut html = String::new();
    for section in &book.sections {
        let pages = &book.pages[section.pages.clone()];
        let is_current = |page: &Page| current.is_some_and(|(shown, _)| shown.slug == page.slug);
        let shown = if section.folded && !pages.iter().any(is_current) { 1 } else { pages.len() };
        let _ = writeln!(html, "<h2>{}</h2>\n<ul>", escaped(section.title));
        for page in pages.iter().take(shown) {
            let mark = if is_current(page) { " aria-current=\"page\"" } else { "" };
            let (url, title) = (book::url(&page.slug), escaped(&page.title));
            let _ = write!(html, "<li><a href=\"{url}\"{mark}>{title}</a>");
            if let Some((_, content)) = current.filter(|_| is_current(page)) {
                headings(&mut html, content);
            }
            html.push_str("</li>\n");
        }
        html.push_str("</ul>\n");
    }
    html
}

fn headings(html: &mut String, content: &Rendered) {
    if content.headings.len() < 2 {
        return;
    }
    html.push_str("\n<ul>\n");
    for (anchor, text) in &content.headings {
        let _ = writeln!(html, "<li><a href=\"#{anchor}\">{}</a></li>", escaped(text));
    }
    html.push_str("</ul>");
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    escape_html(&mut html, text).expect("a String takes all text");
    html
}
