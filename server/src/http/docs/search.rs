//! Search over the pages, section by section: an index in memory, made when the
//! first question comes, because most servers are never asked.
//!
//! A word finds what begins with its stem, and counts more where it stands whole
//! or in a heading. What has all words goes before what has some. Nothing is
//! remembered of what was asked.

use std::sync::LazyLock;

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{DocAddress, Index, IndexWriter, ReloadPolicy, Searcher, Term, doc};

use base::error::{Error, Result};
use insight::search::begins_with;

use super::book::{self, BOOK, Page};
use super::excerpt::{Excerpt, excerpt};
use super::markdown::{self, Section};

/// Characters of one search.
pub const MAX_QUERY: usize = 200;
/// Different words of one search: each costs a walk over what begins with it.
const MAX_WORDS: usize = 12;
/// Sections found at most.
pub const MAX_HITS: usize = 50;
/// Sections of one page found at most, so that a long one does not fill the list.
const MAX_OF_PAGE: usize = 3;
/// What the index may take while it is made; tantivy asks for this much at least.
const BUILDING_BYTES: usize = 15_000_000;

/// Words that say nothing about what is looked for.
const COMMON: &[&str] = &[
    "a", "an", "and", "are", "can", "do", "does", "for", "how", "i", "in", "is", "it", "my", "of", "on",
    "or", "the", "to", "what", "with",
];

/// A section that answers a search.
pub struct Hit {
    pub title: &'static str,
    /// Its heading; `None` for what stands before the first one.
    pub heading: Option<&'static str>,
    /// Path and anchor of its page.
    pub url: String,
    pub excerpt: Excerpt,
}

/// The sections that a text is about, the best first, at most `limit` of them and
/// never more than [`MAX_HITS`]. A text without a word finds nothing.
///
/// It computes and may build the index, so it belongs on a thread for blocking
/// work. Fails with `invalid_input` for more than [`MAX_QUERY`] characters or
/// more than twelve different words.
pub fn search(text: &str, limit: usize) -> Result<Vec<Hit>> {
    let words = words(text)?;
    if words.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let finder = FINDER.as_ref().map_err(|cause| Error::internal(cause.to_string()))?;
    finder.find(&words, limit.min(MAX_HITS)).map_err(Error::internal)
}

/// The different words of a search that say something, or all if none does.
fn words(text: &str) -> Result<Vec<String>> {
    if text.chars().nth(MAX_QUERY).is_some() {
        return Err(Error::invalid(format!("A search has at most {MAX_QUERY} characters.")));
    }
    let mut all: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if !all.contains(&word) {
            all.push(word);
        }
    }
    let telling: Vec<String> = all.iter().filter(|word| !COMMON.contains(&word.as_str())).cloned().collect();
    let words = if telling.is_empty() { all } else { telling };
    if words.len() > MAX_WORDS {
        return Err(Error::invalid(format!("A search has at most {MAX_WORDS} different words.")));
    }
    Ok(words)
}

/// What the forms of a word begin with: `limit` for `limits` and `limiting`.
fn stem(word: &str) -> &str {
    let endings = [("ies", 4), ("ing", 4), ("ed", 4), ("es", 3), ("s", 3)];
    let fits =
        |(ending, least): &(&str, usize)| word.strip_suffix(ending).filter(|stem| stem.len() >= *least);
    endings.iter().find_map(fits).unwrap_or(word)
}

/// The field that says which section a document stands for.
const PLACE: &str = "place";

static FINDER: LazyLock<tantivy::Result<Finder>> = LazyLock::new(|| Finder::open(&BOOK.pages));

/// The index, and the sections whose places its documents hold.
struct Finder {
    searcher: Searcher,
    fields: Fields,
    sections: Vec<(&'static Page, Section)>,
}

struct Fields {
    place: Field,
    title: Field,
    heading: Field,
    text: Field,
}

impl Finder {
    fn open(pages: &'static [Page]) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("default")
            .set_index_option(IndexRecordOption::WithFreqs);
        let words = TextOptions::default().set_indexing_options(indexing);
        let fields = Fields {
            place: schema.add_u64_field(PLACE, FAST),
            title: schema.add_text_field("title", words.clone()),
            heading: schema.add_text_field("heading", words.clone()),
            text: schema.add_text_field("text", words),
        };
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, BUILDING_BYTES)?;
        let mut sections = Vec::new();
        for page in pages {
            for section in markdown::sections(&page.markdown) {
                writer.add_document(doc!(
                    fields.place => sections.len() as u64,
                    fields.title => page.title.as_str(),
                    fields.heading => section.heading.as_str(),
                    fields.text => section.text.as_str(),
                ))?;
                sections.push((page, section));
            }
        }
        writer.commit()?;
        // Its threads and its memory end here.
        writer.wait_merging_threads()?;
        let searcher = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?.searcher();
        Ok(Self { searcher, fields, sections })
    }

