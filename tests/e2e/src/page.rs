//! A page as a browser without script has it: its text, its links, and its forms
//! with what it would send of them.

use std::collections::BTreeMap;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

type Attributes = BTreeMap<String, String>;

#[derive(Clone, Debug, Default)]
pub struct Page {
    pub forms: Vec<Form>,
    /// Addresses of links.
    pub links: Vec<String>,
    /// Its text in one line.
    pub text: String,
    /// A secret that is shown once.
    pub secret: Option<String>,
    /// What its copy buttons copy.
    pub copies: Vec<String>,
}

/// A form as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub action: String,
    pub is_post: bool,
    pub has_file: bool,
    /// What a browser would send of it as it stands.
    pub fields: Vec<(String, String)>,
    /// What can be filled in.
    pub controls: Vec<Control>,
    /// What has to be typed to confirm it.
    pub confirm: Option<String>,
}

/// Something in a form that a person can change.
#[derive(Clone, Debug, Default)]
pub struct Control {
    pub name: String,
    /// `select`, `textarea`, or the type of an input.
    pub kind: String,
    /// What it sends; of a checkbox what it would send.
    pub value: String,
    pub checked: bool,
    pub required: bool,
    /// Whether it says that something is wrong with it.
    pub invalid: bool,
    /// Values of a select.
    pub options: Vec<String>,
    pub numeric: bool,
}

impl Page {
    pub fn parse(html: &str) -> Self {
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
        let mut page = Self::default();
        page.walk(&dom.document, None);
        page.text = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
        page
    }

    fn walk(&mut self, node: &Handle, mut form: Option<usize>) {
        match &node.data {
            NodeData::Text { contents } => {
                self.text.push(' ');
                self.text.push_str(&contents.borrow());
            }
            NodeData::Element { name, attrs, .. } => {
                let pairs = attrs.borrow();
                let pairs = pairs.iter().map(|a| (a.name.local.to_string(), a.value.to_string()));
                self.element(node, &name.local, &pairs.collect(), &mut form);
            }
            _ => {}
        }
        for child in node.children.borrow().iter() {
            self.walk(child, form);
        }
    }

    /// `form` is the one it stands in, and becomes the one its children stand in.
    fn element(&mut self, node: &Handle, kind: &str, attributes: &Attributes, form: &mut Option<usize>) {
        self.copies.extend(attributes.get("data-copy").cloned());
        match kind {
            "form" => {
                self.forms.push(Form::shown(attributes));
                *form = Some(self.forms.len() - 1);
            }
            "a" => self.links.extend(attributes.get("href").cloned()),
            "label" => {
                let text = text_of(node);
                let typed = text.trim().strip_prefix("Type ");
                let typed = typed.and_then(|rest| rest.split_once(" to confirm"));
                if let (Some(form), Some((name, _))) = (*form, typed) {
                    self.forms[form].confirm = Some(name.to_owned());
                }
            }
            "input" | "textarea" | "select" => {
                if attributes.contains_key("data-secret-value") {
                    self.secret = attributes.get("value").cloned();
                }
                if let Some(form) = *form {
                    self.forms[form].add(node, kind, attributes);
                }
            }
            _ => {}
        }
    }
}

impl Form {
    fn shown(attributes: &Attributes) -> Self {
        let is = |name: &str, value: &str| attributes.get(name).is_some_and(|own| own == value);
        Self {
            action: attributes.get("action").cloned().unwrap_or_default(),
            is_post: is("method", "post"),
            has_file: is("enctype", "multipart/form-data"),
            ..Self::default()
        }
    }

    /// Its fields with some of them set. A field that is named replaces all of that name.
    pub fn filled<V: AsRef<str>>(&self, changes: &[(&str, V)]) -> Vec<(String, String)> {
        let mut fields = self.fields.clone();
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.as_ref().to_owned())));
        fields
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, node: &Handle, kind: &str, attributes: &Attributes) {
        let Some(name) = attributes.get("name") else { return };
        let sent = values(node, kind, attributes);
        self.controls.extend(Control::shown(name, node, kind, attributes, sent.last()));
        self.fields.extend(sent.into_iter().map(|value| (name.clone(), value)));
    }
}

