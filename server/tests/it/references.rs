//! What the sources and pages of the repository refer to is there: pages and
//! their sections, Markdown links, names of source files.
//!
//! A comment names a fact by `docs/<page>.md#<section>`, a path from the root of
//! the repository with the anchor that Markdown viewers give a heading. Numbers
//! of sections and decisions are refused: nobody can open them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Folders of builds and of tools.
const SKIPPED: &[&str] = &["target", "node_modules", "__pycache__"];
/// Folders whose names begin with a dot and that hold sources.
const HIDDEN: &[&str] = &[".ci", ".github", ".cargo"];
/// What is read, and what begins a comment there; in prose everything counts.
const KINDS: &[(&str, &str)] = &[
    ("rs", "//"),
    ("mjs", "//"),
    ("js", "//"),
    ("go", "//"),
    ("py", "#"),
    ("sh", "#"),
    ("toml", "#"),
    ("yml", "#"),
    ("txt", "#"),
    ("sql", "--"),
    ("css", "/*"),
    ("md", ""),
];
/// The documents that clients are made from are read by people who have no sources.
const PUBLISHED: &str = "server/openapi/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

struct Text {
    /// From the root of the repository, with forward slashes.
    path: String,
    text: String,
    /// What begins a comment.
    comment: &'static str,
}

/// The files of the repository, and what is written in those of text.
struct Repository {
    paths: BTreeSet<String>,
    texts: Vec<Text>,
    /// Anchors of the pages, by path.
    anchors: HashMap<String, BTreeSet<String>>,
}

impl Repository {
    fn read() -> Self {
        let root = root();
        let mut found = Vec::new();
        walk(&root, &mut found);
        let paths = found.iter().map(|path| path.strip_prefix(&root).unwrap());
        let paths: BTreeSet<String> = paths.map(|path| path.to_string_lossy().replace('\\', "/")).collect();
        let texts: Vec<Text> = paths.iter().filter_map(|path| Text::read(&root, path)).collect();
        let pages = texts.iter().filter(|text| text.path.ends_with(".md"));
        let anchors = pages.map(|page| (page.path.clone(), anchors(&page.text))).collect();
        Self { paths, texts, anchors }
    }

    /// Why a path with or without an anchor leads nowhere.
    fn broken(&self, target: &str) -> Option<&'static str> {
        let (path, anchor) = target.split_once('#').map_or((target, None), |(path, at)| (path, Some(at)));
        let is_folder = || {
            let folder = format!("{}/", path.trim_end_matches('/'));
            self.paths.range(folder.clone()..).next().is_some_and(|path| path.starts_with(&folder))
        };
        if !self.paths.contains(path) && !is_folder() {
            return Some("there is no such file");
        }
        match (anchor, self.anchors.get(path)) {
            (Some(anchor), Some(anchors)) if !anchors.contains(anchor) => Some("there is no such section"),
            _ => None,
        }
    }

    fn has_source(&self, name: &str) -> bool {
        let ends = |path: &String| {
            path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        self.paths.iter().any(ends)
    }

    /// Every fault that `find` sees in a text, as `file:line: what`.
    fn faults(&self, find: impl Fn(&Text) -> Vec<(usize, String)>) -> Vec<String> {
        let of = |text: &Text| {
            let faults = find(text).into_iter();
            faults.map(|(line, fault)| format!("{}:{line}: {fault}", text.path)).collect::<Vec<_>>()
        };
        self.texts.iter().flat_map(of).collect()
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_dir() {
            found.push(path);
        } else if !SKIPPED.contains(&name.as_str())
            && (!name.starts_with('.') || HIDDEN.contains(&name.as_str()))
        {
            walk(&path, found);
        }
    }
}

impl Text {
    fn read(root: &Path, path: &str) -> Option<Self> {
        let kind = path.rsplit_once('.').map_or("", |(_, kind)| kind);
        let comment = match KINDS.iter().find(|(known, _)| *known == kind) {
            Some((_, comment)) => comment,
            None if kind == "json" && path.starts_with(PUBLISHED) => "",
            None => return None,
        };
        let text = fs::read_to_string(root.join(path)).unwrap();
        Some(Self { path: path.to_owned(), text, comment })
    }

