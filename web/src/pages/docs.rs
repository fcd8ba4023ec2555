//! The documentation that comes with the server, readable without signing in.

use leptos::prelude::*;

use crate::components::link;
use crate::paths::Href;
use crate::shell::{Frame, docs_page};
use crate::trusted::TrustedHtml;

/// Pages under one heading of the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsGroup {
    pub heading: String,
    pub pages: Vec<DocsLink>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsLink {
    pub name: String,
    pub href: Href,
    /// Whether it is the page that is open.
    pub current: bool,
}

/// A page of the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsView {
    pub title: String,
    pub contents: Vec<DocsGroup>,
    /// Rendered from the project's own pages.
    pub html: TrustedHtml,
    pub previous: Option<(String, Href)>,
    pub next: Option<(String, Href)>,
}

pub fn docs(frame: &Frame, view: &DocsView) -> String {
    let groups = view.contents.iter().map(|group| {
        let pages = group.pages.iter().map(|page| {
            let current = page.current.then_some("page");
            view! { <li><a href=page.href.to_string() aria-current=current>{page.name.clone()}</a></li> }
        });
        let pages = pages.collect_view();
        let heading = group.heading.clone();
        view! { <div class="nav-group"><p class="nav-heading">{heading}</p><ul>{pages}</ul></div> }.into_any()
    });
    let contents =
        view! { <nav class="sidebar" aria-label="Documentation"><div>{groups.collect_view()}</div></nav> };
    let step = |entry: &Option<(String, Href)>| entry.as_ref().map(|(name, href)| link(name, href));
    let article = view! {
        <article class="prose" inner_html=view.html.as_str().to_owned()></article>
        <nav class="pager" aria-label="Next pages">
            <div>{step(&view.previous)}</div>
            <div>{step(&view.next)}</div>
        </nav>
    };
    docs_page(frame, &view.title, contents.into_any(), article.into_any())
}
