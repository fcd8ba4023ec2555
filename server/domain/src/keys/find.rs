//! Finding keys by what they are: the filter of key lists.
//!
//! A page looks at a bounded number of keys, so that a filter that fits few of
//! a million answers at once, perhaps with less than a page, and says where to
//! go on. Hundreds of rows are found; counting all that fit is not done here.

use base::ids::{ApiId, KeyId};

use super::{Key, KeyDetails, Keys, store};
use base::access::{OpCtx, Operation, Target};
use base::error::{Error, Result};
use base::filter::{Comparison, Direction, Term, parse};
use base::store::{Page, Paged};

/// Which keys to find.
#[derive(Clone, Debug)]
pub struct FindKeys {
    /// Of this API only.
    pub api_id: Option<ApiId>,
    /// In the language of [`base::filter`], with the fields of [`FIELDS`].
    pub filter: String,
    pub order: KeyOrder,
    pub page: Page,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    NewestFirst,
    OldestFirst,
    /// Within one API; keys without what it goes by come last, whichever comes first.
    Sorted {
        by: OrderedBy,
        descending: bool,
    },
}

/// What lists of keys can be sorted by beside their age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderedBy {
    /// Whatever the case of the letters A to Z.
    Name,
    Expiry,
}

/// The fields a filter of keys may name.
pub const FIELDS: &[&str] = &[
    "status",
    "id",
    "name",
    "start",
    "last4",
    "identity",
    "owner",
    "env",
    "role",
    "permission",
    "meta.<path>",
    "created",
    "expires",
    "last_used",
    "credits",
];

/// One condition on keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Text of the name, or the beginning of id, start, last four or external id.
    Text(String),
    /// Any of these.
    Status(Vec<Status>),
    Id(String),
    Name(String),
    Start(String),
    Last4(String),
    Identity(String),
    Owner(String),
    Environment(String),
    Role(String),
    Permission(String),
    /// A member of the metadata, by its path, and its text.
    Meta(String, String),
    Created(Comparison, i64),
    Expires(Comparison, i64),
    LastUsed(Comparison, i64),
    NeverUsed,
    Credits(Comparison, i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Enabled,
    Disabled,
    Expired,
    /// Within a day.
    Expiring,
    /// No credits are left.
    Exhausted,
}

/// Conditions that all hold; the flag turns one around.
pub(super) type Conditions = Vec<(bool, Condition)>;

impl Keys {
    /// A page of keys. Asks for the right to list the keys of the API, or of all.
    pub async fn find(&self, cx: &OpCtx, command: FindKeys) -> Result<Paged<KeyDetails>> {
        let page = self.find_bare(cx, command).await?;
        Ok(Paged { items: self.complete(cx, page.items).await?, next: page.next })
    }

    /// Ids of the keys a filter fits, a page at a time: what work on many keys
    /// goes through.
    pub async fn find_ids(&self, cx: &OpCtx, command: FindKeys) -> Result<Paged<KeyId>> {
        Ok(self.find_bare(cx, command).await?.map(|key| key.id))
    }

    async fn find_bare(&self, cx: &OpCtx, command: FindKeys) -> Result<Paged<Key>> {
        let api = match &command.api_id {
            Some(id) => Some(self.live_api(cx, id, Operation::ApiListKeys).await?),
            None => {
                cx.require(Operation::ApiListKeys, Target::NONE)?;
                None
            }
        };
        let conditions = conditions(&command.filter, cx.now_ms)?;
        let (db, page) = (self.store.read(), &command.page);
        let is_newest_first = match (command.order, &api) {
            (KeyOrder::Sorted { by, descending }, Some(api)) => {
                return store::ordered_page(db, cx, api, &conditions, (by, descending, page)).await;
            }
            (KeyOrder::Sorted { .. }, None) => {
                return Err(Error::invalid("Keys are sorted within one API only."));
            }
            (order, _) => order == KeyOrder::NewestFirst,
        };
        store::find_page(db, cx, api.as_ref(), &conditions, (is_newest_first, page)).await
    }
}

/// Whether a filter of keys can be read.
pub fn check_filter(filter: &str, now_ms: i64) -> Result<()> {
    conditions(filter, now_ms).map(drop)
}

pub(super) fn conditions(filter: &str, now_ms: i64) -> Result<Conditions> {
    parse(filter)?.into_iter().map(|term| Ok((term.negated, condition(term, now_ms)?))).collect()
}

fn condition(term: Term, now_ms: i64) -> Result<Condition> {
    let Some(field) = term.field.clone() else { return Ok(Condition::Text(term.value)) };
    let past = |term: &Term| term.moment_ms(now_ms, Direction::Past);
    Ok(match field.as_str() {
        "status" => Condition::Status(term.value.split(',').map(Status::parse).collect::<Result<_>>()?),
        "id" => Condition::Id(term.value),
        "name" => Condition::Name(term.value),
        "start" => Condition::Start(term.value),
        "last4" => Condition::Last4(term.value),
        "identity" => Condition::Identity(term.value),
        "owner" => Condition::Owner(term.value),
        "env" => Condition::Environment(term.value),
        "role" => Condition::Role(term.value),
        "permission" => Condition::Permission(term.value),
        "created" => Condition::Created(age(&term), past(&term)?),
        "last_used" if term.value == "never" => Condition::NeverUsed,
        "last_used" => Condition::LastUsed(age(&term), past(&term)?),
        "expires" => Condition::Expires(term.comparison, term.moment_ms(now_ms, Direction::Future)?),
        "credits" => Condition::Credits(term.comparison, term.number()?),
        _ => match field.strip_prefix("meta.") {
            Some(path) if !path.is_empty() => Condition::Meta(path.to_owned(), term.value),
            _ => return Err(term.unknown_field(FIELDS)),
        },
    })
}

/// More than 90 days ago is before that moment, after a day is after it.
fn age(term: &Term) -> Comparison {
    match (term.comparison, term.is_span()) {
        (Comparison::More, true) | (Comparison::Less, false) => Comparison::Less,
        (Comparison::Less | Comparison::Is, true) | (Comparison::More | Comparison::Is, false) => {
            Comparison::More
        }
    }
}

impl Status {
    fn parse(text: &str) -> Result<Self> {
        Ok(match text.trim() {
            "enabled" => Status::Enabled,
            "disabled" => Status::Disabled,
            "expired" => Status::Expired,
            "expiring" => Status::Expiring,
            "exhausted" => Status::Exhausted,
            _ => {
                return Err(Error::invalid("A status is enabled, disabled, expired, expiring or exhausted."));
            }
        })
    }
}
