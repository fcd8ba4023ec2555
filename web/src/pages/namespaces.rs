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
use crate::texts::{common, ratelimits as text};
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
    let new = || button_link(Some(Icon::Plus), text::NEW_NAMESPACE, &paths::new_namespace(), "primary");
    let page = Page::new(shell, Section::Ratelimits, common::RATE_LIMITS).action_if(shell.may.write, new);
    if view.namespaces.is_empty() && !view.filters.is_active() {
        let call = r#"{"namespace":"login","identifier":"user_123","limit":10,"duration":60000}"#;
        let command = curl(shell.origin(), "ratelimit.limit", "YOUR_ROOT_KEY", call);
        return page.body(vec![empty_state(
            Icon::Gauge,
            text::NO_NAMESPACE_YET,
            text::NO_NAMESPACE_YET_HINT,
            vec![code_block(text::LIMIT_SOMETHING, &command)],
        )]);
    }
    let here = &view.filters.here;
    let body = if view.namespaces.is_empty() {
        empty_state(Icon::Search, text::NO_NAMESPACE_MATCHES, text::TRY_FEWER_LETTERS, vec![])
    } else {
        view! { <ul class="cards">{view.namespaces.iter().map(card).collect_view()}</ul> }.into_any()
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![range_picker(here, &view.range)]),
        body,
        pager(here, &view.pager, text::NOUN_NAMESPACE),
    ])
}

fn card(one: &NamespaceCard) -> View {
    view! {
        <li class="card link-card" data-row="">
            <h2><a href=paths::namespace(&one.id).to_string()>{one.name.clone()}</a></h2>
            <code class="id">{one.id.clone()}</code>
            {spark(&one.spark, text::PASSED_REQUESTS, text::BLOCKED_REQUESTS)}
            <p class="card-foot">
                <span>{optional_stamp(&one.last_used, text::NEVER_USED)}</span>
                <span class="figures-line">
                    <span>{num(one.passed)}" "{text::PASSED_REQUESTS}</span>
                    <span class=tint(one.blocked)>{num(one.blocked)}" "{text::BLOCKED_REQUESTS}</span>
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
            Field::text("name", common::NAME)
                .mono()
                .help(text::NAME_HELP)
                .required()
                .autofocus()
                .no_autofill(),
        ),
        action(
            "",
            vec![
                submit(text::CREATE_NAMESPACE, "primary"),
                button_link(None, common::CANCEL, &paths::namespaces(), ""),
            ],
        ),
    ];
    Page::new(shell, Section::Ratelimits, text::NEW_NAMESPACE)
        .crumb(Crumb::new(common::RATE_LIMITS, paths::namespaces()))
        .narrow()
        .body(vec![post_form(shell.csrf(), &paths::new_namespace(), "form card", form)])
}