    /// The numbers of lines, from 1, and what of each is comment.
    fn comments(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().zip(1..);
        lines.filter_map(|(line, number)| Some((number, comment(line, self.comment)?)))
    }
}

/// What of a line is comment, without the marks before it.
fn comment<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    if mark.is_empty() {
        return Some(line);
    }
    let at = line.match_indices(mark).map(|(at, _)| at).find(|at| !line[..*at].ends_with(':'))?;
    Some(line[at + mark.len()..].trim_start_matches(['/', '!', '*', '#']).trim())
}

/// The anchors of the headings of a page, as Markdown viewers make them.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(part) | Event::Code(part), Some(text)) => text.push_str(&part),
            (Event::End(TagEnd::Heading(_)), Some(text)) => {
                let anchor = anchor(text);
                let times = taken.entry(anchor.clone()).or_default();
                anchors.insert(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
                *times += 1;
                heading = None;
            }
            _ => {}
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Pages of `docs/` that a line names by their path from the root.
fn named_pages(line: &str) -> Vec<&str> {
    let mut pages = Vec::new();
    for (at, _) in line.match_indices("docs/") {
        // Part of an address, of a longer path, or of a word.
        if line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '-' | '.')) {
            continue;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
        let rest = &line[at..];
        let path = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        let Some(end) = path.find(".md").map(|end| end + ".md".len()) else { continue };
        let is_anchor = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let anchor = rest[end..].strip_prefix('#').unwrap_or_default();
        let anchor_bytes = anchor.find(|c| !is_anchor(c)).unwrap_or(anchor.len());
        let hash_bytes = usize::from(rest[end..].starts_with('#'));
        pages.push(&rest[..end + hash_bytes + anchor_bytes]);
    }
    pages
}

/// Names of Rust files in a text, with their folders or without.
fn named_sources(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
    let words = text.split(move |c| !is_name(c)).map(|word| word.trim_end_matches('.'));
    let words = words.filter(|word| word.ends_with(".rs") && !word.starts_with('.'));
    // Not what is part of an address.
    words.filter(|word| !word.contains("//"))
}

/// A reference by number that a text holds, if any.
fn number_cited(text: &str) -> Option<Range<usize>> {
    decision_number(text).or_else(|| after(text, "design decision ", is_number)).or_else(|| {
        let words = ["v1 contract", "v2 contract"];
        let of_version =
            words.iter().find_map(|words| after(text, words, |rest| rest.starts_with([',', ':'])));
        let of_section = |rest: &str| is_number(rest) || rest.starts_with("section");
        of_version.or_else(|| after(text, "contract, ", of_section))
    })
}

/// The letter D and one or two digits, as a word.
fn decision_number(text: &str) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices('D').map(|(at, _)| at).find_map(|at| {
        let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        let stands_alone = !text[..at].ends_with(is_word) && !text[end..].starts_with(is_word);
        (stands_alone && (1..=2).contains(&digits)).then_some(at..end)
    })
}

