//! Questions to the event store in SQL, answered as a table and a chart, with what is kept
//! of earlier ones: those saved under a name, and what the reader asked.
//!
//! Everything is done by forms and links. The script of the page, `static/query.js`, adds
//! the completion of names while somebody types, from the tables and functions that the
//! page shows.

use leptos::prelude::*;

use crate::View;
use crate::charts::{Lines, Ranks, lines, ranks};
use crate::components::{
    Field, Icon, Row, SavedView, Table, act, action, area, button_link, card_with, check, code_block,
    empty_state, form_error, head, input, link, mono, post_form, saved_view, section, split, stamp, submit,
    warning,
};
use crate::form::FormState;
use crate::number::{count, exact};
use crate::paths::{self, Href};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, query as text};
use crate::time::Stamp;

/// Rows of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlAnswer {
    pub columns: Vec<String>,
    /// Those that are shown.
    pub rows: Vec<Vec<String>>,
    /// Rows in all; a download has every one.
    pub total: i64,
    pub took_ms: i64,
    pub chart: Option<SqlChart>,
}

/// What an answer looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlChart {
    /// Of times and numbers.
    Lines(Lines),
    /// Of names and a number.
    Ranks(Ranks),
}

/// A query that the reader asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastQuery {
    /// Its beginning, in one line.
    pub query: String,
    /// The editor with it.
    pub href: Href,
    pub asked: Stamp,
    pub took_ms: i64,
    /// So many rows, or the code of an error.
    pub end: Result<i64, String>,
}

/// Posts to [`paths::sql`], or asks it by GET for an address that can be shared:
/// `query`, and `format` = `csv` for a download. With `edit` it is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlView {
    /// `query`; where saving was refused, `name` and `shared`, too.
    pub form: FormState,
    pub answer: Option<SqlAnswer>,
    /// Table, and its columns with their types.
    pub tables: Vec<(String, Vec<(String, String)>)>,
    /// Name and text of queries to begin with.
    pub examples: Vec<(String, String)>,
    pub saved: Vec<SavedView>,
    /// Newest first.
    pub history: Vec<PastQuery>,
    /// Functions a query may call.
    pub functions: Vec<String>,
    /// Of this page alone.
    pub script: Href,
}

/// Entries of the history that show without unfolding it.
const RECENT: usize = 6;

pub fn sql(shell: &Shell, view: &SqlView) -> String {
    let mut main = vec![editor(shell, &view.form)];
    main.push(match &view.answer {
        Some(answer) => answer_view(&view.form, answer),
        None => empty_state(Icon::Code, text::NO_ANSWER_YET, text::NO_ANSWER_YET_HINT, vec![]),
    });
    let functions = view! { <p class="hint" data-functions="">{view.functions.join(", ")}</p> };
    let side = [
        (!view.saved.is_empty()).then(|| saved(shell, &view.saved)),
        Some(examples(&view.examples)),
        (!view.history.is_empty()).then(|| history(shell, &view.history)),
    ];
    let side =
        side.into_iter().flatten().chain(view.tables.iter().map(|(name, columns)| table(name, columns)));
    let side = side.chain([section(text::FUNCTIONS, vec![functions.into_any()])]).collect();
    Page::new(shell, Section::Sql, common::QUERY)
        .action(button_link(None, common::DOCUMENTATION, &paths::doc("analytics"), ""))
        .script(&view.script)
        .body(vec![split(main, side)])
}

fn editor(shell: &Shell, form: &FormState) -> View {
    let query = Field::text("query", text::SQL).mono().rows(8).required();
    let csv = view! { <button type="submit" class="button" name="format" value="csv">{text::DOWNLOAD_CSV}</button> };
    let body = vec![
        form_error(form),
        area(form, query.help(text::SQL_HINT)),
        action("", vec![submit(text::RUN, "primary"), csv.into_any(), save(shell, form)]),
    ];
    post_form(shell.csrf(), &paths::sql(), "form card sql", body)
}

