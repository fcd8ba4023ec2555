//! The form of a document, and reading one.
//!
//! Nothing in it is guessed: a member that there is none of, one that is said twice,
//! and a name that is listed twice are refused.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_saphyr::UserMessageFormatter;

pub(super) use super::allowlist::Allowlist;
use super::span::Span;
use base::error::{Error, Result};

/// Of the text of a document.
pub const MAX_BYTES: usize = 1 << 20;

/// Things a document may list: they are changed in one transaction, and others wait
/// for it.
const MAX_THINGS: usize = 5000;

/// Of the form that is described here.
const VERSION: u32 = 1;

/// What a workspace is set up with. What is left out stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "unkey configuration")]
pub struct Document {
    /// The form of this document: 1.
    #[schemars(extend("const" = 1))]
    pub(super) version: u32,
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<ApiEntry>")]
    pub(super) apis: Option<Vec<ApiEntry>>,
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PermissionEntry>")]
    pub(super) permissions: Option<Vec<PermissionEntry>>,
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<RoleEntry>")]
    pub(super) roles: Option<Vec<RoleEntry>>,
    /// Namespaces of rate limits.
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<NamespaceEntry>")]
    pub(super) namespaces: Option<Vec<NamespaceEntry>>,
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PortalEntry>")]
    pub(super) portals: Option<Vec<PortalEntry>>,
}

/// An API, and what new keys of it begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Api")]
pub(super) struct ApiEntry {
    /// Which one it is, where several have its name or its name is to change.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub id: Option<String>,
    pub name: String,
    /// Prefix of new keys that name none.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub default_prefix: Option<Option<String>>,
    /// Random bytes of new keys that name no length.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>", range(min = 16, max = 255))]
    pub default_bytes: Option<Option<i64>>,
    /// Addresses and networks from which its keys may be used, or `any`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Allowlist")]
    pub ip_allowlist: Option<Allowlist>,
    /// Whether recoverable keys may be made.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub recoverable: Option<bool>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub delete_protection: Option<bool>,
}

/// A permission that keys and roles may carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Permission")]
pub(super) struct PermissionEntry {
    pub slug: String,
    /// The slug, unless something else is said.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub description: Option<Option<String>>,
}

/// A role, and what it grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Role")]
pub(super) struct RoleEntry {
    pub name: String,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub description: Option<Option<String>>,
    /// Slugs, all that it has; those that are not there yet are made.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    pub permissions: Option<Vec<String>>,
}

/// A namespace of rate limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Namespace")]
pub(super) struct NamespaceEntry {
    pub name: String,
    /// Those without an end.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<OverrideEntry>")]
    pub overrides: Option<Vec<OverrideEntry>>,
}

/// A limit for an identifier, or for those that a pattern with `*` matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Override")]
pub(super) struct OverrideEntry {
    pub identifier: String,
    /// 0 denies everything.
    #[schemars(range(min = 0))]
    pub limit: i64,
    pub duration: Span,
}

/// Where end users look after their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Portal")]
pub(super) struct PortalEntry {
    pub slug: String,
    /// Name or id of the API whose keys it shows.
    pub api: String,
    pub display_name: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub logo_url: Option<Option<String>>,
    /// `#rrggbb`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub primary_color: Option<Option<String>>,
}

/// A member that may be null, which is not the same as being left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A member that is never null.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(Some(value)),
        None => Err(serde::de::Error::custom("this cannot be null; leave it out to keep what is there")),
    }
}

/// A section. One without anything in it is said by `[]`: nothing behind its name may be
/// a slip, and pruning would delete everything there is.
fn listed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<T>>, D::Error> {
    some(deserializer)
}

impl Document {
    pub(super) fn empty() -> Self {
        Self { version: VERSION, apis: None, permissions: None, roles: None, namespaces: None, portals: None }
    }