fn after(text: &str, words: &str, follows: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let mut places = text.match_indices(words).map(|(at, _)| at..at + words.len());
    places.find(|place| follows(&text[place.end..]))
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Where a relative link of a page leads, from the root of the repository; `None`
/// for what is elsewhere.
fn linked(page: &str, link: &str) -> Option<String> {
    if link.starts_with('/') || link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.find('#').map_or((link, ""), |at| link.split_at(at));
    if path.is_empty() {
        return Some(format!("{page}{anchor}"));
    }
    let mut parts: Vec<String> = Vec::new();
    for part in Path::new(page).parent().unwrap().join(path).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    Some(format!("{}{anchor}", parts.join("/")))
}

#[test]
fn every_page_and_section_that_is_named_is_there() {
    let repository = Repository::read();
    let faults = repository.faults(|text| {
        let lines = text.text.lines().zip(1..);
        let named =
            lines.flat_map(|(line, number)| named_pages(line).into_iter().map(move |page| (number, page)));
        named
            .filter_map(|(number, page)| Some((number, format!("{page}: {}", repository.broken(page)?))))
            .collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let pages = ["docs/decisions.md", "docs/contract/v1.md", "docs/contract/v2.md"];
    assert!(pages.iter().all(|page| repository.anchors.contains_key(*page)), "these hold what comments cite");
}

#[test]
fn every_relative_link_leads_somewhere() {
    let repository = Repository::read();
    let faults = repository.faults(|text| {
        if !text.path.ends_with(".md") {
            return Vec::new();
        }
        let events = Parser::new_ext(&text.text, Options::ENABLE_TABLES).into_offset_iter();
        let links = events.filter_map(|(event, place)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some((dest_url, place.start))
            }
            _ => None,
        });
        let fault = |link: &str| repository.broken(&linked(&text.path, link)?);
        let line = |at: usize| text.text[..at].matches('\n').count() + 1;
        links.filter_map(|(link, at)| Some((line(at), format!("{link}: {}", fault(&link)?)))).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_is_cited_by_a_number() {
    let faults = Repository::read().faults(|text| {
        let mut faults = Vec::new();
        let mut before = (0, "");
        for (number, comment) in text.comments() {
            // A sentence goes on in the next line.
            let start = if before.0 + 1 == number { format!("{} ", before.1) } else { String::new() };
            let joined = format!("{start}{comment}");
            if let Some(place) = number_cited(&joined).filter(|place| place.end > start.len()) {
                faults.push((number, format!("'{}' is a number that nobody can look up", &joined[place])));
            }
            before = (number, comment);
        }
        faults
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn source_files_that_are_named_exist() {
    let repository = Repository::read();
    let faults = repository.faults(|text| {
        let named = text
            .comments()
            .flat_map(|(number, comment)| named_sources(comment).map(move |name| (number, name)));
        let missing = named.filter(|(_, name)| !repository.has_source(name));
        missing.map(|(number, name)| (number, format!("there is no {name}"))).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn published_documents_name_nothing_in_the_repository() {
    let repository = Repository::read();
    let published: Vec<&Text> =
        repository.texts.iter().filter(|text| text.path.starts_with(PUBLISHED)).collect();
    assert_eq!(published.len(), 2);
    for document in published {
        let named: Vec<&str> = document.text.lines().flat_map(named_pages).collect();
        assert!(
            named.is_empty(),
            "{} names {named:?}: say why in a comment that is not published",
            document.path
        );
    }
}

#[test]
fn references_are_told_from_other_text() {
    let page = ["docs", "/cli.md"].concat();
    for (line, expected) in [
        (format!("(see {page}#serve)."), vec![format!("{page}#serve")]),
        (format!("`{page}`, {page}#a-b_c, and more"), vec![page.clone(), format!("{page}#a-b_c")]),
        (format!("http://host/{page}#serve ../{page} other-{page}"), Vec::new()),
    ] {
        assert_eq!(named_pages(&line), expected, "{line}");
    }
    for cited in
        ["(D7)", "D28.", "as D1, D2", "design decision 13", "v1 contract, 9.2", "v2 contract: verifyKey"]
    {
        assert!(number_cited(cited).is_some(), "{cited}");
    }
    for cited in ["the contract, section 14", "of that contract, 1.3"] {
        assert!(number_cited(cited).is_some(), "{cited}");
    }
    for other in
        ["3D7", "D123", "D", "ID7", "2D", "design decision", "the v2 contract says", "a contract, of 3"]
    {
        assert!(number_cited(other).is_none(), "{other}");
    }
    assert_eq!(named_sources("as `a/b.rs` and c.rs. Not .rs").collect::<Vec<_>>(), ["a/b.rs", "c.rs"]);
    assert_eq!(comment("let url = \"http://x\"; // why", "//"), Some("why"));
    assert_eq!(comment("    //! what", "//"), Some("what"));
    assert_eq!(comment("code", "//"), None);
}

#[test]
fn links_are_resolved_from_their_page() {
    let page = ["docs", "/a/b.md"].concat();
    let above = ["docs", "/c.md#d"].concat();
    assert_eq!(linked(&page, "../c.md#d"), Some(above));
    assert_eq!(linked(&page, "#d"), Some(format!("{page}#d")));
    assert_eq!(linked(&page, "/docs/cli"), None);
    assert_eq!(linked(&page, "https://example.com/#d"), None);
    let headings = "# Keys & `limits`\n\n## Twice\n\n## Twice\n\n```\n# none\n```\n";
    let expected = ["keys--limits", "twice", "twice-1"].map(ToOwned::to_owned);
    assert_eq!(anchors(headings), BTreeSet::from(expected));
}
