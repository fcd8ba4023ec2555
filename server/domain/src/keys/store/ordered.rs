//! Pages of the keys of an API by name or by expiry, each from both ends.
//!
//! Names are compared without regard to the case of the letters A to Z, which is what
//! both databases' `lower` and an index on it agree on; of equal ones the id decides.
//! Keys without a name, or without an expiry, come last from either end. A page is asked
//! for in up to three runs, each of which is one stretch of the index: what is equal to
//! the cursor, what is beyond it, what has no value.
//!
//! Absent on purpose: an order by last use. That is written for each key in use every
//! minute, and would then be written to an index as well (docs/dashboard.md).

use base::ids::KeyId;
use entity::key;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::find::{SCAN, fitting, is_selective, keys_of};
use crate::apis::Api;
use crate::keys::Key;
use crate::keys::find::{Conditions, OrderedBy};
use base::access::OpCtx;
use base::error::{Error, Result};
use base::store::{Engine, Page, Paged};

/// A page of live keys of an API. Where the bound of a page is met before the page is
/// full, the cursor is there.
pub(in crate::keys) async fn ordered_page(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    api: &Api,
    conditions: &Conditions,
    (by, descending, page): (OrderedBy, bool, &Page),
) -> Result<Paged<Key>> {
    let is_selective = conditions.iter().any(|(negated, condition)| !negated && is_selective(condition));
    let list = List { engine: Engine::of(db), by, descending, is_selective };
    let cursor = page.cursor.as_deref().map(|text| Place::read(by, text)).transpose()?;
    let wanted = page.limit + 1;
    let mut left = (!is_selective && !conditions.is_empty()).then_some(SCAN);
    let (mut rows, mut bound) = (Vec::new(), None);
    for run in runs(cursor) {
        let candidates = || list.ordered(&run, list.of_api(cx, api).filter(list.within(&run)));
        bound = match left {
            Some(left) => candidates().offset(left).limit(1).one(db).await?.map(|row| Place::of(by, &row)),
            None => None,
        };
        let mut select = candidates();
        if let Some(bound) = &bound {
            select = select.filter(list.before(bound));
        }
        let missing = wanted - rows.len() as u64;
        rows.extend(fitting(list.engine, select, cx, conditions).limit(missing).all(db).await?);
        if bound.is_some() || rows.len() as u64 == wanted {
            break;
        }
        left = match left {
            Some(left) => Some(left.saturating_sub(candidates().count(db).await?)),
            None => None,
        };
    }
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let next = rows.get(limit).map(|row| Place::of(by, row)).or(bound);
    rows.truncate(limit);
    Ok(Paged { items: keys_of(db, cx, rows).await?, next: next.map(|place| place.text()) })
}

/// What of a key an order goes by; `None` comes last.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Number(i64),
}

impl From<Value> for sea_orm::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => text.into(),
            Value::Number(number) => number.into(),
        }
    }
}

/// A place in the list: that of a key, whether it still is there or not.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    value: Option<Value>,
    id: KeyId,
}

impl Place {
    fn of(by: OrderedBy, row: &key::Model) -> Self {
        let value = match by {
            OrderedBy::Name => row.name.as_ref().map(|name| Value::Text(name.to_ascii_lowercase())),
            OrderedBy::Expiry => row.expires_at.map(Value::Number),
        };
        Self { value, id: row.id.clone() }
    }

    fn text(&self) -> String {
        let value = match &self.value {
            None => serde_json::Value::Null,
            Some(Value::Text(text)) => text.as_str().into(),
            Some(Value::Number(number)) => (*number).into(),
        };
        serde_json::json!([value, self.id.as_str()]).to_string()
    }

    /// Fails with `invalid_input` for what another order gave.
    fn read(by: OrderedBy, text: &str) -> Result<Self> {
        use serde_json::Value as Json;
        let of_another = || Error::invalid("This place is of a list in another order.");
        let (value, id): (Json, String) = serde_json::from_str(text).map_err(|_| of_another())?;
        let value = match (by, value) {
            (_, Json::Null) => None,
            (OrderedBy::Name, Json::String(text)) => Some(Value::Text(text)),
            (OrderedBy::Expiry, Json::Number(number)) => {
                Some(Value::Number(number.as_i64().ok_or_else(of_another)?))
            }
            _ => return Err(of_another()),
        };
        Ok(Self { value, id: KeyId::from(id) })
    }
}

/// A stretch of the list.
enum Run {
    /// This value, from this id on.
    Equal(Value, KeyId),
    /// Values beyond this one; all without one.
    Beyond(Option<Value>),
    /// No value, from this id on.
    Without(Option<KeyId>),
}

