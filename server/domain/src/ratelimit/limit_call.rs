//! The operations `limit` and `multiLimit` (docs/contract/v2.md#limit,
//! docs/contract/v2.md#multi-limit).
//!
//! A denial is an outcome, never an error. Every decision is recorded.

use std::sync::Arc;

use base::ids::OverrideId;
use smallvec::SmallVec;

use super::limiter::{Check, Decision, Scope};
use super::namespaces::{NamespaceSnapshot, Namespaces};
use super::quota::{Applied, Quota};
use super::{LimitOutcome, LimitRequest, MultiOutcome, RateLimiter};
use base::access::{OpCtx, Operation, Target};
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};
use base::events::{RatelimitDecision, Recorder};

/// Keeps counters small; far above what the doors of the contract admit.
const MAX_IDENTIFIER_BYTES: usize = 4096;

const MIN_DURATION_MS: u64 = 1000;

/// The rate limits of namespaces. Cheap to clone.
#[derive(Clone)]
pub struct Ratelimits {
    limiter: RateLimiter,
    namespaces: Namespaces,
    recorder: Recorder,
}

impl Ratelimits {
    pub fn new(limiter: RateLimiter, namespaces: Namespaces, recorder: Recorder) -> Self {
        Self { limiter, namespaces, recorder }
    }

    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// Checks one limit and takes its cost if it passes.
    ///
    /// In the order of the contract: an unknown namespace needs the grant to
    /// make it and stays made whatever follows; a deleted one is gone before
    /// the grant to limit is asked for.
    pub async fn limit(&self, cx: &OpCtx, request: &LimitRequest) -> Result<LimitOutcome> {
        let watch = Stopwatch::start();
        request.check()?;
        let namespace = match self.lookup(cx, &request.namespace).await? {
            Some(namespace) => namespace,
            // In a box, as each request would move its state; so with all that only a miss needs.
            None => Box::pin(self.make(cx, &[&request.namespace])).await?.remove(0),
        };
        not_deleted(&namespace)?;
        cx.require(Operation::RatelimitLimit, Target::namespace(&namespace.id))?;
        let replaced = namespace.override_of(&request.identifier, cx.now_ms);
        let check = request.against(cx, &namespace, replaced);
        let taken = self.limiter.take_many(&[check], cx.now_ms).await?;
        let decision = taken.decisions[0];
        let override_id = replaced.map(|found| found.id.clone());
        let outcome = LimitOutcome::new(decision, override_id, namespace);
        self.record(cx, request, &outcome, watch.elapsed_us());
        Ok(outcome)
    }

