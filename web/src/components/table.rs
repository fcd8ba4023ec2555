//! Tables: a caption for those who do not see the page, headers that sort, rows
//! that can be chosen.

use leptos::prelude::*;

use super::icon::Icon;
use crate::View;
use crate::form::{CSRF, SELECTED};
use crate::paths::{HIDE, Here, Href, SORT};
use crate::texts::components as text;

/// Id of the form the checkboxes of a table belong to. It stands beside the
/// table, not around it, because rows hold forms of their own.
const SELECTION: &str = "selection";

/// The form of the chosen rows.
pub(crate) fn selection_form(csrf: &str, action: &Href, body: View) -> View {
    view! {
        <form id=SELECTION method="post" action=action.to_string() class="bulk">
            <input type="hidden" name=CSRF value=csrf.to_owned()/>
            {body}
        </form>
    }
    .into_any()
}

/// The order a list is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorting {
    /// Column name as the query parameter has it, without `-`.
    pub column: String,
    pub descending: bool,
}

/// A header. A column with a name can be sorted by.
pub(crate) struct Column {
    label: &'static str,
    sort: Option<&'static str>,
    /// The most first is the only order.
    ranked: bool,
    /// The least first is the order that is asked for first.
    rising: bool,
    class: &'static str,
}

/// A header by which the list cannot be sorted.
pub(crate) const fn head(label: &'static str) -> Column {
    Column { label, sort: None, ranked: false, rising: false, class: "" }
}

impl Column {
    /// Whether an address leaves it out.
    fn is_hidden(&self, here: &Here) -> bool {
        here.pairs.iter().any(|(name, label)| name == HIDE && label == self.label)
    }

    pub(crate) const fn sorted_by(mut self, name: &'static str) -> Self {
        self.sort = Some(name);
        self
    }

    /// A column by which the first places are known, but not the last.
    pub(crate) const fn ranked_by(mut self, name: &'static str) -> Self {
        self.ranked = true;
        self.sorted_by(name)
    }

    /// As names are read, and as what comes next is looked for.
    pub(crate) const fn rising(mut self) -> Self {
        self.rising = true;
        self
    }

    /// Figures stand at the right.
    pub(crate) const fn numeric(mut self) -> Self {
        self.class = "r";
        self
    }

    fn view(&self, sorting: Option<(&Here, &Sorting)>) -> View {
        let (Some(name), Some((here, sorting))) = (self.sort, sorting) else {
            let label = match self.label {
                "" => view! { <span class="sr">{text::ACTIONS}</span> }.into_any(),
                label => label.into_any(),
            };
            return view! { <th scope="col" class=self.class>{label}</th> }.into_any();
        };
        let active = sorting.column == name;
        let (state, icon) = match (active, sorting.descending) {
            (true, true) => (Some("descending"), Icon::Down),
            (true, false) => (Some("ascending"), Icon::Up),
            (false, _) => (None, Icon::Sort),
        };
        if active && self.ranked {
            return view! { <th scope="col" class=self.class aria-sort="descending">{self.label}{Icon::Down.view()}</th> }
                .into_any();
        }
        let is_falling_next = if active { !sorting.descending } else { !self.rising };
        let next = if is_falling_next { format!("-{name}") } else { name.to_owned() };
        view! {
            <th scope="col" class=self.class aria-sort=state>
                <a class="sort" href=here.with(SORT, &next).to_string()>{self.label}{icon.view()}</a>
            </th>
        }
        .into_any()
    }
}

/// A row; `class` tints it by severity.
pub(crate) struct Row {
    /// The id its checkbox posts.
    pub id: String,
    /// What the row is about, for its checkbox.
    pub name: String,
    pub class: &'static str,
    pub cells: Vec<View>,
}

impl Row {
    pub(crate) fn new(cells: Vec<View>) -> Self {
        Self { id: String::new(), name: String::new(), class: "", cells }
    }

