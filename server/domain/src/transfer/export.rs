//! One part of an export at a time.

use serde_json::{Value, json};

use super::sheet::Column;
use super::{Export, List, Part, Transfer, rows, sheet};
use crate::identities::ListIdentities;
use crate::keys::{FindKeys, KeyOrder};
use crate::permissions::Listing;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, Target as Audited};
use base::error::{Error, Result};
use base::store::{Page, Paged};
use insight::analytics::PageOf;
use insight::search::Kind;

/// Rows of a part.
const PART: u64 = 500;

/// Columns and rows of a part, and where the next one begins.
type Table = (&'static [Column], Paged<Vec<Value>>);

impl Transfer {
    /// The part of an export after `cursor`; the first one begins the file.
    ///
    /// Fails as the list itself would, and without the right to export.
    pub async fn export(&self, cx: &OpCtx, export: &Export, cursor: Option<String>) -> Result<Part> {
        cx.require(Operation::Export, Target::NONE)?;
        let is_first = cursor.is_none();
        let (columns, page) = self.rows(cx, &export.list, Page { limit: PART, cursor }).await?;
        if is_first {
            self.record(cx, export).await?;
        }
        let text = sheet::write(export.format, columns, page.items, is_first)?;
        Ok(Part { text, next: page.next })
    }

    async fn rows(&self, cx: &OpCtx, list: &List, page: Page) -> Result<Table> {
        Ok(match list {
            List::Keys { api, filter } => {
                let command = FindKeys {
                    api_id: api.clone(),
                    filter: filter.clone(),
                    order: KeyOrder::NewestFirst,
                    page,
                };
                (rows::KEYS, self.keys.find(cx, command).await?.map(rows::key))
            }
            List::Identities { search } => {
                let command = ListIdentities { page, search: search.clone() };
                (rows::IDENTITIES, self.identities.list(cx, command).await?.map(rows::identity))
            }
            List::Permissions => {
                let found = self.permissions.list_permissions(cx, Listing { page, search: None }).await?;
                (rows::PERMISSIONS, found.map(rows::permission))
            }
            List::Roles => {
                let found = self.permissions.list_roles(cx, Listing { page, search: None }).await?;
                (rows::ROLES, found.map(rows::role))
            }
            List::Overrides { namespace } => {
                let found = self.overrides.list(cx, namespace.as_str(), &page).await?;
                (rows::OVERRIDES, found.map(rows::named_override))
            }
            List::Audit(filter) => {
                (rows::AUDIT, self.audit_log.list(cx, filter, &page).await?.map(rows::audit))
            }
            List::Events(of) => self.events(cx, of, page).await?,
        })
    }

    async fn events(&self, cx: &OpCtx, of: &PageOf, page: Page) -> Result<Table> {
        let of = PageOf {
            workspace: cx.workspace.clone(),
            limit: usize::try_from(page.limit).map_err(Error::internal)?,
            after: page.cursor.as_deref().map(place).transpose()?,
            ..of.clone()
        };
        let (operation, columns) = match of.kind {
            Kind::Verifications => (Operation::AnalyticsVerifications, rows::VERIFICATIONS),
            Kind::Ratelimits => (Operation::AnalyticsRatelimits, rows::RATELIMITS),
            Kind::Requests => (Operation::LogsRead, rows::REQUESTS),
        };
        cx.require(operation, Target::NONE)?;
        let found = self.analytics.page(of).await?;
        let next = found.next.map(|(time_ms, chunk, position)| format!("{time_ms}-{chunk}-{position}"));
        Ok((columns, Paged { items: found.events.into_iter().map(rows::event).collect(), next }))
    }

    /// What leaves the server is said in the log
    /// (docs/decisions.md#events-of-our-own).
    async fn record(&self, cx: &OpCtx, export: &Export) -> Result<()> {
        let mut group = Group::new();
        let list = export.list.as_str();
        let about = Audited::new("workspace", cx.workspace.as_str(), None)
            .with_meta(json!({ "list": list, "format": export.format.extension() }));
        group.push(Event::ExportCreate, format!("Exported {list}"), vec![about]);
        self.store.write(|tx| async move { group.record(cx, &tx, &self.entropy).await }).await
    }
}

/// The cursor of a page of events.
fn place(text: &str) -> Result<(i64, u64, u64)> {
    let numbers: Vec<&str> = text.split('-').collect();
    let parsed = match numbers.as_slice() {
        [time_ms, chunk, position] => time_ms.parse().ok().zip(chunk.parse().ok()).zip(position.parse().ok()),
        _ => None,
    };
    parsed
        .map(|((time_ms, chunk), position)| (time_ms, chunk, position))
        .ok_or_else(|| Error::invalid("This cursor does not belong to a list of events."))
}
