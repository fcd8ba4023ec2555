//! Pages as browsers read them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use web::shell::Theme;

use crate::sample::{Words, every_page};

/// A page with sample data.
pub struct Sample {
    pub name: &'static str,
    pub html: String,
    pub page: Page,
}

/// Every page with ordinary words, rendered and parsed once for all tests.
pub fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let pages = every_page(&Words::default(), Theme::System).into_iter();
        pages.map(|one| Sample { name: one.name, page: Page::parse(&one.html), html: one.html }).collect()
    })
}

/// An element with what stands above it.
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    /// Its text, that of its descendants included, in one line.
    pub text: String,
    /// Names of the elements around it, outermost first.
    pub inside: Vec<String>,
    /// Direct text only: what a script or a style would run.
    pub own_text: String,
    /// Position of the nearest form around it.
    pub form: Option<usize>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    pub fn is_inside(&self, name: &str) -> bool {
        self.inside.iter().any(|outer| outer == name)
    }
}

/// A page in document order.
pub struct Page {
    pub elements: Vec<Element>,
    pub errors: Vec<String>,
}

impl Page {
    pub fn parse(html: &str) -> Self {
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
        let mut page = Page { elements: Vec::new(), errors: Vec::new() };
        page.errors.extend(dom.errors.borrow().iter().map(ToString::to_string));
        page.walk(&dom.document, &[], None);
        page
    }

    pub fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.is(names))
    }

    fn walk(&mut self, node: &Handle, inside: &[String], mut form: Option<usize>) {
        let mut inside = inside.to_vec();
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attributes = attrs.borrow();
            let attributes =
                attributes.iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
            let name = name.local.to_string();
            self.elements.push(Element {
                name: name.clone(),
                attributes,
                text: one_line(&text_of(node, true)),
                inside: inside.clone(),
                own_text: text_of(node, false),
                form,
            });
            if name == "form" {
                form = Some(self.elements.len() - 1);
            }
            inside.push(name);
        }
        for child in node.children.borrow().iter() {
            self.walk(child, &inside, form);
        }
    }
}

fn text_of(node: &Handle, deep: bool) -> String {
    let mut text = String::new();
    for child in node.children.borrow().iter() {
        match &child.data {
            NodeData::Text { contents } => text.push_str(&contents.borrow()),
            NodeData::Element { .. } if deep => {
                text.push(' ');
                text.push_str(&text_of(child, true));
            }
            _ => {}
        }
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
