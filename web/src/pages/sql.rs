//! Questions to the event store in SQL, answered as a table and a chart.

use leptos::prelude::*;

use crate::charts::{Bars, bars};
use crate::components::{
    Field, Icon, Row, Table, action, area, button_link, code_block, empty_state, form_error, head, link,
    mono, post_form, section, submit, warning,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Page, Section, Shell};

/// Rows of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlAnswer {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Whether rows were cut.
    pub cut: bool,
    pub took_ms: i64,
    pub scanned: i64,
    /// When the answer has a time and counts.
    pub chart: Option<Bars>,
}

/// Posts to [`paths::sql`]: `query`, and `format` = `csv` for a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlView {
    pub form: FormState,
    pub answer: Option<SqlAnswer>,
    /// Table, and its columns with their types.
    pub tables: Vec<(String, Vec<(String, String)>)>,
    /// Name and text of queries to begin with.
    pub examples: Vec<(String, String)>,
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
        Some(answer) => answer_view(answer),
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
    let side = std::iter::once(section("Examples", vec![examples.into_any()])).chain(tables).collect();
    Page::new(shell, Section::Sql, "Query")
        .action(button_link(None, "Documentation", &paths::doc("analytics"), ""))
        .body(vec![crate::components::split(main, side)])
}

fn answer_view(answer: &SqlAnswer) -> crate::View {
    let heads =
        answer.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let rows = answer.rows.iter().map(|row| {
        let cells = row.iter().map(|text| view! { <td>{text.clone()}</td> }).collect_view();
        view! { <tr data-row="">{cells}</tr> }.into_any()
    });
    let title = format!("{} in {} ms", crate::number::count(answer.rows.len() as i64, "row"), answer.took_ms);
    let cut = answer.cut.then(|| warning("There are more rows than are shown. Add a LIMIT or download CSV."));
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
    let chart = answer.chart.as_ref().map(bars);
    section(&title, vec![cut.into_any(), chart.into_any(), table.into_any(), copy.into_any()])
}
