//! The keys that work without the mouse.

use leptos::prelude::*;

use crate::View;
use crate::components::section;
use crate::shell::{Page, Section, Shell, places};
use crate::texts::{common, shell as text};

const KEYS: [(&str, &str); 10] = [
    ("/", common::SEARCH_EVERYTHING),
    (text::KEY_CTRL_K, text::SEARCH_AND_GO_ANYWHERE),
    ("f", text::FILTER_THE_LIST),
    ("j", text::NEXT_ROW),
    ("k", text::ROW_BEFORE),
    (text::KEY_ENTER, text::OPEN_THE_ROW),
    ("p", text::SHOW_BESIDE_THE_LIST),
    ("x", text::CHOOSE_THE_ROW),
    (text::KEY_ESC, text::CLOSE_WHAT_IS_OPEN),
    ("?", text::THIS_PAGE),
];

pub fn shortcuts(shell: &Shell) -> String {
    let list = |keys: Vec<(String, &str)>| -> View {
        let rows = keys
            .into_iter()
            .map(|(key, what)| view! { <div><dt><kbd>{key}</kbd></dt><dd>{what.to_owned()}</dd></div> });
        view! { <dl class="facts keys">{rows.collect_view()}</dl> }.into_any()
    };
    let general = KEYS.map(|(key, what)| (key.to_owned(), what)).to_vec();
    let go = places().into_iter().map(|(letter, name)| (format!("g {letter}"), name)).collect();
    Page::new(shell, Section::None, text::KEYBOARD_SHORTCUTS)
        .narrow()
        .body(vec![section(text::EVERYWHERE, vec![list(general)]), section(text::GO_TO, vec![list(go)])])
}
