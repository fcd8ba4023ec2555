//! The APIs of a workspace as cards, and making one.

use leptos::prelude::*;

use super::parts::tint;
use crate::View;
use crate::charts::{Spark, spark};
use crate::components::{
    Field, Filters, Icon, Pager, TimeRange, action, button_link, code_block, curl, empty_state, filter_bar,
    form_error, hidden, input, num, pager, post_form, range_picker, submit,
};
use crate::form::{FormState, NONCE};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{apis as text, common};

/// An API at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCard {
    pub id: String,
    pub name: String,
    pub keys: i64,
    pub valid: i64,
    pub denied: i64,
    pub spark: Spark,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApisView {
    pub filters: Filters,
    pub range: TimeRange,
    pub apis: Vec<ApiCard>,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &ApisView) -> String {
    let page = Page::new(shell, Section::Apis, common::APIS).action_if(shell.may.admin, || {
        button_link(Some(Icon::Plus), text::NEW_API, &paths::new_api(), "primary")
    });
    let here = &view.filters.here;
    let bar = filter_bar(shell.csrf(), &view.filters, vec![range_picker(here, &view.range)]);
    if view.apis.is_empty() && !view.filters.is_active() {
        return page.body(vec![nothing_yet(shell)]);
    }
    let body = if view.apis.is_empty() {
        empty_state(Icon::Search, text::NO_API_MATCHES, text::TRY_FEWER_LETTERS, vec![])
    } else {
        view! { <ul class="cards">{view.apis.iter().map(card).collect_view()}</ul> }.into_any()
    };
    page.body(vec![bar, body, pager(here, &view.pager, text::NOUN_API)])
}

fn card(api: &ApiCard) -> View {
    view! {
        <li class="card link-card" data-row="">
            <h2><a href=paths::api(&api.id).to_string()>{api.name.clone()}</a></h2>
            <code class="id">{api.id.clone()}</code>
            {spark(&api.spark, text::VALID_REQUESTS, text::DENIED_REQUESTS)}
            <p class="card-foot">
                <span>{text::keys_counted(api.keys)}</span>
                <span class="figures-line">
                    <span>{num(api.valid)}" "{text::VALID_REQUESTS}</span>
                    <span class=tint(api.denied)>{num(api.denied)}" "{text::DENIED_REQUESTS}</span>
                </span>
            </p>
        </li>
    }
    .into_any()
}

fn nothing_yet(shell: &Shell) -> View {
    let command = curl(shell.origin(), "apis.createApi", "YOUR_ROOT_KEY", r#"{"name":"payments"}"#);
    let button =
        shell.may.admin.then(|| button_link(Some(Icon::Plus), text::NEW_API, &paths::new_api(), "primary"));
    let body = vec![button.into_any(), code_block(text::OR_FROM_A_SHELL, &command)];
    empty_state(Icon::Api, text::NO_API_YET, text::NO_API_YET_HINT, body)
}

/// Posts to [`paths::new_api`]: `nonce`, `name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewApiView {
    pub nonce: String,
    pub form: FormState,
}

pub fn create(shell: &Shell, view: &NewApiView) -> String {
    let form = vec![
        form_error(&view.form),
        hidden(NONCE, &view.nonce),
        input(
            &view.form,
            Field::text("name", common::NAME).help(text::NAME_HELP).required().autofocus().no_autofill(),
        ),
        action(
            "",
            vec![submit(text::CREATE_API, "primary"), button_link(None, common::CANCEL, &paths::apis(), "")],
        ),
    ];
    Page::new(shell, Section::Apis, text::NEW_API)
        .crumb(Crumb::new(common::APIS, paths::apis()))
        .narrow()
        .body(vec![post_form(shell.csrf(), &paths::new_api(), "form card", form)])
}
