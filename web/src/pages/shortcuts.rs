//! The keys that work without the mouse.

use leptos::prelude::*;

use crate::View;
use crate::components::section;
use crate::shell::{Page, Section, Shell, places};

const KEYS: [(&str, &str); 10] = [
    ("/", "Search everything"),
    ("Ctrl K", "Search everything, go anywhere, find what the page offers"),
    ("f", "Filter the list"),
    ("j", "Next row"),
    ("k", "Row before"),
    ("Enter", "Open the row"),
    ("p", "Show the row beside the list, as a double click does"),
    ("x", "Choose the row"),
    ("Esc", "Close what is open"),
    ("?", "This page"),
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
    Page::new(shell, Section::None, "Keyboard shortcuts")
        .narrow()
        .body(vec![section("Everywhere", vec![list(general)]), section("Go to", vec![list(go)])])
}
