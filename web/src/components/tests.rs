//! Components as markup: what the outline of a page does not show.

use leptos::prelude::*;

use super::*;
use crate::charts::{Bars, Before, Bucket, Heat, Line, Lines, Spark, Unit, bars, heat, lines, spark};
use crate::form::FormState;
use crate::paths::{self, Here};
use crate::time::{Stamp, Zone};

/// One tag a line, so that a change shows where it is.
fn html(view: crate::View) -> String {
    crate::to_html(view).replace("><", ">\n<")
}

fn form() -> FormState {
    FormState {
        values: vec![("limit".into(), "ten".into()), ("limits.0.name".into(), "requests".into())],
        errors: vec![
            ("limit".into(), "A whole number is needed.".into()),
            ("/keys/key_1/delete".into(), "No.".into()),
        ],
        conflict: None,
    }
}

fn here() -> Here {
    Here::new(paths::apis(), vec![("status".into(), "expired".into()), ("cursor".into(), "c".into())])
}

#[test]
fn a_field_with_a_problem() {
    let field = Field::number("limit", "Limit").help("0 blocks.").unit("requests").required();
    insta::assert_snapshot!(html(input(&form(), field)));
}

#[test]
fn limit_rows_with_one_to_spare() {
    insta::assert_snapshot!(html(limit_rows(&form())));
}

#[test]
fn a_refused_confirmation_shows_at_its_act() {
    let act = |id: &str| Danger {
        title: "Delete",
        consequence: "It goes.".into(),
        button: "Delete",
        action: paths::delete_key(id),
        confirm: Some("web app"),
        locked: None,
    };
    insta::assert_snapshot!(html(danger_zone("token", vec![act("key_1"), act("key_2")], &form())));
}

#[test]
fn a_table_that_sorts_and_chooses() {
    let sorting = Sorting { column: "name".into(), descending: false };
    let here = here();
    let heads = vec![head("Name").sorted_by("name"), head("Uses").numeric().sorted_by("uses"), head("")];
    let rows =
        vec![Row::selectable("key_1", "web app", vec!["web app".into_any(), num(12_345), ().into_any()])];
    insta::assert_snapshot!(html(
        Table::new("Keys", heads).sorted(&here, &sorting).selectable(true).rows(rows)
    ));
}

#[test]
fn filters_with_their_pills() {
    let kind = FilterKind::AnyOf(vec![("expired".into(), "Expired".into())]);
    let mut filters = Filters::search_only(here(), "Name or id");
    filters.fields = vec![FilterField { name: "status".into(), label: "Status".into(), kind }];
    filters.problems = vec!["`lastused` is no field.".into()];
    insta::assert_snapshot!(html(filter_bar("token", &filters, vec![])));
}

#[test]
fn small_values() {
    let at = Stamp::new(1_763_640_000_000, 1_763_640_090_000, &Zone::utc());
    let states = [Chip::new(Tone::Error, "Rate limited", "Why."), Chip::new(Tone::Quiet, "Disabled", "")];
    let pages = Pager { shown: 50, total: Some(1_204), next: Some("n".into()), rows: Some(100) };
    let parts = vec![
        stamp(&at),
        num(1_234_567),
        masked("live_3ZHJ", "x9Qa"),
        chips(&states),
        outcome_badge(Outcome::RateLimited),
        meter("Left", 5, 100),
        pager(&here(), &pages, "key"),
    ];
    insta::assert_snapshot!(html(parts.into_any()));
}

#[test]
fn bars_with_a_link_into_each_bucket() {
    let bucket = |label: &str, counts: [i64; 2]| Bucket {
        label: label.into(),
        counts: counts.into(),
        zoom: Some(paths::api("api_1").with("from", label)),
        start_ms: 0,
        end_ms: 60_000,
    };
    let chart = Bars {
        id: "requests",
        title: "Requests".into(),
        outcomes: Outcome::DECISIONS.into(),
        buckets: vec![bucket("07:00", [1_000_000, 1]), bucket("07:30", [0, 0])],
        of_outcome: Some(crate::paths::Here::new(
            crate::paths::key_log("key_1"),
            vec![("outcome".to_owned(), "PASSED".to_owned())],
        )),
        before: None,
    };
    insta::assert_snapshot!(html(bars(&chart)));
    let before = Before {
        name: "the hour before".into(),
        switch: paths::key_log("key_1"),
        totals: Some(vec![1_200_000, 120]),
    };
    insta::assert_snapshot!(html(bars(&Bars { before: Some(before), ..chart })));
}

#[test]
fn other_charts() {
    let line = Line { label: "p99".into(), values: vec![Some(900), None, Some(1_400), Some(1_200)] };
    let labels = ["a", "b", "c", "d"].map(String::from).to_vec();
    let chart =
        Lines { id: "latency", title: "Latency".into(), unit: Unit::Latency, labels, lines: vec![line] };
    let strip =
        Heat { title: "By hour".into(), cells: vec![("00".into(), 0), ("01".into(), 1), ("02".into(), 900)] };
    let parts =
        vec![lines(&chart), spark(&Spark(vec![(10_000, 1), (0, 0)]), "valid", "denied"), heat(&strip)];
    insta::assert_snapshot!(html(parts.into_any()));
}

#[test]
fn a_shell_command_keeps_its_quotes() {
    let command = curl("https://k.example", "keys.verifyKey", "ROOT", r#"{"key":"it's"}"#);
    assert!(command.ends_with(r#"-d '{"key":"it'\''s"}'"#), "{command}");
}
