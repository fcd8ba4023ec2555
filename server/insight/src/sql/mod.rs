//! Questions in SQL about recorded events (docs/contract/v2.md#analytics).
//!
//! A query goes through one gate after the other: `parse` (text to tree), `check`
//! (what the contract allows), `bind` (names, types, and SQL of our own), `engine`
//! (rows of the caller alone, and an embedded engine on them). What a gate does
//! not understand it refuses. Who may ask is in `scope`, how much in `meter` and
//! `quota`, and `pool` keeps all of it off the threads that serve requests.
//!
//! Nothing is stored here, and no query can change anything.

mod bind;
mod calendar;
mod check;
mod dialect;
mod engine;
mod functions;
mod meter;
mod parse;
mod plan;
mod pool;
mod quota;
mod scope;
mod store;
mod tables;
mod turns;
mod types;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use functions::offered as functions_offered;
pub use meter::Limits;
pub use parse::MAX_BYTES as MAX_QUERY_BYTES;
pub use plan::Output;
pub use quota::Allowance;
pub use store::{ApiKeyspace, KeyspaceFeed};
pub use tables::{Column, Family, TABLES, Table};
pub use types::Type;

use self::bind::Facts;
use self::engine::Sources;
use self::meter::{Asker, Meter};
use self::pool::Pool;
use self::quota::Quota;
use self::scope::Scope;
use crate::search::Search;
use base::access::OpCtx;
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};
use base::events::{KEEP_DAYS, kept_since_ms};
use base::store::{Database, Store};

/// A query.
#[derive(Clone, Debug)]
pub struct Ask {
    pub text: String,
    /// Whose tables it may name; without one, all of them.
    pub family: Option<Family>,
}

/// Its answer: rows of values in the order of the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultRows {
    pub outputs: Vec<Output>,
    pub rows: Vec<Vec<Value>>,
}

impl ResultRows {
    /// Rows as objects by the names of their columns; of two columns with one name
    /// the last is kept.
    pub fn objects(&self) -> Vec<Map<String, Value>> {
        let names = || self.outputs.iter().map(|output| output.name.clone());
        self.rows.iter().map(|row| names().zip(row.iter().cloned()).collect()).collect()
    }
}

/// How queries are answered.
#[derive(Clone, Debug)]
pub struct SqlConfig {
    /// Off: every query is refused as in a workspace without analytics.
    pub enabled: bool,
    /// What the column `region` says.
    pub region: String,
    pub limits: Limits,
    pub allowance: Allowance,
}

impl Default for SqlConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            region: String::new(),
            limits: Limits::default(),
            allowance: Allowance::default(),
        }
    }
}

/// Answers queries. Cheap to clone.
#[derive(Clone)]
pub struct Sql(Arc<Inner>);

struct Inner {
    config: SqlConfig,
    store: Store,
    keyspaces: &'static dyn KeyspaceFeed,
    search: Search,
    events: Database,
    quota: Quota,
    pool: Pool,
}

impl Sql {
    pub fn new(
        config: SqlConfig,
        store: Store,
        keyspaces: &'static dyn KeyspaceFeed,
        search: Search,
        events: Database,
    ) -> Result<Self> {
        let quota = Quota::new(config.allowance);
        Ok(Self(Arc::new(Inner { config, store, keyspaces, search, events, quota, pool: Pool::start()? })))
    }

    /// Answers a query of the principal's workspace.
    ///
    /// Fails without the right to read any of it, on a query that is not allowed,
    /// and when it uses more than it may (docs/contract/v2.md#analytics-queries).
    pub async fn ask(&self, cx: &OpCtx, ask: Ask) -> Result<ResultRows> {
        Scope::require(cx, &ask)?;
        if !self.0.config.enabled {
            return Err(Error::new(
                Code::AnalyticsNotConfigured,
                "Analytics by SQL are not configured for this workspace.",
            ));
        }
        let scope = Arc::new(Scope::of(cx, &self.0.store, self.0.keyspaces).await?);
        let (limits, workspace) = (self.0.config.limits, scope.workspace.clone());
        let asker = Asker::default();
        let (own, now_ms, is_wanted) = (self.clone(), cx.now_ms, asker.watched());
        let runtime = tokio::runtime::Handle::current();
        let work = move || {
            // From when its turn comes: whoever waited has the same time as others.
            let meter = Meter::start(limits, Some(is_wanted));
            let Inner { search, events, .. } = &*own.0;
            let sources = Sources { search: search.clone(), events: events.clone(), scope, meter, runtime };
            own.answer(&ask, now_ms, &sources)
        };
        let answer = self.0.pool.run(&workspace, limits.time, work).await;
        drop(asker);
        answer.map_err(|error| match error.code() {
            Code::Unexpected | Code::ServiceUnavailable => {
                Error::new(Code::AnalyticsUnavailable, "The events cannot be read at the moment. Try again.")
                    .because(error)
            }
            _ => error,
        })
    }

    /// From text to answer, on one of the threads for it.
    fn answer(&self, ask: &Ask, now_ms: i64, sources: &Sources) -> Result<ResultRows> {
        let statement = parse::parse(&ask.text)?;
        let query = check::check(&statement, ask.family)?;
        let facts = Facts {
            now_ms,
            oldest_ms: kept_since_ms(now_ms),
            retention_days: KEEP_DAYS,
            region: &self.0.config.region,
            scope: &sources.scope,
            max_rows: sources.meter.limits().result_rows,
        };
        let plan = bind::bind(query, &facts)?;
        // Only what runs is charged: a query with a mistake in it costs nothing.
        self.0.quota.begin(&sources.scope.workspace, now_ms)?;
        let watch = Stopwatch::start();
        let answer = engine::run(&plan, sources);
        self.0.quota.end(&sources.scope.workspace, watch.elapsed());
        answer
    }
}