/// Part of the form, so that what is saved is what stands in the editor.
fn save(shell: &Shell, form: &FormState) -> View {
    let share = shell.may.write.then(|| check(form, "shared", common::SHARE_WITH_THE_WORKSPACE, ""));
    let is_open = form.error("name").is_some() || !form.value("name").is_empty();
    view! {
        <details class="menu" open=is_open>
            <summary class="button">{Icon::Star.view()}<span>{common::SAVE}</span></summary>
            <div class="popover save-view">
                {input(form, Field::text("name", text::SAVE_THIS_QUERY_AS).no_autofill())}
                {share}
                <button type="submit" class="button" formaction=paths::save_query().to_string() data-save="">
                    {text::SAVE_QUERY}
                </button>
            </div>
        </details>
    }
    .into_any()
}

fn saved(shell: &Shell, views: &[SavedView]) -> View {
    let views = views.iter().map(|view| saved_view(shell.csrf(), view)).collect_view();
    section(text::SAVED_QUERIES, vec![view! { <ul class="saved">{views}</ul> }.into_any()])
}

fn examples(examples: &[(String, String)]) -> View {
    let examples = examples
        .iter()
        .map(|(name, text)| view! { <li>{link(name, &paths::sql().with("query", text))}</li> }.into_any());
    section(text::EXAMPLES, vec![view! { <ul class="plain">{examples.collect_view()}</ul> }.into_any()])
}

/// What can be named in a query; the script reads it here.
fn table(name: &str, columns: &[(String, String)]) -> View {
    let rows = columns.iter().map(|(column, kind)| Row::new(vec![mono(column), mono(kind)])).collect();
    let columns = Table::new(name, vec![head(common::COLUMN), head(text::TYPE)]).dense().rows(rows);
    section(name, vec![view! { <div data-columns=name.to_owned()>{columns}</div> }.into_any()])
}

fn history(shell: &Shell, history: &[PastQuery]) -> View {
    let (recent, older) = history.split_at(history.len().min(RECENT));
    let older = (!older.is_empty()).then(|| {
        view! {
            <details class="figures">
                <summary>{text::OLDER}</summary>
                {past_queries(older)}
            </details>
        }
    });
    let clear = act(shell.csrf(), None, text::CLEAR_HISTORY, &paths::clear_query_history(), "small");
    let note = view! { <p class="hint">{text::HISTORY_HINT}</p> };
    card_with(text::YOUR_HISTORY, vec![clear], vec![past_queries(recent), older.into_any(), note.into_any()])
}

fn past_queries(queries: &[PastQuery]) -> View {
    let entry = |past: &PastQuery| {
        let took = text::milliseconds(exact(past.took_ms));
        let end = match &past.end {
            Ok(rows) => text::rows_in(count(*rows, "row"), &took),
            Err(code) => text::failed_after(code, &took),
        };
        let when = view! { <p class="hint">{stamp(&past.asked)}" · "{end}</p> };
        view! { <li>{link(&past.query, &past.href)}{when}</li> }.into_any()
    };
    view! { <ul class="plain">{queries.iter().map(entry).collect_view()}</ul> }.into_any()
}

fn answer_view(form: &FormState, answer: &SqlAnswer) -> View {
    let heads =
        answer.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let rows = answer.rows.iter().map(|row| {
        let cells = row.iter().map(|text| view! { <td>{text.clone()}</td> }).collect_view();
        view! { <tr data-row="">{cells}</tr> }.into_any()
    });
    let title = text::rows_in_ms(count(answer.total, "row"), answer.took_ms);
    let shown = i64::try_from(answer.rows.len()).unwrap_or(i64::MAX);
    let cut = (answer.total > shown).then(|| {
        let text = text::first_rows_are_shown(exact(shown));
        warning(&text)
    });
    let table = view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=text::ANSWER>
            <table class="dense">
                <caption class="sr">{text::ANSWER}</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    };
    let text = answer.rows.iter().map(|row| row.join("\t")).collect::<Vec<_>>().join("\n");
    let copy = (answer.rows.len() <= 20 && !text.is_empty()).then(|| code_block(text::AS_TEXT, &text));
    let chart = answer.chart.as_ref().map(|chart| match chart {
        SqlChart::Lines(chart) => lines(chart),
        SqlChart::Ranks(chart) => ranks(chart),
    });
    let share = link(text::LINK_TO_THIS_QUERY, &paths::sql().with("query", &form.value("query")));
    card_with(&title, vec![share], vec![cut.into_any(), chart.into_any(), table.into_any(), copy.into_any()])
}