fn runs(cursor: Option<Place>) -> Vec<Run> {
    match cursor {
        None => vec![Run::Beyond(None), Run::Without(None)],
        Some(Place { value: None, id }) => vec![Run::Without(Some(id))],
        Some(Place { value: Some(value), id }) => {
            vec![Run::Equal(value.clone(), id), Run::Beyond(Some(value)), Run::Without(None)]
        }
    }
}

/// A list in its order.
struct List {
    engine: Engine,
    by: OrderedBy,
    descending: bool,
    /// Whether the conditions leave so few keys that SQLite shall not walk the others in
    /// their order.
    is_selective: bool,
}

impl List {
    fn value(&self) -> SimpleExpr {
        match (self.by, self.is_selective) {
            (OrderedBy::Name, false) => Func::lower(Expr::col((key::Entity, key::Column::Name))).into(),
            (OrderedBy::Name, true) => Expr::cust(self.engine.unindexed("lower(keys.name)")),
            (OrderedBy::Expiry, false) => Expr::col((key::Entity, key::Column::ExpiresAt)),
            (OrderedBy::Expiry, true) => Expr::cust(self.engine.unindexed("keys.expires_at")),
        }
    }

    fn id(&self) -> SimpleExpr {
        match self.is_selective {
            true => Expr::cust(self.engine.unindexed("keys.id")),
            false => Expr::col((key::Entity, key::Column::Id)),
        }
    }

    /// The live keys of the API. Beside an order SQLite would rather walk its workspace.
    fn of_api(&self, cx: &OpCtx, api: &Api) -> Select<key::Entity> {
        let workspace = Expr::cust(self.engine.unindexed("keys.workspace_id"));
        key::Entity::find()
            .filter(workspace.eq(cx.workspace.as_str()))
            .filter(key::Column::DeletedAt.is_null())
            .filter(key::Column::ApiId.eq(api.id.clone()))
    }

    /// Where all have one value they are by id: SQLite would sort them by an expression
    /// though it is the same in all.
    fn ordered(&self, run: &Run, select: Select<key::Entity>) -> Select<key::Entity> {
        let direction = if self.descending { Order::Desc } else { Order::Asc };
        let select = match run {
            Run::Equal(..) | Run::Without(_) => select,
            Run::Beyond(_) => select.order_by(self.value(), direction.clone()),
        };
        select.order_by(self.id(), direction)
    }

    fn within(&self, run: &Run) -> SimpleExpr {
        let from = |id: &KeyId| {
            let id = id.as_str();
            if self.descending { self.id().lte(id) } else { self.id().gte(id) }
        };
        match run {
            Run::Equal(value, id) => self.value().eq(value.clone()).and(from(id)),
            // Of an expression SQLite takes this from the index, but not that it is not null.
            Run::Beyond(None) if self.by == OrderedBy::Name => self.value().gte(""),
            Run::Beyond(None) => self.value().is_not_null(),
            Run::Beyond(Some(value)) if self.descending => self.value().lt(value.clone()),
            Run::Beyond(Some(value)) => self.value().gt(value.clone()),
            Run::Without(None) => self.value().is_null(),
            Run::Without(Some(id)) => self.value().is_null().and(from(id)),
        }
    }

    /// What of a run comes before a place in it.
    fn before(&self, place: &Place) -> SimpleExpr {
        let id = place.id.as_str();
        let before_id = if self.descending { self.id().gt(id) } else { self.id().lt(id) };
        let Some(value) = &place.value else { return before_id };
        let (up_to, short_of) = match self.descending {
            true => (self.value().gte(value.clone()), self.value().gt(value.clone())),
            false => (self.value().lte(value.clone()), self.value().lt(value.clone())),
        };
        // The first is one stretch of the index.
        up_to.and(short_of.or(before_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_of_its_own_order_only() {
        let id = KeyId::from("key_1");
        let named = Place { value: Some(Value::Text("a\"]b".into())), id: id.clone() };
        let expiring = Place { value: Some(Value::Number(7)), id: id.clone() };
        let last = Place { value: None, id };
        for (by, place, other) in
            [(OrderedBy::Name, &named, OrderedBy::Expiry), (OrderedBy::Expiry, &expiring, OrderedBy::Name)]
        {
            assert_eq!(Place::read(by, &place.text()).unwrap(), *place);
            assert_eq!(Place::read(by, &last.text()).unwrap(), last);
            assert!(Place::read(other, &place.text()).is_err());
        }
        for bad in ["", "key_1", "[]", "[1.5,\"key_1\"]", "[1]"] {
            assert!(Place::read(OrderedBy::Expiry, bad).is_err(), "{bad}");
        }
    }
}
