//! A browser without script: keeps cookies, follows redirects, fills in the
//! forms that pages show, and parses what it gets.

use std::collections::BTreeMap;

use base::access::Role;
use base::secret::PlainKey;
use domain::users::CreateUser;
use poem::http::{HeaderMap, Method, StatusCode, header};

use crate::support::TestApp;

pub use e2e::page::{Control, Form};

pub const PASSWORD: &str = "correct horse battery";

/// Somebody with a browser.
pub struct Browser<'a> {
    pub test: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
}

/// What a request came to, redirects within the server followed.
#[derive(Clone, Debug)]
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
        let e2e::page::Page { forms, links, text, .. } = e2e::page::Page::parse(&html);
        Self { status, path, html, headers, forms, links, text }
    }
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

    /// As [`Browser::get`], with headers of one's own.
    pub async fn ask(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.send(Method::GET, path, None, headers).await
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
        let form = page.form(action);
        let (fields, is_post) = (form.filled(changes), form.is_post);
        let action = action.to_owned();
        async move {
            if is_post {
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
        let fields = page.form(action).filled(changes);
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
                if path.starts_with('/') {
                    continue;
                }
                // Away from this server, which is as far as this browser goes.
                return Page::parse(parts.status, path, parts.headers, String::new());
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
