//! Events to ask about: two APIs and two namespaces of one workspace, and a
//! neighbour whose rows must never be seen.

use base::access::{Door, OpCtx, Principal};
use base::events::{KeyFacts, Noted, RatelimitDecision, Verification};
use domain::apis::CreateApi;
use domain::workspaces::CreateWorkspace;
use insight::sql::{Ask, Family};
use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

const OUTCOMES: [&str; 5] = ["VALID", "RATE_LIMITED", "VALID", "USAGE_EXCEEDED", "VALID"];
const KEYS: [&str; 7] = ["key_a", "key_b", "key_c", "key_d", "key_e", "key_f", "key_g"];
const TAGS: [&[&str]; 4] = [&[], &["path=/v1", "region=eu"], &["path=/v2"], &["it's", "path=/v1"]];

/// A verification as its row shows it.
#[derive(Clone, Debug)]
pub struct V {
    pub time: i64,
    pub request_id: String,
    pub key_space_id: String,
    pub identity_id: String,
    pub external_id: String,
    pub key_id: String,
    pub outcome: &'static str,
    /// Sorted.
    pub tags: Vec<String>,
    pub spent_credits: i64,
    pub latency: f64,
}

/// A rate-limit decision as its row shows it.
#[derive(Clone, Debug)]
pub struct R {
    pub time: i64,
    pub request_id: String,
    pub namespace_id: String,
    pub identifier: String,
    pub passed: bool,
    pub tokens: i64,
    pub latency: f64,
    pub override_id: &'static str,
    pub limit: i64,
    pub remaining: i64,
    pub reset_at: i64,
}

pub struct Seeded {
    pub test: TestApp,
    pub cx: OpCtx,
    pub v: Vec<V>,
    pub r: Vec<R>,
    /// Ids of the two APIs and their keyspaces.
    pub apis: [(String, String); 2],
    pub neighbour: OpCtx,
}

pub const FOREIGN: &str = "foreign";
/// Long and without a pattern, so that no mean of our own has its digits.
pub const FOREIGN_NUMBER: i64 = 9_403_851_726_187;

impl Seeded {
    pub async fn start() -> Self {
        Self::around(TestApp::start().await).await
    }

    pub async fn around(test: TestApp) -> Self {
        let cx = test.operator().await;
        let mut apis = Vec::new();
        for name in ["payments", "search"] {
            let command = CreateApi { name: name.to_owned() };
            let id = test.app.apis.create(&cx, command).await.unwrap();
            let api = test.app.apis.get(&cx, &id).await.unwrap();
            apis.push((api.id.to_string(), api.keyspace_id.to_string()));
        }
        let apis: [(String, String); 2] = apis.try_into().unwrap();
        let command = CreateWorkspace { slug: "neighbour".into(), name: "Neighbour".into() };
        let other = test.app.workspaces.create(&cx, command).await.unwrap();
        let neighbour = test.app.cx(other.id, Principal::Cli, Door::Cli);
        let mut seeded = Self { test, cx, v: Vec::new(), r: Vec::new(), apis, neighbour };
        seeded.verifications();
        seeded.decisions();
        seeded.foreign();
        seeded.test.flush_events().await;
        seeded
    }

    /// 500 verifications over the last 50 days, denser towards now.
    fn verifications(&mut self) {
        for number in 0..500_i64 {
            let key = usize::try_from(number * number % 7).unwrap();
            let (_, key_space_id) = self.apis[key % 2].clone();
            let is_known = key % 3 != 0;
            let mut tags: Vec<String> =
                TAGS[usize::try_from(number % 4).unwrap()].iter().map(|tag| (*tag).to_owned()).collect();
            tags.sort_unstable();
            let row = V {
                time: START_MS - number * number * 17_280 - number * 7,
                request_id: format!("req_{number:04}"),
                key_space_id,
                identity_id: if is_known { format!("id_{key}") } else { String::new() },
                external_id: if is_known { format!("user {key}") } else { String::new() },
                key_id: KEYS[key].to_owned(),
                outcome: OUTCOMES[usize::try_from(number % 5).unwrap()],
                tags,
                spent_credits: number % 4,
                latency: (100 + number * 37 % 1000) as f64 / 1000.0,
            };
            self.record(&row, &self.cx);
            self.v.push(row);
        }
    }

