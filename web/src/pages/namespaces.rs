//! Rate-limit namespaces as cards, and making one.

use leptos::prelude::*;

use super::parts::tint;
use crate::View;
use crate::charts::{Spark, spark};
use crate::components::{
    Field, Filters, Icon, Pager, TimeRange, action, button_link, code_block, curl, empty_state, filter_bar,
    form_error, input, num, optional_stamp, pager, post_form, range_picker, submit,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::Stamp;

/// A namespace at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceCard {
    pub id: String,
    pub name: String,
    pub passed: i64,
    pub blocked: i64,
    pub spark: Spark,
    pub last_used: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespacesView {
    pub filters: Filters,
    pub range: TimeRange,
    pub namespaces: Vec<NamespaceCard>,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &NamespacesView) -> String {
    let new = || button_link(Some(Icon::Plus), "New namespace", &paths::new_namespace(), "primary");
    let page = Page::new(shell, Section::Ratelimits, "Rate limits").action_if(shell.may.write, new);
    if view.namespaces.is_empty() && !view.filters.is_active() {
        let call = r#"{"namespace":"login","identifier":"user_123","limit":10,"duration":60000}"#;
        let command = curl(shell.origin(), "ratelimit.limit", "YOUR_ROOT_KEY", call);
        return page.body(vec![empty_state(
            Icon::Gauge,
            "No namespace yet",
            "Limits of one kind share a namespace. The first call makes it, if the root key may.",
            vec![code_block("Limit something", &command)],
        )]);
    }
    let here = &view.filters.here;
    let body = if view.namespaces.is_empty() {
        empty_state(Icon::Search, "No namespace matches", "Try fewer letters, or its id.", vec![])
    } else {
        view! { <ul class="cards">{view.namespaces.iter().map(card).collect_view()}</ul> }.into_any()
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![range_picker(here, &view.range)]),
        body,
        pager(here, &view.pager, "namespace"),
    ])
}

fn card(one: &NamespaceCard) -> View {
    view! {
        <li class="card link-card" data-row="">
            <h2><a href=paths::namespace(&one.id).to_string()>{one.name.clone()}</a></h2>
            <code class="id">{one.id.clone()}</code>
            {spark(&one.spark, "passed", "blocked")}
            <p class="card-foot">
                <span>{optional_stamp(&one.last_used, "never used")}</span>
                <span class="figures-line">
                    <span>{num(one.passed)}" passed"</span>
                    <span class=tint(one.blocked)>{num(one.blocked)}" blocked"</span>
                </span>
            </p>
        </li>
    }
    .into_any()
}

/// Posts to [`paths::new_namespace`]: `name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNamespaceView {
    pub form: FormState,
}

pub fn create(shell: &Shell, view: &NewNamespaceView) -> String {
    let form = vec![
        form_error(&view.form),
        input(
            &view.form,
            Field::text("name", "Name")
                .mono()
                .help("Your code names it in each call, exactly as it is written here.")
                .required()
                .autofocus()
                .no_autofill(),
        ),
        action(
            "",
            vec![
                submit("Create namespace", "primary"),
                button_link(None, "Cancel", &paths::namespaces(), ""),
            ],
        ),
    ];
    Page::new(shell, Section::Ratelimits, "New namespace")
        .crumb(Crumb::new("Rate limits", paths::namespaces()))
        .narrow()
        .body(vec![post_form(shell.csrf(), &paths::new_namespace(), "form card", form)])
}
