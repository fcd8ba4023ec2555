//! A page for somebody who signed in.

use leptos::prelude::*;

use super::document::{self, Document};
use super::nav::{self, Section};
use super::{Shell, WorkspaceRef};
use crate::View;
use crate::components::{Icon, flash_region};
use crate::paths::{self, Href};
use crate::texts::shell as text;

/// A step of the way down to a page, with its siblings to hop to.
pub(crate) struct Crumb {
    name: String,
    href: Href,
    siblings: Vec<(String, Href)>,
}

impl Crumb {
    pub(crate) fn new(name: &str, href: Href) -> Self {
        Self { name: name.to_owned(), href, siblings: Vec::new() }
    }

    pub(crate) fn siblings(mut self, siblings: Vec<(String, Href)>) -> Self {
        self.siblings = siblings;
        self
    }

    fn view(self) -> View {
        let siblings = (!self.siblings.is_empty()).then(|| {
            let entries = self.siblings.into_iter().map(|(name, href)| {
                let current = (href == self.href).then_some("true");
                view! { <li><a class="menu-item" href=href.to_string() aria-current=current>{name}</a></li> }
            });
            let entries = entries.collect_view();
            view! {
                <details class="menu">
                    <summary class="icon-button" aria-label=text::others_beside(&self.name)>
                        {Icon::Down.view()}
                    </summary>
                    <ul class="popover">{entries}</ul>
                </details>
            }
        });
        view! { <li><a href=self.href.to_string()>{self.name}</a>{siblings}</li> }.into_any()
    }
}

/// A page about to be drawn.
pub(crate) struct Page<'a> {
    shell: &'a Shell,
    section: Section,
    title: String,
    crumbs: Vec<Crumb>,
    beside_title: Vec<View>,
    actions: Vec<View>,
    tabs: Option<View>,
    class: &'static str,
    refresh_s: Option<u32>,
    script: Option<Href>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(shell: &'a Shell, section: Section, title: &str) -> Self {
        Self {
            shell,
            section,
            title: title.to_owned(),
            crumbs: Vec::new(),
            beside_title: Vec::new(),
            actions: Vec::new(),
            tabs: None,
            class: "",
            refresh_s: None,
            script: None,
        }
    }

    pub(crate) fn crumb(mut self, crumb: Crumb) -> Self {
        self.crumbs.push(crumb);
        self
    }

    /// An id or a state at the title.
    pub(crate) fn beside_title(mut self, view: View) -> Self {
        self.beside_title.push(view);
        self
    }

    pub(crate) fn action(mut self, action: View) -> Self {
        self.actions.push(action);
        self
    }

    /// An action for those who may.
    pub(crate) fn action_if(self, allowed: bool, action: impl FnOnce() -> View) -> Self {
        if allowed { self.action(action()) } else { self }
    }

    pub(crate) fn tabs(mut self, tabs: View) -> Self {
        self.tabs = Some(tabs);
        self
    }

    /// A column to read or fill in, not a table.
    pub(crate) fn narrow(mut self) -> Self {
        self.class = "narrow";
        self
    }

    /// Waits for something; without script the page looks again by itself.
    pub(crate) fn waiting(mut self, wait: bool) -> Self {
        self.refresh_s = wait.then_some(5);
        self
    }

    /// Gains something by a script of its own.
    pub(crate) fn script(mut self, script: &Href) -> Self {
        self.script = Some(script.clone());
        self
    }

    pub(crate) fn body(self, body: Vec<View>) -> String {
        let shell = self.shell;
        let crumbs = (!self.crumbs.is_empty()).then(|| {
            let steps = self.crumbs.into_iter().map(Crumb::view).collect_view();
            view! { <nav class="crumbs" aria-label=text::BREADCRUMB><ol>{steps}</ol></nav> }
        });
        let actions =
            (!self.actions.is_empty()).then(|| view! { <div class="page-actions">{self.actions}</div> });
        let content = view! {
            <a class="skip" href="#main">{text::SKIP_TO_THE_PAGE}</a>
            {top_bar(shell)}
            <div class="frame">
                {nav::sidebar(self.section)}
                <main id="main" tabindex="-1" class=self.class>
                    {flash_region(shell.csrf(), &shell.frame.flashes)}
                    <header class="page-head">
                        {crumbs}
                        <div class="page-title">
                            <h1>{self.title.clone()}</h1>
                            {self.beside_title}
                            {actions}
                        </div>
                    </header>
                    {self.tabs}
                    {body}
                </main>
            </div>
            {footer(shell)}
        };
        document::render(Document {
            frame: &shell.frame,
            title: title(&self.title, &shell.workspace),
            class: "app",
            refresh_s: self.refresh_s,
            style: None,
            script: self.script,
            body: content.into_any(),
        })
    }
}

fn title(page: &str, workspace: &WorkspaceRef) -> String {
    format!("{page} · {} · unkey", workspace.name)
}

fn top_bar(shell: &Shell) -> View {
    view! {
        <header class="top">
            <a class="brand" href=paths::home().to_string() aria-label=text::BRAND_HOME>
                {nav::mark()}
            </a>
            {nav::workspace_switch(shell)}
            {nav::search(shell)}
            <nav class="top-links" aria-label=text::HELP>
                <a href=paths::docs().to_string()>{text::DOCS}</a>
            </nav>
            {nav::own_menu(shell)}
        </header>
    }
    .into_any()
}

fn footer(shell: &Shell) -> View {
    view! {
        <footer class="foot">
            <span>{format!("unkey {}", shell.frame.version)}</span>
            <a href=paths::api_reference().to_string()>{text::API_REFERENCE}</a>
            <a href=paths::health().to_string()>{text::HEALTH}</a>
            <a href=paths::shortcuts().to_string() data-shortcuts="">{text::SHORTCUTS}</a>
        </footer>
    }
    .into_any()
}