    /// Checks all limits and takes all costs, or none of them.
    ///
    /// Unknown namespaces need the grant to make them and are made together.
    /// Unlike [`limit`](Self::limit) the grants come before the deleted
    /// namespaces.
    pub async fn multi_limit(&self, cx: &OpCtx, requests: &[LimitRequest]) -> Result<MultiOutcome> {
        let watch = Stopwatch::start();
        requests.iter().try_for_each(LimitRequest::check)?;
        let namespaces = self.resolve(cx, requests).await?;
        for namespace in &namespaces {
            cx.require(Operation::RatelimitLimit, Target::namespace(&namespace.id))?;
        }
        namespaces.iter().try_for_each(|namespace| not_deleted(namespace))?;
        let items = || requests.iter().zip(&namespaces);
        let replaced: SmallVec<[Option<Applied<'_>>; 4]> = items()
            .map(|(request, namespace)| namespace.override_of(&request.identifier, cx.now_ms))
            .collect();
        let checks: SmallVec<[Check<'_>; 4]> = items()
            .zip(&replaced)
            .map(|((request, namespace), replaced)| request.against(cx, namespace, *replaced))
            .collect();
        let taken = self.limiter.take_many(&checks, cx.now_ms).await?;
        let limits: Vec<LimitOutcome> = taken
            .decisions
            .iter()
            .zip(&replaced)
            .zip(&namespaces)
            .map(|((decision, replaced), namespace)| {
                LimitOutcome::new(*decision, replaced.map(|found| found.id.clone()), namespace.clone())
            })
            .collect();
        // The latency of a batch is divided over its items
        // (docs/contract/v2.md#analytics-tables).
        let share_us = watch.elapsed_us() / u32::try_from(limits.len()).unwrap_or(u32::MAX).max(1);
        for (request, outcome) in requests.iter().zip(&limits) {
            self.record(cx, request, outcome, share_us);
        }
        Ok(MultiOutcome { passed: taken.passed, limits })
    }

    fn record(&self, cx: &OpCtx, request: &LimitRequest, outcome: &LimitOutcome, latency_us: u32) {
        if cx.unrecorded {
            return;
        }
        self.recorder.ratelimit(&RatelimitDecision {
            time_ms: cx.now_ms,
            request_id: cx.request_id.as_str(),
            workspace: cx.workspace.as_str(),
            namespace: outcome.namespace.id.as_str(),
            identifier: &request.identifier,
            passed: outcome.passed,
            limit: outcome.limit,
            remaining: outcome.remaining,
            reset_ms: outcome.reset_ms,
            cost: request.cost,
            ratelimit_override: outcome.override_id.as_ref().map(AsRef::as_ref),
            root_key: cx.principal.root_key().map(|key| key.id.as_str()),
            latency_us,
        });
    }

    async fn lookup(&self, cx: &OpCtx, name_or_id: &str) -> Result<Option<Arc<NamespaceSnapshot>>> {
        match self.namespaces.find_cached(&cx.workspace, name_or_id) {
            Some(hit) => Ok(hit),
            None => Box::pin(self.namespaces.find(&cx.workspace, name_or_id)).await,
        }
    }

    /// The namespaces of these requests, in their order.
    async fn resolve(&self, cx: &OpCtx, requests: &[LimitRequest]) -> Result<Vec<Arc<NamespaceSnapshot>>> {
        let mut found = Vec::with_capacity(requests.len());
        let mut missing: Vec<&str> = Vec::new();
        for request in requests {
            let namespace = self.lookup(cx, &request.namespace).await?;
            if namespace.is_none() && !missing.contains(&request.namespace.as_str()) {
                missing.push(&request.namespace);
            }
            found.push(namespace);
        }
        let made = if missing.is_empty() { Vec::new() } else { Box::pin(self.make(cx, &missing)).await? };
        found
            .into_iter()
            .zip(requests)
            .map(|(namespace, request)| {
                let position = || missing.iter().position(|name| *name == request.namespace);
                namespace
                    .or_else(|| made.get(position()?).cloned())
                    .ok_or_else(|| Error::internal("a namespace was neither found nor made"))
            })
            .collect()
    }

    /// Makes namespaces and reads them back, in the order of `names`.
    async fn make(&self, cx: &OpCtx, names: &[&str]) -> Result<Vec<Arc<NamespaceSnapshot>>> {
        cx.require(Operation::NamespaceCreate, Target::NONE)?;
        self.namespaces.create(cx, names).await?;
        let mut made = Vec::with_capacity(names.len());
        for name in names {
            let namespace = self.namespaces.find(&cx.workspace, name).await?;
            made.push(namespace.ok_or_else(|| Error::internal("a namespace vanished after it was made"))?);
        }
        Ok(made)
    }
}

impl LimitRequest {
    /// The widest bounds of any door.
    fn check(&self) -> Result<()> {
        if self.duration_ms < MIN_DURATION_MS {
            return Err(Error::invalid(format!("The duration must be at least {MIN_DURATION_MS} ms.")));
        }
        if self.identifier.len() > MAX_IDENTIFIER_BYTES {
            let detail = format!("The identifier must not be longer than {MAX_IDENTIFIER_BYTES} bytes.");
            return Err(Error::invalid(detail));
        }
        Ok(())
    }

    /// An override replaces limit and duration (docs/contract/v2.md#overrides).
    fn against<'a>(
        &'a self,
        cx: &'a OpCtx,
        namespace: &'a NamespaceSnapshot,
        replaced: Option<Applied<'_>>,
    ) -> Check<'a> {
        let asked = Quota { limit: self.limit, duration_ms: self.duration_ms };
        let Quota { limit, duration_ms } = replaced.map_or(asked, |found| found.quota);
        Check {
            workspace: cx.workspace.as_str(),
            scope: Scope::Namespace,
            subject: namespace.id.as_str(),
            name: &self.identifier,
            limit,
            duration_ms,
            cost: self.cost,
        }
    }
}

impl LimitOutcome {
    fn new(decision: Decision, override_id: Option<OverrideId>, namespace: Arc<NamespaceSnapshot>) -> Self {
        Self {
            passed: !decision.exceeded,
            limit: decision.limit,
            remaining: decision.remaining,
            reset_ms: decision.reset_ms,
            override_id,
            namespace,
        }
    }
}

fn not_deleted(namespace: &NamespaceSnapshot) -> Result<()> {
    if namespace.deleted {
        let detail = format!("The namespace '{}' has been deleted.", namespace.name);
        return Err(Error::new(Code::NamespaceGone, detail));
    }
    Ok(())
}
