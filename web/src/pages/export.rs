//! Taking data out, streamed, with the same choice of rows as a list.

use leptos::prelude::*;

use crate::components::{Filters, action, note, section, select, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Page, Section, Shell};

/// A GET form to [`paths::export`] with `download` = `1`: `what`, `format`
/// (`csv`, `json`), and the query of the list it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportView {
    /// Value and name of what can be exported.
    pub kinds: Vec<(String, String)>,
    pub form: FormState,
    /// The choice of rows that is kept, shown as pills.
    pub filters: Filters,
}

pub fn export(shell: &Shell, view: &ExportView) -> String {
    let kinds: Vec<_> = view.kinds.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    let formats = [("csv", "CSV"), ("json", "JSON, one object a line")];
    let own = ["what", "format", "download"];
    let kept = view.filters.here.pairs.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let kept = kept.map(|(name, value)| crate::components::hidden(name, value)).collect_view();
    let form = view! {
        <form method="get" action=paths::export().to_string() class="form">
            <input type="hidden" name="download" value="1"/>
            {kept}
            {select(&view.form, "what", "What", "", &kinds)}
            {select(&view.form, "format", "Format", "", &formats)}
            {action("The export is audited.", vec![submit("Download", "primary")])}
        </form>
    };
    Page::new(shell, Section::None, "Export").narrow().body(vec![
        section("Export", vec![form.into_any()]),
        note("Secrets are not in an export: only hashes are stored."),
    ])
}
