//! Changing an API and the defaults of its keyspace. No contract route does
//! this; it belongs to the operator.

use base::ids::ApiId;
use serde_json::{Map, Value, json};

use super::create::check_name;
use super::{Api, Apis, allowlist, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::edit_version::Version;
use base::error::{Code, Error, Field, Result};
use base::store::{Change, Tx};

/// What to change; `None` keeps a field, `Some(None)` clears it.
#[derive(Clone, Debug)]
pub struct SetApi {
    pub api_id: ApiId,
    /// 1 to 256 characters.
    pub name: Option<String>,
    /// Whether keys may be made recoverable. Turning it off keeps what is
    /// stored but stops showing it.
    pub recoverable: Option<bool>,
    pub delete_protection: Option<bool>,
    /// See [`allowlist::wanted`]; an empty text clears it, one of separators alone is
    /// refused.
    pub ip_allowlist: Option<Option<String>>,
    /// 1 to 8 of `A-Za-z0-9_`.
    pub default_prefix: Option<Option<String>>,
    /// The state of a part that was seen, if there is to be no other; else fails
    /// with `edit_conflict`.
    pub made_from: Option<(Part, Version)>,
    /// 16 to 255.
    pub default_bytes: Option<Option<i64>>,
}

impl SetApi {
    /// A change of nothing yet.
    pub fn new(api_id: ApiId) -> Self {
        Self {
            api_id,
            name: None,
            recoverable: None,
            delete_protection: None,
            ip_allowlist: None,
            default_prefix: None,
            default_bytes: None,
            made_from: None,
        }
    }

    /// Whether the API is so already. Fails as the change would.
    pub(crate) fn changes_nothing(&self, api: &Api) -> Result<bool> {
        let mut after = api.clone();
        self.apply(&mut after)?;
        Ok(after == *api)
    }

    fn apply(&self, api: &mut Api) -> Result<()> {
        if let Some(name) = &self.name {
            check_name(name)?;
            api.name.clone_from(name);
        }
        if let Some(list) = &self.ip_allowlist {
            let text = list.as_deref().unwrap_or_default();
            let nets = allowlist::wanted(text)?;
            allowlist::refuse_blank(text, &nets)?;
            api.ip_allowlist = allowlist::to_text(&nets);
        }
        if let Some(prefix) = &self.default_prefix {
            prefix.as_deref().map_or(Ok(()), check_prefix)?;
            api.default_prefix.clone_from(prefix);
        }
        if let Some(bytes) = self.default_bytes {
            if bytes.is_some_and(|bytes| !(16..=255).contains(&bytes)) {
                return Err(
                    Error::invalid("Keys of an API have 16 to 255 random bytes.").at(Field::RandomBytes)
                );
            }
            api.default_bytes = bytes;
        }
        api.store_encrypted_keys = self.recoverable.unwrap_or(api.store_encrypted_keys);
        api.delete_protection = self.delete_protection.unwrap_or(api.delete_protection);
        Ok(())
    }
}

impl Apis {
    /// Changes an API and answers what it is afterwards. A change to what is
    /// already so is none: nothing is written.
    pub async fn set(&self, cx: &OpCtx, command: SetApi) -> Result<Api> {
        let command = &command;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let after = self.set_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(after)
            })
            .await
    }

    /// As [`Apis::set`], as a part of a larger change.
    pub(crate) async fn set_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: &SetApi,
    ) -> Result<Api> {
        let id = &command.api_id;
        cx.require(Operation::ApiUpdate, Target { api: Some(id), ..Target::NONE })?;
        let before = store::find_live(tx.db(), &cx.workspace, id)
            .await?
            .ok_or_else(|| Error::absent(Code::ApiNotFound))?;
        if let Some((part, made_from)) = &command.made_from {
            made_from.require(&before.version(*part))?;
        }
        let mut after = before.clone();
        command.apply(&mut after)?;
        let changes = changes(&before, &after);
        if changes.is_empty() {
            return Ok(after);
        }
        store::update(tx.db(), &cx.workspace, &after, cx.now_ms).await?;
        group.push_change(
            Event::ApiUpdate,
            format!("Updated API {id}"),
            vec![after.audit_target()],
            Value::Object(changes),
        );
        tx.changed(Change::Api(id.clone()));
        Ok(after)
    }
}

/// Settings that are changed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its name and what its keys are made with.
    Defaults,
    /// Where its keys may be used.
    Addresses,
    /// Whether its keys can be read again.
    Recovery,
}

impl Api {
    /// What a change of a part is made from.
    pub fn version(&self, part: Part) -> Version {
        Version::of(&match part {
            Part::Defaults => json!([self.name, self.default_prefix, self.default_bytes]),
            Part::Addresses => json!([self.ip_allowlist]),
            Part::Recovery => json!([self.store_encrypted_keys]),
        })
    }
}

fn check_prefix(prefix: &str) -> Result<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if (1..=8).contains(&prefix.len()) && prefix.chars().all(legal) {
        return Ok(());
    }
    Err(Error::invalid("A default prefix has 1 to 8 letters, digits or underscores.").at(Field::Prefix))
}

/// The changed fields, as the audit log keeps them.
fn changes(before: &Api, after: &Api) -> Map<String, Value> {
    let fields = |api: &Api| {
        [
            ("name", json!(api.name)),
            ("recoverable", json!(api.store_encrypted_keys)),
            ("deleteProtection", json!(api.delete_protection)),
            ("ipAllowlist", json!(api.ip_allowlist)),
            ("defaultPrefix", json!(api.default_prefix)),
            ("defaultBytes", json!(api.default_bytes)),
        ]
    };
    fields(before)
        .into_iter()
        .zip(fields(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((name, before), (_, after))| (name.to_owned(), json!({ "before": before, "after": after })))
        .collect()
}