    /// Reads YAML, of which JSON is a part.
    ///
    /// Fails with `invalid_input`, and the line where it can be told.
    pub fn from_yaml(text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(Error::invalid(format!("A configuration has at most {} MiB.", MAX_BYTES >> 20)));
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_documents: 1,
                max_anchors: 0,
                max_aliases: 0,
                max_merge_keys: 0,
            },
            strict_booleans: true,
            with_snippet: false,
        };
        let read = serde_saphyr::from_str_with_options::<Self>(text, options);
        // Words for people: the others name options of the library.
        read.map_err(|error| unreadable(error.render_with_formatter(&UserMessageFormatter)))?.checked()
    }

    /// Takes what was JSON.
    pub fn from_json(value: Value) -> Result<Self> {
        let read = serde_json::from_value::<Self>(value);
        read.map_err(unreadable)?.checked()
    }

    pub fn to_yaml(&self) -> Result<String> {
        let options = serde_saphyr::ser_options! {
            compact_list_indent: false,
            // Texts stand in quotes as they are: folding them is for readers, and these are compared.
            prefer_block_scalars: false,
        };
        serde_saphyr::to_string_with_options(self, options).map_err(Error::internal)
    }

    pub fn to_json(&self) -> Result<Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// The JSON Schema of a document.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    fn checked(self) -> Result<Self> {
        if self.version != VERSION {
            return Err(Error::invalid(format!(
                "The configuration has version {}, and this server knows {VERSION}.",
                self.version
            )));
        }
        self.check_size()?;
        self.check_names()?;
        Ok(self)
    }

    pub(super) fn check_size(&self) -> Result<()> {
        match self.things() {
            0..=MAX_THINGS => Ok(()),
            things => Err(Error::invalid(format!(
                "The configuration lists {things} things, and may list {MAX_THINGS}."
            ))),
        }
    }

    fn things(&self) -> usize {
        let roles = self.roles.iter().flatten();
        let namespaces = self.namespaces.iter().flatten();
        let granted: usize = roles.map(|role| 1 + role.permissions.as_ref().map_or(0, Vec::len)).sum();
        let overridden: usize =
            namespaces.map(|space| 1 + space.overrides.as_ref().map_or(0, Vec::len)).sum();
        let (apis, portals) =
            (self.apis.as_ref().map_or(0, Vec::len), self.portals.as_ref().map_or(0, Vec::len));
        apis + portals + self.permissions.as_ref().map_or(0, Vec::len) + granted + overridden
    }

    fn check_names(&self) -> Result<()> {
        let apis = self.apis.iter().flatten();
        once("apis", apis.clone().filter_map(|api| api.id.as_deref()))?;
        once("apis", apis.filter(|api| api.id.is_none()).map(|api| api.name.as_str()))?;
        once("permissions", self.permissions.iter().flatten().map(|permission| permission.slug.as_str()))?;
        once("roles", self.roles.iter().flatten().map(|role| role.name.as_str()))?;
        once("portals", self.portals.iter().flatten().map(|portal| portal.slug.as_str()))?;
        for role in self.roles.iter().flatten() {
            // Unique whatever their case, where they are made.
            let slugs: Vec<String> =
                role.permissions.iter().flatten().map(|slug| slug.to_lowercase()).collect();
            once(&format!("the permissions of {}", role.name), slugs.iter().map(String::as_str))?;
        }
        let namespaces = self.namespaces.iter().flatten();
        once("namespaces", namespaces.clone().map(|namespace| namespace.name.as_str()))?;
        for namespace in namespaces {
            let identifiers = namespace.overrides.iter().flatten().map(|entry| entry.identifier.as_str());
            once(&format!("the overrides of {}", namespace.name), identifiers)?;
        }
        Ok(())
    }
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    Error::invalid(format!("The configuration cannot be read: {why}"))
}

fn once<'a>(section: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::invalid(format!("The configuration lists '{name}' twice in {section}.")));
        }
    }
    Ok(())
}
