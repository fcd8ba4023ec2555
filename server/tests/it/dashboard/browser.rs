//! A browser without script: keeps cookies, follows redirects, fills in the
//! forms that pages show, and parses what it gets.

use std::collections::BTreeMap;

use base::grants::Role;
use base::secret::PlainKey;
use domain::users::CreateUser;
use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use poem::http::{HeaderMap, Method, StatusCode, header};

use crate::support::TestApp;

pub const PASSWORD: &str = "correct horse battery";

/// Somebody with a browser.
pub struct Browser<'a> {
    pub test: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
}

/// What a request came to, redirects followed.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    /// Where the redirects led, with the query.
    pub path: String,
    pub html: String,
    pub headers: HeaderMap,
    pub forms: Vec<Form>,
    /// Addresses of links.
    pub links: Vec<String>,
    /// Its text in one line.
    pub text: String,
}

/// A form as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub action: String,
    pub is_post: bool,
    /// What a browser would send of it as it stands.
    pub fields: Vec<(String, String)>,
    /// What can be filled in.
    pub controls: Vec<Control>,
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

impl Control {
    fn of(node: &Handle, kind: &str, attributes: &BTreeMap<String, String>) -> Option<Self> {
        let has = |name: &str| attributes.contains_key(name);
        let kind = if kind == "input" { attributes.get("type").map_or("text", String::as_str) } else { kind };
        if matches!(kind, "hidden" | "submit" | "button") || has("readonly") {
            return None;
        }
        let mut options = Vec::new();
        chosen(node, &mut options);
        let own = attributes.get("value").cloned().unwrap_or_default();
        let sent =
            values(node, if matches!(kind, "select" | "textarea") { kind } else { "input" }, attributes);
        Some(Self {
            name: attributes.get("name")?.clone(),
            kind: kind.to_owned(),
            value: if kind == "checkbox" { own } else { sent.last().unwrap_or_default() },
            checked: has("checked"),
            required: has("required"),
            invalid: attributes.get("aria-invalid").is_some_and(|value| value == "true"),
            options: options.into_iter().map(|(value, _)| value).collect(),
            numeric: attributes.get("inputmode").is_some_and(|mode| mode == "numeric"),
        })
    }
}