    fn find(&'static self, words: &[String], limit: usize) -> tantivy::Result<Vec<Hit>> {
        let ask = |occur| {
            // Some of what is found is left out as too much of one page.
            let best = TopDocs::with_limit(limit * MAX_OF_PAGE).order_by_score();
            self.searcher.search(&self.query(words, occur), &best)
        };
        let mut found = ask(Occur::Must)?;
        if found.is_empty() {
            found = ask(Occur::Should)?;
        }
        let stems: Vec<&str> = words.iter().map(|word| stem(word)).collect();
        let mut hits = Vec::new();
        let mut pages: Vec<&str> = Vec::new();
        for (_, address) in found {
            let Some((page, section)) = self.section(address)? else { continue };
            if pages.iter().filter(|slug| **slug == page.slug).count() < MAX_OF_PAGE {
                pages.push(&page.slug);
                hits.push(hit(page, section, &stems));
            }
            if hits.len() == limit {
                break;
            }
        }
        Ok(hits)
    }

    fn section(&self, found: DocAddress) -> tantivy::Result<Option<&(&'static Page, Section)>> {
        let places = self.searcher.segment_reader(found.segment_ord).fast_fields().u64(PLACE)?;
        Ok(places.first(found.doc_id).and_then(|place| self.sections.get(place as usize)))
    }

    fn query(&self, words: &[String], occur: Occur) -> BooleanQuery {
        BooleanQuery::new(words.iter().map(|word| (occur, self.word(word))).collect())
    }

    /// Sections that have a word in one of their fields.
    fn word(&self, word: &str) -> Box<dyn Query> {
        let mut ways: Vec<Box<dyn Query>> = Vec::new();
        for (field, weight) in [(self.fields.title, 3.0), (self.fields.heading, 2.5), (self.fields.text, 1.0)]
        {
            let whole = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
            ways.push(Box::new(BoostQuery::new(Box::new(whole), weight)));
            ways.push(Box::new(BoostQuery::new(begins_with(field, stem(word)), weight)));
        }
        Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, 0.3))
    }
}

fn hit(page: &'static Page, section: &'static Section, stems: &[&str]) -> Hit {
    let anchor = if section.anchor.is_empty() { String::new() } else { format!("#{}", section.anchor) };
    Hit {
        title: &page.title,
        heading: Some(section.heading.as_str()).filter(|heading| !heading.is_empty()),
        url: format!("{}{anchor}", book::url(&page.slug)),
        excerpt: excerpt(&section.text, stems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        search(text, 5).unwrap().first().map(|hit| hit.url.clone()).unwrap_or_default()
    }

    #[test]
    fn the_page_about_it_comes_first() {
        for (asked, expected) in [
            ("quickstart", "/docs/quickstart"),
            ("how do I back up", "/docs/backup"),
            ("glossary", "/docs/glossary"),
            ("keys.createKey", "/docs/api/v"),
            ("refill credits", "/docs/credits"),
            ("sliding window", "/docs/"),
        ] {
            let found = first(asked);
            assert!(found.starts_with(expected), "{asked}: {found}");
        }
    }

    #[test]
    fn every_form_of_a_word_finds_it() {
        for form in ["limit", "limits", "limiting", "LIMITED"] {
            assert!(!search(form, 5).unwrap().is_empty(), "{form}");
        }
        assert_eq!(
            (stem("ids"), stem("keys"), stem("policies"), stem("ing")),
            ("ids", "key", "polic", "ing")
        );
    }

    #[test]
    fn what_has_all_words_goes_first_and_some_words_are_enough() {
        let some = search("overrides xylophone", 5).unwrap();
        assert!(some.iter().any(|hit| hit.url.starts_with("/docs/overrides")));
        assert!(search("xylophone", 5).unwrap().is_empty());
    }

    #[test]
    fn a_search_is_bounded() {
        assert!(search(&"x".repeat(MAX_QUERY), 5).is_ok() && search(&"x".repeat(MAX_QUERY + 1), 5).is_err());
        let many: Vec<String> = (0..=MAX_WORDS).map(|n| format!("w{n}")).collect();
        assert!(search(&many.join(" "), 5).is_err());
        assert!(search(&many[1..].join(" "), 5).is_ok());
        assert!(search("  %% ", 5).unwrap().is_empty() && search("key", 0).unwrap().is_empty());
        let hits = search("key", 1_000).unwrap();
        assert!(hits.len() <= MAX_HITS);
        let page = |hit: &Hit| hit.url.split('#').next().map(ToOwned::to_owned);
        for hit in &hits {
            let of_page = hits.iter().filter(|other| page(other) == page(hit));
            assert!(of_page.count() <= MAX_OF_PAGE, "{}", hit.url);
        }
    }
}
