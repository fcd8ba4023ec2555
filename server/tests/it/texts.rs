//! Texts that people read in the dashboard stand in `web/src/texts` alone, so that whoever
//! translates it opens those files and no other. Checked by reading the string literals of the
//! pages and of their door: one that reads like a text is refused there.
//!
//! A word that begins with a small letter reads like a name, so one that is shown is only
//! noticed where it is the content of an element.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Where texts are shown, below the root of the repository.
const SHOWING: [&str; 2] = ["web/src", "server/src/http/dashboard"];

/// Where they stand, and the page of the style sheet, which is for developers.
const APART: [&str; 2] = ["web/src/texts/", "web/src/pages/style.rs"];

/// Whose literals are never shown: panics, the log, causes of errors. What is counted is a
/// noun of the code, which `web/src/texts/numbers.rs` says in words.
const SILENT: [&str; 6] = ["expect", "debug!", "error!", "debug_struct", "other", "count"];

/// Attributes of elements whose values are names.
const NAMING: [&str; 2] = ["class", "content"];

/// What code begins with: markup, SQL, a type of content, commands of a shell. The name of the
/// product is that of its program, too.
const CODE: [&str; 6] = ["<", "SELECT ", "text/", "curl ", "claude mcp ", "unkey"];

/// Literals that only look like texts: where, how they begin, and what they are.
const NOT_TEXTS: &[(&str, &[&str], &str)] = &[
    (
        "server/src/http/dashboard/settings/sessions.rs",
        &["Edg", "Opera", "Firefox", "Chrome", "Safari", "Android", "Windows", "Mac OS X", "Linux"],
        "names of programs, which no language translates",
    ),
    (
        "server/src/http/dashboard/keys/create_call/mod.rs",
        &["TypeScript", "Python", "Go"],
        "names of languages",
    ),
    ("server/src/http/dashboard/keys/create_call/go.rs", &[""], "a program"),
    ("server/src/http/dashboard/keys/create_call/python.rs", &[""], "a program"),
    ("server/src/http/dashboard/keys/create_call/typescript.rs", &[""], "a program"),
    ("server/src/http/dashboard/identities/usage.rs", &["time >= "], "SQL"),
    ("server/src/http/dashboard/reply.rs", &["attachment; "], "a header of an answer"),
    ("server/src/http/dashboard/cookies.rs", &["{name}={value}; "], "a header of an answer"),
];

/// A string literal and what stands around it.
struct Found {
    line: usize,
    text: String,
    /// `r"..."`: code, in the sources of pages.
    is_raw: bool,
    /// The last tokens before it, the nearest last.
    before: Vec<String>,
    /// What its innermost parentheses belong to: `expect`, `view!`, `class`.
    within: String,
}

/// The literals of a file, tests and documentation left out.
fn literals(stream: TokenStream, within: &str, found: &mut Vec<Found>) {
    let mut before: Vec<String> = Vec::new();
    let mut is_of_tests = false;
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let is_attribute = matches!(before.as_slice(), [.., hash] if hash == "#");
                let is_inner = matches!(before.as_slice(), [.., hash, mark] if hash == "#" && mark == "!");
                if is_attribute && group.stream().to_string().replace(' ', "") == "cfg(test)" {
                    is_of_tests = true;
                } else if is_of_tests && group.delimiter() == Delimiter::Brace {
                    is_of_tests = false;
                } else if !is_attribute && !is_inner {
                    literals(group.stream(), &owner(&before, within), found);
                }
                before.push("()".to_owned());
            }
            TokenTree::Literal(literal) => {
                let written = literal.to_string();
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&written) {
                    found.push(Found {
                        line: literal.span().start().line,
                        text: text.value(),
                        is_raw: written.starts_with('r'),
                        before: before.iter().rev().take(3).rev().cloned().collect(),
                        within: within.to_owned(),
                    });
                }
                before.push("\"\"".to_owned());
            }
            TokenTree::Ident(name) => before.push(name.to_string()),
            TokenTree::Punct(mark) => before.push(mark.as_char().to_string()),
        }
    }
}