    pub(crate) fn selectable(id: &str, name: &str, cells: Vec<View>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), class: "", cells }
    }

    pub(crate) fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn view(self, selectable: bool) -> View {
        let choose = selectable.then(|| {
            view! {
                <td class="choose">
                    <input
                        type="checkbox"
                        name=SELECTED
                        value=self.id
                        form=SELECTION
                        aria-label=text::choose(&self.name)
                    />
                </td>
            }
        });
        view! { <tr class=self.class data-row="">{choose}{self.cells}</tr> }.into_any()
    }
}

/// A table about to be drawn.
pub(crate) struct Table<'a> {
    caption: &'a str,
    columns: Vec<Column>,
    sorting: Option<(&'a Here, &'a Sorting)>,
    here: Option<&'a Here>,
    selectable: bool,
    class: &'static str,
    live: Option<String>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(caption: &'a str, columns: Vec<Column>) -> Self {
        Self { caption, columns, sorting: None, here: None, selectable: false, class: "", live: None }
    }

    pub(crate) fn sorted(mut self, here: &'a Here, sorting: &'a Sorting) -> Self {
        self.sorting = Some((here, sorting));
        self
    }

    /// Without the columns that the address leaves out.
    pub(crate) fn of_columns(mut self, here: Option<&'a Here>) -> Self {
        self.here = here;
        self
    }

    pub(crate) fn selectable(mut self, selectable: bool) -> Self {
        self.selectable = selectable;
        self
    }

    /// Many short rows in the type of code.
    pub(crate) fn dense(mut self) -> Self {
        self.class = "dense";
        self
    }

    /// Long texts beside each other: what does not fit is scrolled to.
    pub(crate) fn wide(mut self) -> Self {
        self.class = "wide";
        self
    }

    /// Rows that come in while the page is open, from this address.
    pub(crate) fn live(mut self, source: Option<String>) -> Self {
        self.live = source;
        self
    }

    pub(crate) fn rows(self, rows: Vec<Row>) -> View {
        let all = self.selectable.then(|| {
            view! {
                <th scope="col" class="choose">
                    <input type="checkbox" class="needs-js" data-choose-all="" aria-label=text::CHOOSE_EVERY_ROW/>
                </th>
            }
        });
        let shown = |column: &&Column| self.here.is_none_or(|here| !column.is_hidden(here));
        let heads = self.columns.iter().filter(shown).map(|column| column.view(self.sorting)).collect_view();
        let rows = rows.into_iter().map(|row| row.under(&self.columns, self.here).view(self.selectable));
        let rows = rows.collect_view();
        view! {
            <div class="table-wrap" tabindex="0" role="region" aria-label=self.caption.to_owned()>
                <table class=self.class>
                    <caption class="sr">{self.caption.to_owned()}</caption>
                    <thead>
                        <tr>{all}{heads}</tr>
                    </thead>
                    <tbody data-live=self.live>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    }
}

impl Row {
    /// The row with its cells as they stand in a table: each under its header, figures at
    /// the right, and none of a column that the address leaves out.
    pub(crate) fn under(mut self, heads: &[Column], here: Option<&Here>) -> Self {
        let shown = |column: &Column| here.is_none_or(|here| !column.is_hidden(here));
        let cells = self.cells.into_iter().zip(heads).filter(|(_, column)| shown(column));
        self.cells = cells
            .map(|(content, column)| match column.class {
                "" => view! { <td>{content}</td> }.into_any(),
                class => view! { <td class=class>{content}</td> }.into_any(),
            })
            .collect();
        self
    }
}

/// Which columns a list has: a link for each but the first, which says what a row is.
pub(crate) fn columns_menu(here: &Here, heads: &[Column]) -> View {
    let named = heads.iter().skip(1).filter(|column| !column.label.is_empty());
    let links = named.map(|column| {
        let (label, href) = match column.is_hidden(here) {
            true => (text::show_column(column.label), here.with_column(column.label)),
            false => (text::hide_column(column.label), here.href().with(HIDE, column.label)),
        };
        view! { <li><a class="menu-item" href=href.to_string()>{label}</a></li> }
    });
    view! {
        <details class="menu">
            <summary class="button">{Icon::Columns.view()}<span>{text::COLUMNS}</span></summary>
            <div class="popover"><ul>{links.collect_view()}</ul></div>
        </details>
    }
    .into_any()
}
