//! Making an API and its keyspace.

use base::ids::{ApiId, KeyspaceId};

use super::{Api, Apis, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::error::{Error, Field, Result};
use base::store::{Change, Tx};

/// Longest name of an API, in characters.
const NAME_MAX: usize = 256;

/// What a new API is called; everything else starts at its default.
#[derive(Clone, Debug)]
pub struct CreateApi {
    /// 1 to 256 characters.
    pub name: String,
}

impl Apis {
    /// Makes an API (docs/contract/v2.md#apis).
    pub async fn create(&self, cx: &OpCtx, command: CreateApi) -> Result<ApiId> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let id = self.create_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(id)
            })
            .await
    }

    /// As [`Apis::create`], as a part of a larger change.
    pub(crate) async fn create_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: CreateApi,
    ) -> Result<ApiId> {
        cx.require(Operation::ApiCreate, Target::NONE)?;
        check_name(&command.name)?;
        let api = Api {
            id: self.entropy.id(ApiId::PREFIX, cx.now_ms),
            keyspace_id: self.entropy.id(KeyspaceId::PREFIX, cx.now_ms),
            name: command.name,
            ip_allowlist: None,
            default_prefix: None,
            default_bytes: None,
            store_encrypted_keys: false,
            delete_protection: false,
            live_keys: 0,
            created_at: cx.now_ms,
        };
        store::insert(tx.db(), &cx.workspace, &api).await?;
        group.push(Event::ApiCreate, format!("Created API {}", api.id), vec![api.audit_target()]);
        tx.changed(Change::Api(api.id.clone()));
        Ok(api.id)
    }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    match name.chars().count() {
        1..=NAME_MAX => Ok(()),
        _ => {
            Err(Error::invalid(format!("The name of an API has 1 to {NAME_MAX} characters.")).at(Field::Name))
        }
    }
}