/// What a group belongs to: the function or macro before it, or the attribute that a macro's
/// value is of.
fn owner(before: &[String], within: &str) -> String {
    match before {
        [.., class, equals, name, mark] if equals == "=" && mark == "!" && name == "format" => class.clone(),
        [.., name, mark] if mark == "!" => format!("{name}!"),
        [.., name] if name.chars().all(|c| c.is_alphanumeric() || c == '_') => name.clone(),
        _ => within.to_owned(),
    }
}

/// A literal without the places of values in it.
fn without_places(text: &str) -> String {
    let mut depth = 0;
    let keep = |character: &char| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    text.chars().filter(keep).collect()
}

/// Whether two words of letters stand beside each other.
fn has_words(text: &str) -> bool {
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(char::is_alphabetic);
    let words: Vec<_> =
        text.split(' ').map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
    words.windows(2).any(|pair| pair.iter().all(is_word))
}

fn begins_like_a_sentence(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(char::is_uppercase) && characters.next().is_some_and(char::is_lowercase)
}

/// Classes of the style sheet and of its script.
fn classes() -> BTreeSet<String> {
    let style = fs::read_to_string(repository().join("static/app.css")).unwrap();
    let names = style.split('.').skip(1);
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    names.map(name).collect()
}

fn is_text(found: &Found, classes: &BTreeSet<String>) -> bool {
    let text = without_places(&found.text);
    let before = found.before.as_slice();
    let is_class = |word: &str| classes.contains(word) || word.ends_with('-');
    let is_naming = |name: &str| NAMING.contains(&name);
    let is_code = found.is_raw || CODE.iter().any(|code| text.starts_with(code));
    let is_silent = SILENT.contains(&found.within.as_str()) || is_naming(&found.within);
    let is_name = matches!(before, [.., own, equals] if equals == "=" && is_naming(own));
    if is_code || is_silent || is_name || text.split(' ').all(is_class) {
        return false;
    }
    let ends_a_tag = matches!(before, [.., other, tag] if tag == ">" && other != "=" && other != "-");
    let is_content = found.within == "view!" && ends_a_tag && text.chars().any(char::is_alphabetic);
    begins_like_a_sentence(&text) || has_words(&text) || is_content
}

/// The exception that a literal of a file falls under, if it does: the file and the beginning.
fn excuse(name: &str, text: &str) -> Option<(&'static str, &'static str)> {
    let listed = NOT_TEXTS.iter().filter(|(file, ..)| *file == name);
    let mut starts = listed.flat_map(|(file, starts, _)| starts.iter().map(|start| (*file, *start)));
    starts.find(|(_, start)| text.starts_with(start))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, paths),
            false => paths.extend(path.extension().is_some_and(|end| end == "rs").then_some(path)),
        }
    }
}

/// Names of the sources that are looked at, with their paths.
fn looked_at() -> Vec<(String, PathBuf)> {
    let mut paths = Vec::new();
    SHOWING.iter().for_each(|folder| sources(&repository().join(folder), &mut paths));
    let named = paths.into_iter().map(|path| {
        let name = path.strip_prefix(repository()).unwrap().to_string_lossy().replace('\\', "/");
        (name, path)
    });
    let is_test = |name: &str| name.contains("tests");
    named.filter(|(name, _)| !is_test(name) && !APART.iter().any(|apart| name.starts_with(apart))).collect()
}

#[test]
fn texts_stand_where_they_are_translated() {
    let classes = classes();
    assert!(classes.contains("button"), "the style sheet could not be read");
    let (mut elsewhere, mut excused) = (Vec::new(), BTreeSet::new());
    for (name, path) in looked_at() {
        let mut found = Vec::new();
        literals(fs::read_to_string(&path).unwrap().parse().unwrap(), "", &mut found);
        for one in found.iter().filter(|one| is_text(one, &classes)) {
            match excuse(&name, &one.text) {
                Some(excuse) => drop(excused.insert(excuse)),
                None => elsewhere.push(format!("{name}:{}: {:?}", one.line, one.text)),
            }
        }
    }
    assert!(elsewhere.is_empty(), "these texts belong into web/src/texts:\n{}", elsewhere.join("\n"));
    let listed = NOT_TEXTS.iter().flat_map(|(file, starts, _)| starts.iter().map(|start| (*file, *start)));
    let stale: Vec<_> = listed.filter(|excuse| !excused.contains(excuse)).collect();
    assert!(stale.is_empty(), "nothing needs these exceptions any more: {stale:?}");
}

