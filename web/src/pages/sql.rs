//! Questions to the event store in SQL, answered as a table and a chart.

use leptos::prelude::*;

use crate::charts::{Lines, lines};
use crate::components::{
    Field, Icon, Row, Table, action, area, button_link, card_with, code_block, empty_state, form_error, head,
    link, mono, post_form, section, submit, warning,
};
use crate::form::FormState;
use crate::number::exact;
use crate::paths;
use crate::shell::{Page, Section, Shell};

/// Rows of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlAnswer {
    pub columns: Vec<String>,
    /// Those that are shown.
    pub rows: Vec<Vec<String>>,
    /// Rows in all; a download has every one.
    pub total: i64,
    pub took_ms: i64,
    /// When the answer has a time and numbers.
    pub chart: Option<Lines>,
}

/// Posts to [`paths::sql`], or asks it by GET for an address that can be shared:
/// `query`, and `format` = `csv` for a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlView {
    pub form: FormState,
    pub answer: Option<SqlAnswer>,
    /// Table, and its columns with their types.
    pub tables: Vec<(String, Vec<(String, String)>)>,
    /// Name and text of queries to begin with.
    pub examples: Vec<(String, String)>,
    /// Functions a query may call.
    pub functions: Vec<String>,
}

pub fn sql(shell: &Shell, view: &SqlView) -> String {
    let query = Field::text("query", "SQL").mono().rows(8).required();
    let csv =
        view! { <button type="submit" class="button" name="format" value="csv">"Download CSV"</button> };
    let form = vec![
        form_error(&view.form),
        area(&view.form, query.help("Read-only. Ctrl+Enter runs it.")),
        action("", vec![submit("Run", "primary"), csv.into_any()]),
    ];
    let mut main = vec![post_form(shell.csrf(), &paths::sql(), "form card sql", form)];
    main.push(match &view.answer {
        Some(answer) => answer_view(&view.form, answer),
        None => empty_state(Icon::Code, "No answer yet", "Start from an example, or write your own.", vec![]),
    });
    let tables = view.tables.iter().map(|(name, columns)| {
        let rows = columns.iter().map(|(column, kind)| Row::new(vec![mono(column), mono(kind)])).collect();
        section(name, vec![Table::new(name, vec![head("Column"), head("Type")]).dense().rows(rows)])
    });
    let examples = view
        .examples
        .iter()
        .map(|(name, text)| view! { <li>{link(name, &paths::sql().with("query", text))}</li> }.into_any());
    let examples = view! { <ul class="plain">{examples.collect_view()}</ul> };
    let functions = view! { <p class="hint">{view.functions.join(", ")}</p> };
    let side = std::iter::once(section("Examples", vec![examples.into_any()]))
        .chain(tables)
        .chain([section("Functions", vec![functions.into_any()])])
        .collect();
    Page::new(shell, Section::Sql, "Query")
        .action(button_link(None, "Documentation", &paths::doc("analytics"), ""))
        .body(vec![crate::components::split(main, side)])
}

fn answer_view(form: &FormState, answer: &SqlAnswer) -> crate::View {
    let heads =
        answer.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let rows = answer.rows.iter().map(|row| {
        let cells = row.iter().map(|text| view! { <td>{text.clone()}</td> }).collect_view();
        view! { <tr data-row="">{cells}</tr> }.into_any()
    });
    let title = format!("{} in {} ms", crate::number::count(answer.total, "row"), answer.took_ms);
    let shown = i64::try_from(answer.rows.len()).unwrap_or(i64::MAX);
    let cut = (answer.total > shown).then(|| {
        let text = format!("The first {} rows are shown. Download CSV for all of them.", exact(shown));
        warning(&text)
    });
    let table = view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="Answer">
            <table class="dense">
                <caption class="sr">"Answer"</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    };
    let text = answer.rows.iter().map(|row| row.join("\t")).collect::<Vec<_>>().join("\n");
    let copy = (answer.rows.len() <= 20 && !text.is_empty()).then(|| code_block("As text", &text));
    let chart = answer.chart.as_ref().map(lines);
    let share = link("Link to this query", &paths::sql().with("query", &form.value("query")));
    card_with(&title, vec![share], vec![cut.into_any(), chart.into_any(), table.into_any(), copy.into_any()])
}