    fn record(&self, row: &V, cx: &OpCtx) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let api = self.apis.iter().find(|(_, keyspace)| *keyspace == row.key_space_id);
        let facts = KeyFacts {
            workspace: cx.workspace.clone(),
            api: api.map_or("api_foreign", |(api, _)| api).into(),
            keyspace: row.key_space_id.as_str().into(),
            key: row.key_id.as_str().into(),
            balance: None,
            lineage: None,
            identity: text(&row.identity_id).map(Into::into),
            external_id: text(&row.external_id),
            noted: Noted::default(),
        };
        self.test.app.recorder.verification(&Verification {
            time_ms: row.time,
            request_id: &row.request_id,
            facts: &facts,
            door: "v2",
            root_key: None,
            ip: None,
            outcome: row.outcome,
            denial: None,
            spent_credits: row.spent_credits,
            balance: None,
            latency_us: (row.latency * 1000.0).round() as u32,
            tags: &row.tags,
        });
    }

    /// 200 decisions over the last 20 hours.
    fn decisions(&mut self) {
        for number in 0..200_i64 {
            let row = R {
                time: START_MS - number * 6 * MINUTE_MS,
                request_id: format!("req_r{number:03}"),
                namespace_id: if number % 3 == 0 { "rlns_1" } else { "rlns_2" }.to_owned(),
                identifier: format!("user_{}", number % 5),
                passed: number % 4 != 0,
                tokens: 1 + number % 3,
                latency: number as f64 / 1000.0,
                override_id: if number % 10 == 0 { "rlor_1" } else { "" },
                limit: 10,
                remaining: number % 10,
                reset_at: START_MS + number,
            };
            self.decide(&row, &self.cx);
            self.r.push(row);
        }
    }

    fn decide(&self, row: &R, cx: &OpCtx) {
        self.test.app.recorder.ratelimit(&RatelimitDecision {
            time_ms: row.time,
            request_id: &row.request_id,
            workspace: cx.workspace.as_str(),
            namespace: &row.namespace_id,
            identifier: &row.identifier,
            passed: row.passed,
            limit: row.limit.unsigned_abs(),
            remaining: row.remaining.unsigned_abs(),
            reset_ms: row.reset_at,
            cost: row.tokens.unsigned_abs(),
            ratelimit_override: Some(row.override_id).filter(|id| !id.is_empty()),
            root_key: None,
            latency_us: (row.latency * 1000.0).round() as u32,
        });
    }

    /// Rows of the neighbour, at the same times, with texts that tell them.
    fn foreign(&self) {
        for number in 0..50 {
            let mut row = self.v[number].clone();
            row.request_id = format!("{FOREIGN}_{number}");
            row.key_space_id = format!("ks_{FOREIGN}");
            row.key_id = format!("key_{FOREIGN}");
            row.external_id = format!("user_{FOREIGN}");
            row.identity_id = format!("id_{FOREIGN}");
            row.tags = vec![FOREIGN.to_owned()];
            row.spent_credits = FOREIGN_NUMBER;
            self.record(&row, &self.neighbour);
            let mut row = self.r[number].clone();
            row.identifier = FOREIGN.to_owned();
            row.tokens = FOREIGN_NUMBER;
            self.decide(&row, &self.neighbour);
        }
    }

    /// The rows of an answer, in the order of the columns.
    pub async fn ask(&self, text: &str) -> base::error::Result<Vec<Value>> {
        self.ask_as(&self.cx, text, None).await
    }

    pub async fn ask_as(
        &self,
        cx: &OpCtx,
        text: &str,
        family: Option<Family>,
    ) -> base::error::Result<Vec<Value>> {
        let answer = self.test.app.sql.ask(cx, Ask { text: text.to_owned(), family }).await?;
        Ok(answer.rows.into_iter().map(|row| json!(row)).collect())
    }
}