/// A text that no page shows any more would be translated for nobody.
#[test]
fn every_text_is_shown() {
    let mut paths = Vec::new();
    sources(&repository().join("web/src/texts"), &mut paths);
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let texts: Vec<String> = paths.iter().map(read).collect();
    let pages = looked_at().into_iter().map(|(_, path)| read(&path));
    let all: Vec<String> = texts.iter().cloned().chain(pages).collect();
    let mut counts = BTreeMap::new();
    let words = all.iter().flat_map(|source| source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    words.for_each(|word| *counts.entry(word).or_insert(0) += 1);
    let declared = texts.iter().flat_map(|source| source.lines()).filter_map(|line| {
        let line = line.trim_start();
        let rest = line.strip_prefix("pub const ").or_else(|| line.strip_prefix("pub fn "))?;
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
    });
    let declared: Vec<_> = declared.collect();
    let times = |name: &str| declared.iter().filter(|own| **own == name).count();
    let unshown: BTreeSet<_> = declared.iter().filter(|name| counts[**name] <= times(name)).collect();
    assert!(declared.len() > 1000, "only {} texts were found", declared.len());
    assert!(unshown.is_empty(), "no page shows these texts: {unshown:?}");
}

/// Names of keys of a keyboard, as events have them.
const KEYS: [&str; 6] = ["Arrow", "End", "Enter", "Escape", "Home", "Tab"];

/// What the scripts say stands in the object `TEXTS` at the head of each. Selectors look like
/// texts but for their first letter, so only sentences are noticed.
#[test]
fn texts_of_scripts_stand_at_their_heads() {
    for name in ["app.js", "query.js", "docs.js"] {
        let script = fs::read_to_string(repository().join("static").join(name)).unwrap();
        let (_, rest) = script.split_once("const TEXTS = {").unwrap();
        let (texts, code) = rest.split_once("};").unwrap();
        assert!(texts.split('"').skip(1).step_by(2).any(begins_like_a_sentence), "{name} has no texts");
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let quoted = lines.flat_map(|line| line.split(['"', '`']).skip(1).step_by(2));
        let is_key = |text: &str| KEYS.iter().any(|key| text.starts_with(key));
        let found: Vec<_> = quoted.filter(|text| begins_like_a_sentence(text) && !is_key(text)).collect();
        assert!(found.is_empty(), "{name} says outside of TEXTS: {found:?}");
    }
}

/// What the rule is made of, by what it has to tell apart.
#[test]
fn a_text_is_told_from_a_name() {
    let classes = BTreeSet::from(["button".to_owned(), "small".to_owned()]);
    let texts = |code: &str| {
        let mut found = Vec::new();
        literals(code.parse().unwrap(), "", &mut found);
        found.into_iter().filter(|one| is_text(one, &classes)).map(|one| one.text).collect::<Vec<_>>()
    };
    let shown = r#"
        fn page() { view! { <p title="No key yet">"shared"</p> }; head("Name"); format!("{} of its keys", 1); }
    "#;
    assert_eq!(texts(shown), ["No key yet", "shared", "Name", "{} of its keys"]);
    let names = r#"
        /// A documented thing.
        fn page() { view! { <p class="a b c" href="/apis">{act("button small")}</p> }; hidden("name", "M0 0h8"); }
        fn load() { found.expect("A row is there"); tracing::debug!("no row there"); at("/v2/keys.{}"); }
        #[cfg(test)]
        mod tests { const TEXT: &str = "Of a test"; }
    "#;
    assert_eq!(texts(names), [""; 0]);
}