impl Page {
    /// Fails unless the page is a success and holds the text.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert_eq!(self.status, StatusCode::OK, "{}: {}", self.path, self.text);
        assert!(self.text.contains(text), "{} does not show {text:?}: {}", self.path, self.text);
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.text.contains(text), "{} shows {text:?}: {}", self.path, self.text);
        self
    }

    /// Fails unless the form was refused and is shown again with this text.
    #[track_caller]
    pub fn refuses(&self, text: &str) -> &Self {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{}: {}", self.path, self.text);
        assert!(self.text.contains(text), "{} does not say {text:?}: {}", self.path, self.text);
        self
    }

    /// The form that posts to this path.
    #[track_caller]
    pub fn form(&self, action: &str) -> &Form {
        let found = self.forms.iter().find(|form| form.action == action);
        let actions = || self.forms.iter().map(|form| form.action.as_str()).collect::<Vec<_>>();
        found.unwrap_or_else(|| panic!("{} has no form to {action}: {:?}", self.path, actions()))
    }

    pub fn has_form(&self, action: &str) -> bool {
        self.forms.iter().any(|form| form.action == action)
    }

    pub fn links_to(&self, path: &str) -> bool {
        self.links.iter().any(|link| link == path)
    }

    fn parse(status: StatusCode, path: String, headers: HeaderMap, html: String) -> Self {
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html.as_str());
        let mut page =
            Self { status, path, html, headers, forms: Vec::new(), links: Vec::new(), text: String::new() };
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
                let attributes: BTreeMap<String, String> =
                    attrs.borrow().iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
                let get = |name: &str| attributes.get(name).cloned();
                match &*name.local {
                    "form" => {
                        let action = get("action").unwrap_or_default();
                        let is_post = get("method").is_some_and(|method| method == "post");
                        self.forms.push(Form { action, is_post, fields: Vec::new(), controls: Vec::new() });
                        form = Some(self.forms.len() - 1);
                    }
                    "a" => self.links.extend(get("href")),
                    "input" | "textarea" | "select" => {
                        if let (Some(form), Some(field)) = (form, get("name")) {
                            self.forms[form].controls.extend(Control::of(node, &name.local, &attributes));
                            let fields = &mut self.forms[form].fields;
                            fields.extend(
                                values(node, &name.local, &attributes).map(|value| (field.clone(), value)),
                            );
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        for child in node.children.borrow().iter() {
            self.walk(child, form);
        }
    }
}

/// What a control sends as it is shown.
fn values(node: &Handle, kind: &str, attributes: &BTreeMap<String, String>) -> std::vec::IntoIter<String> {
    let value = || attributes.get("value").cloned();
    let sent = match kind {
        "textarea" => vec![text_of(node).strip_prefix('\n').map_or_else(|| text_of(node), str::to_owned)],
        "select" => {
            let mut options = Vec::new();
            chosen(node, &mut options);
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
    };
    sent.into_iter()
}

fn chosen(node: &Handle, options: &mut Vec<(String, bool)>) {
    for child in node.children.borrow().iter() {
        if let NodeData::Element { name, attrs, .. } = &child.data
            && &*name.local == "option"
        {
            let attrs = attrs.borrow();
            let value = attrs.iter().find(|a| &*a.name.local == "value").map(|a| a.value.to_string());
            let selected = attrs.iter().any(|a| &*a.name.local == "selected");
            options.push((value.unwrap_or_else(|| text_of(child)), selected));
        }
        chosen(child, options);
    }
}

fn text_of(node: &Handle) -> String {
    let mut text = String::new();
    for child in node.children.borrow().iter() {
        if let NodeData::Text { contents } = &child.data {
            text.push_str(&contents.borrow());
        }
    }
    text
}

impl<'a> Browser<'a> {
    pub fn new(test: &'a TestApp) -> Self {
        Self { test, cookies: BTreeMap::new() }
    }

    /// Somebody with this role in the default workspace, signed in.
    pub async fn of(test: &'a TestApp, role: Role) -> Browser<'a> {
        let email = format!("{}@example.com", role.as_str());
        let command = CreateUser {
            email: email.clone(),
            name: role.as_str().to_owned(),
            role,
            password: PlainKey::new(PASSWORD.to_owned()),
        };
        test.app.users.create(&test.operator().await, command).await.unwrap();
        let mut browser = Self::new(test);
        assert_eq!(browser.sign_in(&email, PASSWORD).await.path, "/");
        browser
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        let page = self.get("/login").await;
        self.submit(&page, "/login", &[("email", email), ("password", password)]).await
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Sends a form that a page shows, with some of its fields changed. A field
    /// named more than once replaces all its values.
    #[track_caller]
    pub fn submit<'b>(
        &'b mut self,
        page: &Page,
        action: &str,
        changes: &[(&str, &str)],
    ) -> impl Future<Output = Page> + use<'a, 'b> {
        let form = page.form(action).clone();
        let mut fields = form.fields;
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let action = action.to_owned();
        async move {
            if form.is_post {
                self.send(Method::POST, &action, Some(&fields), &[]).await
            } else {
                let query: String = encode(&fields);
                self.send(Method::GET, &format!("{action}?{query}"), None, &[]).await
            }
        }
    }

    /// Posts whatever, with headers of one's own.
    pub async fn post(&mut self, path: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, Some(fields), headers).await
    }

    /// Sends a form with a file, as a page shows it but for some of its fields.
    pub async fn upload(
        &mut self,
        page: &Page,
        action: &str,
        changes: &[(&str, &str)],
        (name, content): (&str, &str),
    ) -> Page {
        const EDGE: &str = "----edge-of-a-part";
        let mut fields = page.form(action).fields.clone();
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let part = |(name, value): &(String, String)| {
            format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let mut body: String = fields.iter().map(part).collect();
        body += &format!(
            "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--{EDGE}--\r\n"
        );
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.test.client.post(action).header(header::HOST, "unkey.test");
        let request = request.header(header::COOKIE, cookies.join("; "));
        let request = request.content_type(format!("multipart/form-data; boundary={EDGE}")).body(body);
        let response = request.send().await.0;
        self.keep(response.headers());
        let (parts, answer) = response.into_parts();
        if let Some(to) = parts.headers.get(header::LOCATION) {
            return self.get(to.to_str().unwrap()).await;
        }
        let html = String::from_utf8_lossy(&answer.into_vec().await.unwrap()).into_owned();
        Page::parse(parts.status, action.to_owned(), parts.headers, html)
    }

    async fn send(
        &mut self,
        mut method: Method,
        path: &str,
        fields: Option<&[(String, String)]>,
        headers: &[(&str, &str)],
    ) -> Page {
        let (mut path, mut body) = (path.to_owned(), fields.map(encode));
        for _ in 0..5 {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut request =
                self.test.client.request(method.clone(), &path).header(header::HOST, "unkey.test");
            request = request.header(header::COOKIE, cookies.join("; "));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(body) = body.take() {
                request = request.content_type("application/x-www-form-urlencoded").body(body);
            }
            let response = request.send().await.0;
            self.keep(response.headers());
            let (parts, answer) = response.into_parts();
            if let Some(to) = parts.headers.get(header::LOCATION).filter(|_| parts.status.is_redirection()) {
                (method, path) = (Method::GET, to.to_str().unwrap().to_owned());
                continue;
            }
            let bytes = answer.into_vec().await.unwrap();
            let html = String::from_utf8_lossy(&bytes).into_owned();
            return Page::parse(parts.status, path, parts.headers, html);
        }
        panic!("redirects without end at {path}");
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

pub fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
