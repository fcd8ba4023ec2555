//! Every component in every state, for whoever changes the design. Served in
//! debug builds only.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Changed, Chip, Field, Icon, Outcome, Row, Table, Tone, action, area, badge, button_link, check, chips,
    code_block, copy_chip, diff, empty_state, facts, head, input, masked, menu, meter, note, num,
    outcome_badge, post_form, progress, section, select, selection_form, status_badge, submit, tags, warning,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Page, Section, Shell};

pub fn style(shell: &Shell) -> String {
    Page::new(shell, Section::None, "Style").crumb(crate::shell::Crumb::new("Style", paths::style())).body(
        vec![
            section("Type", vec![type_scale()]),
            section("Buttons", vec![buttons()]),
            section("Badges", vec![badges()]),
            section("Values", vec![values()]),
            section("Fields", vec![fields(shell)]),
            section("Table", vec![table(shell)]),
            section("Before and after", vec![diff("Example of a change", &changes())]),
            section("Notices", vec![note("Something worth knowing."), warning("Something to think about.")]),
            section("Nothing yet", vec![empty_state(Icon::Key, "No key yet", "What would be here.", vec![])]),
            code_block("Code", "curl https://keys.example.com/v2/keys.verifyKey"),
            section("Icons", vec![icons()]),
        ],
    )
}

fn type_scale() -> View {
    view! {
        <h1>"Page title"</h1>
        <h2>"Card title"</h2>
        <h3>"Part title"</h3>
        <p>"Body text with a " <a href=paths::home().to_string()>"link"</a> " and " <code>"code"</code> "."</p>
        <p class="hint">"A hint under a field."</p>
    }
    .into_any()
}

fn buttons() -> View {
    let looks = ["primary", "", "danger", "small"].map(|look| submit("Button", look));
    let off = view! { <button type="button" class="button" disabled>"Disabled"</button> };
    let link = button_link(Some(Icon::Plus), "Link", &paths::home(), "");
    let more = menu("example", vec![button_link(Some(Icon::Edit), "Edit", &paths::home(), "menu-item")]);
    view! { <div class="row">{looks.into_iter().collect_view()}{off}{link}{more}</div> }.into_any()
}

fn badges() -> View {
    let tones = [Tone::Quiet, Tone::Good, Tone::Info, Tone::Caution, Tone::Attention, Tone::Error];
    let states = tones.map(|tone| Chip::new(tone, "State", "Why it holds and what to do."));
    let plain = tones.map(|tone| badge(tone, "Badge")).into_iter().collect_view();
    let outcomes = Outcome::VERIFICATIONS.into_iter().chain(Outcome::DECISIONS).chain(Outcome::RESPONSES);
    let outcomes = outcomes.map(outcome_badge).collect_view();
    view! {
        <div class="row">{states.iter().map(status_badge).collect_view()}{plain}</div>
        <div class="row">{outcomes}</div>
        <div class="row">{chips(&states)}</div>
    }
    .into_any()
}

fn values() -> View {
    facts(vec![
        ("Id", copy_chip("key_3ZHJsBkrNU5uRdLEuXYyC9", "key id")),
        ("Secret", masked("live_3ZHJ", "x9Qa")),
        ("Number", num(1_234_567)),
        ("Meter", meter("Left", 120, 1000)),
        ("Progress", progress("Job", 420, 1000)),
        ("Tags", tags(&["eu".to_owned(), "beta".to_owned()])),
    ])
}

fn fields(shell: &Shell) -> View {
    let form = FormState {
        values: vec![("wrong".to_owned(), "9 lives".to_owned()), ("on".to_owned(), "on".to_owned())],
        errors: vec![("wrong".to_owned(), "A whole number is needed.".to_owned())],
        conflict: None,
    };
    let fields = vec![
        input(&form, Field::text("plain", "Plain").help("Help stands here.").placeholder("placeholder")),
        input(&form, Field::number("wrong", "With a problem").unit("ms").required()),
        select(&form, "choice", "Choice", "", &[("a", "First"), ("b", "Second")]),
        area(&form, Field::text("code", "Code").mono()),
        check(&form, "on", "A switch", "What it does."),
        action("What happens.", vec![submit("Save", "primary")]),
    ];
    post_form(shell.csrf(), &paths::style(), "form", fields)
}

fn table(shell: &Shell) -> View {
    let rows = ["", "row-caution", "row-error", "row-off"].map(|class| {
        Row::selectable("x", "example", vec![class.into_any(), num(12_345), badge(Tone::Quiet, "state")])
            .class(class)
    });
    let heads = vec![head("Tint"), head("Number").numeric(), head("State")];
    let table = Table::new("Example", heads).selectable(true).rows(rows.into());
    let form = selection_form(shell.csrf(), &paths::style(), submit("With the chosen rows", ""));
    view! { {table} {form} }.into_any()
}

fn changes() -> [Changed; 2] {
    let changed = |field: &str, before: Option<&str>, after: Option<&str>| Changed {
        field: field.to_owned(),
        before: before.map(|text| text.to_owned().into()),
        after: after.map(|text| text.to_owned().into()),
    };
    [changed("name", Some("web app"), Some("mobile app")), changed("expires", None, Some("2026-01-01"))]
}

fn icons() -> View {
    let icons =
        Icon::ALL.iter().map(|(name, icon)| view! { <span class="icon-sample">{icon.view()}{*name}</span> });
    view! { <div class="row">{icons.collect_view()}</div> }.into_any()
}
