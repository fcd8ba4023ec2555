//! A page of the dashboard, and what is looked for on it.

use e2e::page;

pub use e2e::page::Form;

#[derive(Clone, Debug, Default)]
pub struct Page {
    pub forms: Vec<Form>,
    pub links: Vec<String>,
    /// A secret that is shown once.
    pub secret: Option<String>,
}

impl Page {
    pub fn parse(html: &str) -> Self {
        let page::Page { forms, links, secret, .. } = page::Page::parse(html);
        Self { forms, links, secret }
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
}
