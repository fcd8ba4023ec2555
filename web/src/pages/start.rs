//! The first steps: choose what to do, run one command, see it arrive.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Field, Icon, ShownOnce, action, button_link, code_block, curl, empty_state, form_error, grid, hidden,
    input, link, post_form, section, shown_once, submit,
};
use crate::form::{FormState, NONCE};
use crate::paths::{self, Href};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, home as text};

/// Choosing between the two things the product is for.
pub fn choose(shell: &Shell) -> String {
    if !shell.may.admin {
        let hint = text::FIRST_STEPS_TAKE_AN_ADMIN;
        let home = button_link(None, text::TO_THE_OVERVIEW, &paths::home(), "primary");
        return Page::new(shell, Section::Home, text::FIRST_STEPS).narrow().body(vec![empty_state(
            Icon::Lock,
            text::NOT_WITH_YOUR_ROLE,
            hint,
            vec![home],
        )]);
    }
    let choice = |icon: Icon, title: &str, text: &str, href: Href| {
        view! {
            <a class="card choice" href=href.to_string()>
                {icon.view()}
                <h2>{title.to_owned()}</h2>
                <p class="hint">{text.to_owned()}</p>
            </a>
        }
        .into_any()
    };
    let choices = vec![
        choice(Icon::Key, text::PROTECT_AN_API, text::PROTECT_AN_API_HINT, paths::start_protect()),
        choice(Icon::Gauge, text::LIMIT_A_RATE, text::LIMIT_A_RATE_HINT, paths::start_limit()),
    ];
    let skip = view! { <p>{link(text::SKIP_TO_THE_DASHBOARD, &paths::home())}</p> };
    Page::new(shell, Section::Home, text::WHAT_TO_DO_FIRST)
        .narrow()
        .body(vec![grid(choices), skip.into_any()])
}

/// One step of a way: done, at hand or ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Name what is to be made. Posts to [`paths::start_protect`] or
    /// [`paths::start_limit`]: `name`, with the nonce.
    Name,
    /// Run the command; waits for the request to arrive.
    Call,
    /// It arrived.
    Seen,
}

/// A way from nothing to a first request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartView {
    /// `true`: an API and its first key. `false`: a namespace.
    pub protect: bool,
    pub step: Step,
    pub form: FormState,
    pub nonce: String,
    /// The root key made for the calls, right after it was made; its snippets
    /// are the commands to run.
    pub shown: Option<ShownOnce>,
    /// Commands when the secret was shown before: a placeholder stands in it.
    pub commands: Vec<(String, String)>,
    /// This page at this step, to look again.
    pub again: Option<Href>,
    /// What the request came to, with the page about it.
    pub seen: Option<(String, Href)>,
    /// Where the way ends: the API or the namespace.
    pub end: Option<Href>,
}

impl StartView {
    /// A way at a step, with nothing made yet.
    pub fn new(protect: bool, step: Step, nonce: String) -> Self {
        let form = FormState::default();
        Self { protect, step, form, nonce, shown: None, commands: vec![], again: None, seen: None, end: None }
    }
}

pub fn start(shell: &Shell, view: &StartView) -> String {
    let title = if view.protect { text::PROTECT_AN_API } else { text::LIMIT_A_RATE };
    let body = match view.step {
        Step::Name => name_step(shell, view),
        Step::Call => call_step(shell, view),
        Step::Seen => seen_step(view),
    };
    Page::new(shell, Section::Home, title)
        .narrow()
        // Without script the page would ask for itself again, and the secret with it.
        .waiting(view.step == Step::Call && view.shown.is_none())
        .body(vec![steps(view), body])
}

fn steps(view: &StartView) -> View {
    let names = [
        if view.protect { text::NAME_THE_API } else { text::NAME_THE_NAMESPACE },
        text::RUN_ONE_COMMAND,
        text::SEE_IT_ARRIVE,
    ];
    let at = match view.step {
        Step::Name => 0,
        Step::Call => 1,
        Step::Seen => 2,
    };
    let entries = (0..).zip(names).map(|(index, name)| {
        let done = index < at || view.step == Step::Seen;
        let current = (index == at).then_some("step");
        let mark = if done { Icon::Check.view() } else { (index + 1).to_string().into_any() };
        view! { <li class=done.then_some("done") aria-current=current><span class="step-mark">{mark}</span>{name}</li> }
    });
    view! { <ol class="steps">{entries.collect_view()}</ol> }.into_any()
}

fn name_step(shell: &Shell, view: &StartView) -> View {
    let (label, help, path) = if view.protect {
        (text::NAME_OF_THE_API, text::NAME_OF_THE_API_HELP, paths::start_protect())
    } else {
        (text::NAME_OF_THE_NAMESPACE, text::NAME_OF_THE_NAMESPACE_HELP, paths::start_limit())
    };
    let form = vec![
        form_error(&view.form),
        hidden(NONCE, &view.nonce),
        input(&view.form, Field::text("name", label).help(help).required().autofocus().no_autofill()),
        action(text::CREATE_HINT, vec![submit(common::CREATE, "primary")]),
    ];
    section(text::NAME_IT, vec![post_form(shell.csrf(), &path, "form", form)])
}

fn call_step(shell: &Shell, view: &StartView) -> View {
    let commands = match &view.shown {
        Some(shown) => shown_once(shell.csrf(), shown),
        None => view.commands.iter().map(|(name, code)| code_block(name, code)).collect_view().into_any(),
    };
    let again = view.again.as_ref().map(|href| {
        view! { <a class="button" href=href.to_string() data-wait="">{Icon::Rotate.view()}<span>{text::LOOK_AGAIN}</span></a> }
    });
    view! {
        {commands}
        <div class="card waiting" role="status">
            <span class="pulse" aria-hidden="true"></span>
            <p>{text::WAITING_FOR_A_REQUEST}</p>
            {again}
        </div>
    }
    .into_any()
}

fn seen_step(view: &StartView) -> View {
    let seen = view.seen.as_ref().map(|(text, href)| link(text, href));
    let end = view.end.as_ref().map(|href| button_link(None, common::CONTINUE, href, "primary"));
    let body = vec![view! { <p>{seen}</p> }.into_any(), end.into_any()];
    empty_state(Icon::Check, text::IT_WORKS, text::IT_WORKS_HINT, body)
}

/// Calls of the root key that the first way makes. Secrets are shown as they
/// are: pass placeholders unless they may be seen.
pub fn protect_commands(origin: &str, root_key: &str, key: &str, api: &str) -> Vec<(String, String)> {
    let call = |operation: &str, body: String| curl(origin, operation, root_key, &body);
    vec![
        (text::VERIFY_THE_FIRST_KEY.to_owned(), call("keys.verifyKey", format!(r#"{{"key":"{key}"}}"#))),
        (text::MAKE_ANOTHER_KEY.to_owned(), call("keys.createKey", format!(r#"{{"apiId":"{api}"}}"#))),
    ]
}

/// As [`protect_commands`], of the second way.
pub fn limit_commands(origin: &str, root_key: &str, namespace: &str) -> Vec<(String, String)> {
    let body = format!(r#"{{"namespace":"{namespace}","identifier":"user_123","limit":5,"duration":60000}}"#);
    vec![(text::FIVE_REQUESTS_A_MINUTE.to_owned(), curl(origin, "ratelimit.limit", root_key, &body))]
}
