//! The keys of an API: found, seen through, and changed many at a time.

use leptos::prelude::*;

use super::parts::ApiRef;
use crate::View;
use crate::charts::{Spark, spark};
use crate::components::{
    Chip, Column, Filters, Icon, Pager, Row, Sorting, Table, act, button_link, chips, code_block,
    columns_menu, curl, empty_state, filter_bar, head, hidden, link, masked, menu, nothing, optional_stamp,
    pager, selection_form,
};
use crate::form::{ALL_MATCHING, ON};
use crate::paths::{self, CURSOR, HIDE, Href, ROWS, SORT};
use crate::shell::Shell;
use crate::texts::{common, keys as text};
use crate::time::Stamp;

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub id: String,
    pub name: Option<String>,
    pub start: String,
    pub last4: String,
    /// External id, and id of the identity.
    pub identity: Option<(String, String)>,
    pub enabled: bool,
    /// Most urgent first; never empty.
    pub states: Vec<Chip>,
    /// The last 36 hours.
    pub usage: Spark,
    pub last_used: Option<Stamp>,
    pub expires: Option<Stamp>,
}

/// Chosen rows post to [`paths::bulk_keys`]: `id` for each, `all_matching` for
/// every row that matches, `query` (the list's query string) and `act`, one of
/// [`ACTS`]. Row menus post to [`paths::enable_key`] and [`paths::disable_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysView {
    pub api: ApiRef,
    pub filters: Filters,
    pub keys: Vec<KeyRow>,
    pub pager: Pager,
    /// By `created`, `name` or `expires`.
    pub sorting: Sorting,
}

/// What can be done to many keys: value of the field `act`, and its name.
pub const ACTS: [(&str, &str); 13] = [
    ("enable", common::ENABLE),
    ("disable", common::DISABLE),
    ("expiry", text::SET_EXPIRY),
    ("credits", text::SET_CREDITS),
    ("add_credits", text::ADD_CREDITS),
    ("limits", text::SET_RATE_LIMITS),
    ("add_roles", text::ADD_ROLES),
    ("remove_roles", text::REMOVE_ROLES),
    ("add_permissions", text::ADD_PERMISSIONS),
    ("remove_permissions", text::REMOVE_PERMISSIONS),
    ("external_id", text::SET_EXTERNAL_ID),
    ("meta", text::MERGE_METADATA),
    ("delete", common::DELETE),
];

pub fn list(shell: &Shell, view: &KeysView) -> String {
    let api = &view.api.id;
    let page = view
        .api
        .page(shell, common::KEYS)
        .action(button_link(Some(Icon::Export), common::EXPORT, &export(view), ""))
        .action_if(shell.may.write, || {
            button_link(Some(Icon::Import), text::IMPORT, &paths::import().with("api", api), "")
        })
        .action_if(shell.may.write, || {
            button_link(Some(Icon::Plus), common::NEW_KEY, &paths::new_key(api), "primary")
        });
    if view.keys.is_empty() && !view.filters.is_active() && view.filters.problems.is_empty() {
        return page.body(vec![nothing_yet(shell, api)]);
    }
    let here = &view.filters.here;
    let bar = filter_bar(shell.csrf(), &view.filters, vec![turned(view), columns_menu(here, &heads())]);
    if view.keys.is_empty() {
        return page.body(vec![bar, no_match(view)]);
    }
    let bulk = if shell.may.write { bulk_bar(shell, view) } else { ().into_any() };
    page.body(vec![bar, table(shell, view), bulk, pager(here, &view.pager, text::NOUN_KEY)])
}

/// By age from its other end; from another order, back to the newest first.
fn turned(view: &KeysView) -> View {
    let here = &view.filters.here;
    match is_newest_first(view) {
        true => button_link(None, text::OLDEST_FIRST, &here.with(SORT, "created"), ""),
        false => button_link(None, text::NEWEST_FIRST, &here.without(&[SORT]), ""),
    }
}

fn is_newest_first(view: &KeysView) -> bool {
    view.sorting.column == "created" && view.sorting.descending
}

/// The same choice of keys as a file.
fn export(view: &KeysView) -> Href {
    let start = paths::export().with("what", "keys").with("api", &view.api.id);
    let chosen = view
        .filters
        .here
        .pairs
        .iter()
        .filter(|(name, _)| ![CURSOR, SORT, ROWS, HIDE].contains(&name.as_str()));
    chosen.fold(start, |href, (name, value)| href.with(name, value))
}

/// A page looks at a bounded number of keys: where few of many match, the next
/// ones may be further on.
fn no_match(view: &KeysView) -> View {
    match &view.pager.next {
        Some(cursor) => empty_state(
            Icon::Search,
            text::NO_MATCH_SO_FAR,
            match view.sorting.column.as_str() {
                "created" if view.sorting.descending => text::LOOKED_THROUGH_THE_NEWEST,
                "created" => text::LOOKED_THROUGH_THE_OLDEST,
                _ => text::LOOKED_THROUGH_THE_FIRST,
            },
            vec![button_link(
                Some(Icon::Right),
                text::LOOK_FURTHER,
                &view.filters.here.with(CURSOR, cursor),
                "",
            )],
        ),
        None => empty_state(Icon::Search, text::NO_KEY_MATCHES, text::NO_KEY_MATCHES_HINT, vec![]),
    }
}

