//! How roles and permissions are named, and shown by name
//! (docs/contract/v1.md#roles-and-permissions-of-keys).

use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use crate::http::schema::{described, inline, json_by_serde};
use base::error::{Error, Result};
use domain::permissions::{By, OnMissing, Reference};

/// A role or permission; the id wins.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "AccessItem")]
pub struct ItemBody {
    #[oai(validator(min_length = 3))]
    id: Option<String>,
    /// The slug of a permission.
    #[oai(validator(min_length = 1))]
    slug: Option<String>,
    #[oai(validator(min_length = 1))]
    name: Option<String>,
    /// Make what is named if it does not exist.
    #[serde(default)]
    create: bool,
}

/// An item, or its name alone: the documents of one client show it so.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum NamedItem {
    Name(String),
    Item(ItemBody),
}

impl From<NamedItem> for ItemBody {
    fn from(item: NamedItem) -> Self {
        match item {
            NamedItem::Name(name) => Self { id: None, slug: None, name: Some(name), create: false },
            NamedItem::Item(item) => item,
        }
    }
}

described!(
    [] NamedItem,
    name: "NamedItem",
    schema: {
        let name = MetaSchema { min_length: Some(1), ..MetaSchema::new("string") };
        let any_of = vec![inline(name), ItemBody::schema_ref()];
        inline(MetaSchema { any_of, ..MetaSchema::ANY })
    },
    register: ItemBody::register
);

json_by_serde!(NamedItem);

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "NamedAccess")]
pub struct NamedOut {
    pub id: String,
    pub name: String,
}

/// What the items name, and what becomes of those that do not exist.
pub fn references(field: &str, items: Vec<ItemBody>) -> Result<Vec<Reference>> {
    let reference = |(position, item): (usize, ItemBody)| {
        let on_missing = if item.create { OnMissing::MakeIfPermitted } else { OnMissing::Refuse };
        let by = match (item.id, item.slug.or(item.name)) {
            (Some(id), _) => By::Id(id),
            (None, Some(name)) => By::Name(name),
            (None, None) => {
                return Err(Error::invalid(format!("{field}.{position}: Provide either an id or a name")));
            }
        };
        Ok(Reference { by, on_missing })
    };
    items.into_iter().enumerate().map(reference).collect()
}

/// The same, for taking away: what does not exist is not there either.
pub fn taken(field: &str, items: Vec<ItemBody>) -> Result<Vec<Reference>> {
    let mut references = references(field, items)?;
    references.iter_mut().for_each(|reference| reference.on_missing = OnMissing::Ignore);
    Ok(references)
}