impl Control {
    /// `None` for what nobody can change.
    fn shown(
        name: &str,
        node: &Handle,
        kind: &str,
        attributes: &Attributes,
        sent: Option<&String>,
    ) -> Option<Self> {
        let has = |name: &str| attributes.contains_key(name);
        let kind = if kind == "input" { attributes.get("type").map_or("text", String::as_str) } else { kind };
        if matches!(kind, "hidden" | "submit" | "button") || has("readonly") {
            return None;
        }
        let value = if kind == "checkbox" { attributes.get("value") } else { sent };
        Some(Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            value: value.cloned().unwrap_or_default(),
            checked: has("checked"),
            required: has("required"),
            invalid: attributes.get("aria-invalid").is_some_and(|value| value == "true"),
            options: options_of(node).into_iter().map(|(value, _)| value).collect(),
            numeric: attributes.get("inputmode").is_some_and(|mode| mode == "numeric"),
        })
    }
}

/// What a control sends as it is shown.
fn values(node: &Handle, kind: &str, attributes: &Attributes) -> Vec<String> {
    let value = || attributes.get("value").cloned();
    match kind {
        "textarea" => {
            let text = text_of(node);
            vec![text.strip_prefix('\n').unwrap_or(&text).to_owned()]
        }
        "select" => {
            let options = options_of(node);
            let selected: Vec<_> = options.iter().filter(|(_, selected)| *selected).collect();
            let first = options.first().filter(|_| !attributes.contains_key("multiple"));
            let sent = if selected.is_empty() { first.into_iter().collect() } else { selected };
            sent.into_iter().map(|(value, _)| value.clone()).collect()
        }
        _ => match attributes.get("type").map_or("text", String::as_str) {
            "checkbox" | "radio" if attributes.contains_key("checked") => {
                vec![value().unwrap_or_else(|| "on".to_owned())]
            }
            "checkbox" | "radio" | "submit" | "file" | "button" => Vec::new(),
            _ => vec![value().unwrap_or_default()],
        },
    }
}

/// Values of a list, and whether they are selected.
fn options_of(node: &Handle) -> Vec<(String, bool)> {
    let mut options = Vec::new();
    for child in node.children.borrow().iter() {
        if let NodeData::Element { name, attrs, .. } = &child.data
            && &*name.local == "option"
        {
            let attrs = attrs.borrow();
            let value = attrs.iter().find(|a| &*a.name.local == "value").map(|a| a.value.to_string());
            let selected = attrs.iter().any(|a| &*a.name.local == "selected");
            options.push((value.unwrap_or_else(|| text_of(child)), selected));
        }
        options.extend(options_of(child));
    }
    options
}

fn text_of(node: &Handle) -> String {
    let mut text = String::new();
    for child in node.children.borrow().iter() {
        match &child.data {
            NodeData::Text { contents } => text.push_str(&contents.borrow()),
            _ => text.push_str(&text_of(child)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_sends_what_a_browser_would() {
        let page = Page::parse(
            "<p>Two  <b>words</b></p><a href='/x'>x</a><form method=post action='/a'>\
             <input type=hidden name=csrf value=t><input name=name value=n required>\
             <input type=checkbox name=box value=1 checked><input type=checkbox name=box value=2>\
             <select name=one><option value=a>A<option value=b>B</select>\
             <select name=many multiple><option value=a selected>A<option value=b selected>B</select>\
             <textarea name=text>\nline</textarea><label>Type web to confirm</label><button name=go>Go</button></form>",
        );
        let form = &page.forms[0];
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let sent = [
            pair("csrf", "t"),
            pair("name", "n"),
            pair("box", "1"),
            pair("one", "a"),
            pair("many", "a"),
            pair("many", "b"),
            pair("text", "line"),
        ];
        assert_eq!(form.fields, sent);
        assert!(form.is_post && !form.has_file);
        assert_eq!(form.confirm.as_deref(), Some("web"));
        assert_eq!(form.controls.len(), 6, "{:?}", form.controls);
        assert!(form.controls[0].required && form.controls[1].checked && !form.controls[2].checked);
        assert_eq!(
            form.filled(&[("box", "3"), ("new", "x")]).iter().filter(|(name, _)| name == "box").count(),
            1
        );
        assert_eq!(page.links, ["/x"]);
        assert!(page.text.starts_with("Two words"), "{}", page.text);
    }
}