fn heads() -> Vec<Column> {
    vec![
        head(common::KEY).sorted_by("name").rising(),
        head(common::VALUE),
        head(common::IDENTITY),
        head(text::LAST_36_HOURS),
        head(common::LAST_USED),
        head(common::EXPIRES).sorted_by("expires").rising(),
        head(common::STATE),
        head(""),
    ]
}

fn table(shell: &Shell, view: &KeysView) -> View {
    let rows = view.keys.iter().map(|key| row(shell, key)).collect();
    let (here, table) = (&view.filters.here, Table::new(common::KEYS, heads()).selectable(shell.may.write));
    table.of_columns(Some(here)).sorted(here, &view.sorting).rows(rows)
}

fn row(shell: &Shell, key: &KeyRow) -> Row {
    let label = key.name.clone().unwrap_or_else(|| key.id.clone());
    let name = view! {
        <a class="strong" href=paths::key(&key.id).to_string()>{label.clone()}</a>
        {key.name.is_some().then(|| view! { <code class="id">{key.id.clone()}</code> })}
    };
    let identity = key.identity.as_ref();
    let cells = vec![
        name.into_any(),
        masked(&key.start, &key.last4),
        identity.map_or_else(|| nothing(common::NONE), |(name, id)| link(name, &paths::identity(id))),
        spark(&key.usage, text::SPARK_VALID, text::SPARK_DENIED),
        optional_stamp(&key.last_used, common::NEVER),
        optional_stamp(&key.expires, common::NEVER),
        chips(&key.states),
        menu(&label, menu_items(shell, key)),
    ];
    Row::selectable(&key.id, &label, cells).class(if key.enabled { "" } else { "row-off" })
}

fn menu_items(shell: &Shell, key: &KeyRow) -> Vec<View> {
    let go = |icon: Icon, text: &str, href| button_link(Some(icon), text, &href, "menu-item");
    let mut items = vec![go(Icon::Log, text::LOG, paths::key_log(&key.id))];
    if shell.may.write {
        items.push(go(Icon::Edit, common::EDIT, paths::edit_key(&key.id)));
        items.push(go(Icon::Rotate, common::ROTATE, paths::rotate_key(&key.id)));
        items.push(if key.enabled {
            act(shell.csrf(), Some(Icon::Pause), common::DISABLE, &paths::disable_key(&key.id), "menu-item")
        } else {
            act(shell.csrf(), Some(Icon::Play), common::ENABLE, &paths::enable_key(&key.id), "menu-item")
        });
        items.push(go(Icon::Trash, common::DELETE, paths::edit_key(&key.id).at("danger")));
    }
    items
}

/// Stands under the table; the checkboxes belong to this form by its id, because
/// the row menus inside the table are forms of their own.
fn bulk_bar(shell: &Shell, view: &KeysView) -> View {
    let acts = Vec::from(ACTS.map(|(value, name)| view! { <option value=value>{name}</option> }));
    let is_part = view.pager.next.is_some() || view.filters.here.get(CURSOR).is_some();
    let every = is_part.then(|| {
        view! {
            <label class="check-inline">
                <input type="checkbox" name=ALL_MATCHING value=ON/>
                {text::all_that_match(view.pager.total)}
            </label>
        }
    });
    let query = view.filters.here.without(&[]);
    let query = query.as_str().split_once('?').map_or("", |(_, query)| query);
    let body = view! {
        {hidden("query", query)}
        <p class="bulk-count" data-chosen="">{text::WITH_THE_CHOSEN_KEYS}</p>
        {every}
        <label class="sr" for="bulk-act">{text::WHAT_TO_DO}</label>
        <span class="control select"><select id="bulk-act" name="act">{acts}</select>{Icon::Down.view()}</span>
        <button type="submit" class="button">{common::PREVIEW}</button>
    };
    let form = selection_form(shell.csrf(), &paths::bulk_keys(&view.api.id), body.into_any());
    view! { <section class="bulk-bar" aria-label=text::MANY_KEYS_AT_ONCE>{form}</section> }.into_any()
}

fn nothing_yet(shell: &Shell, api: &str) -> View {
    let body = format!(r#"{{"apiId":"{api}","name":"first key"}}"#);
    let command = curl(shell.origin(), "keys.createKey", "YOUR_ROOT_KEY", &body);
    let button = shell
        .may
        .write
        .then(|| button_link(Some(Icon::Plus), common::NEW_KEY, &paths::new_key(api), "primary"));
    empty_state(
        Icon::Key,
        text::NO_KEY_YET,
        text::NO_KEY_YET_HINT,
        vec![button.into_any(), code_block(text::CREATE_A_KEY, &command)],
    )
}
