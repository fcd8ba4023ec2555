//! A page of the dashboard: its forms as a browser would send them, and its links.

use std::collections::BTreeMap;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

#[derive(Clone, Debug, Default)]
pub struct Page {
    pub forms: Vec<Form>,
    pub links: Vec<String>,
    /// A secret that is shown once.
    pub secret: Option<String>,
}

/// A form as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub action: String,
    pub is_post: bool,
    pub has_file: bool,
    /// What a browser would send of it as it stands.
    pub fields: Vec<(String, String)>,
    /// Names of fields that must be filled in, and of boxes that may be ticked.
    pub required: Vec<String>,
    pub boxes: Vec<(String, String)>,
    /// What has to be typed to confirm it.
    pub confirm: Option<String>,
}

impl Page {
    pub fn parse(html: &str) -> Self {
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
        let mut page = Self::default();
        page.walk(&dom.document, None);
        page
    }

    /// The form that posts to this path.
    pub fn form(&self, action: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.is_post && form.action == action)
    }

    /// The id at the end of the first link that begins so.
    pub fn id_after(&self, prefix: &str) -> Option<String> {
        let ids = self.links.iter().filter_map(|link| link.strip_prefix(prefix));
        let mut ids = ids.filter_map(|rest| rest.split(['/', '?', '#']).next());
        ids.find(|id| id.contains('_')).map(ToOwned::to_owned)
    }

    fn walk(&mut self, node: &Handle, mut form: Option<usize>) {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attributes: BTreeMap<String, String> =
                attrs.borrow().iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
            match &*name.local {
                "form" => {
                    self.forms.push(Form::shown(&attributes));
                    form = Some(self.forms.len() - 1);
                }
                "a" => self.links.extend(attributes.get("href").cloned()),
                "label" => {
                    let text = text_of(node);
                    let typed = text.trim().strip_prefix("Type ");
                    let typed = typed.and_then(|rest| rest.split_once(" to confirm"));
                    if let (Some(form), Some((name, _))) = (form, typed) {
                        self.forms[form].confirm = Some(name.to_owned());
                    }
                }
                kind @ ("input" | "textarea" | "select") => {
                    if attributes.contains_key("data-secret-value") {
                        self.secret = attributes.get("value").cloned();
                    }
                    if let Some(form) = form {
                        self.forms[form].add(node, kind, &attributes);
                    }
                }
                _ => {}
            }
        }
        for child in node.children.borrow().iter() {
            self.walk(child, form);
        }
    }
}

impl Form {
    fn shown(attributes: &BTreeMap<String, String>) -> Self {
        let is = |name: &str, value: &str| attributes.get(name).is_some_and(|own| own == value);
        Self {
            action: attributes.get("action").cloned().unwrap_or_default(),
            is_post: is("method", "post"),
            has_file: is("enctype", "multipart/form-data"),
            ..Self::default()
        }
    }

    /// Its fields with some of them set: one that is named replaces all of that name.
    pub fn filled(&self, changes: &[(&str, String)]) -> Vec<(String, String)> {
        let mut fields = self.fields.clone();
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        fields
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, node: &Handle, kind: &str, attributes: &BTreeMap<String, String>) {
        let Some(name) = attributes.get("name").cloned() else { return };
        let value = attributes.get("value").cloned();
        if attributes.contains_key("required") {
            self.required.push(name.clone());
        }
        let sent = match (kind, attributes.get("type").map_or("text", String::as_str)) {
            ("textarea", _) => Some(text_of(node).trim_start_matches('\n').to_owned()),
            ("select", _) => chosen(node),
            (_, "checkbox" | "radio") => {
                let value = value.unwrap_or_else(|| "on".to_owned());
                self.boxes.push((name.clone(), value.clone()));
                attributes.contains_key("checked").then_some(value)
            }
            (_, "submit" | "file" | "button") => None,
            _ => Some(value.unwrap_or_default()),
        };
        self.fields.extend(sent.map(|sent| (name, sent)));
    }
}

/// The option that a list sends: the selected one, else the first.
fn chosen(list: &Handle) -> Option<String> {
    let mut options = Vec::new();
    collect_options(list, &mut options);
    let selected = options.iter().position(|(_, selected)| *selected).unwrap_or(0);
    options.into_iter().nth(selected).map(|(value, _)| value)
}

fn collect_options(node: &Handle, options: &mut Vec<(String, bool)>) {
    for child in node.children.borrow().iter() {
        if let NodeData::Element { name, attrs, .. } = &child.data
            && &*name.local == "option"
        {
            let attrs = attrs.borrow();
            let value = attrs.iter().find(|a| &*a.name.local == "value").map(|a| a.value.to_string());
            let selected = attrs.iter().any(|a| &*a.name.local == "selected");
            options.push((value.unwrap_or_else(|| text_of(child)), selected));
        }
        collect_options(child, options);
    }
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
