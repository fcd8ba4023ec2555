//! What an override puts in place of the limit of a request, and until when.
//!
//! An override that ends leaves what it replaced: a raise for a day over a lasting
//! override falls back to that one, not to what calls ask for. What is over is not
//! there for anybody who asks at a later moment, whether or not the job that cleans
//! up has run.

use base::ids::OverrideId;

/// How much is admitted in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// 0 denies everything (docs/decisions.md#a-limit-of-0-denies).
    pub limit: u64,
    pub duration_ms: u64,
}

/// When an override ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The first moment without it, Unix milliseconds.
    pub at_ms: i64,
    /// What holds from then on; what calls ask for, if nothing.
    pub afterwards: Option<Quota>,
}

/// What replaces the limit and the duration of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub id: OverrideId,
    pub quota: Quota,
    pub end: Option<End>,
}

impl Override {
    /// What it says at this moment, if anything.
    pub fn quota_at(&self, now_ms: i64) -> Option<Quota> {
        match &self.end {
            Some(end) if end.at_ms <= now_ms => end.afterwards,
            _ => Some(self.quota),
        }
    }

    /// As it is from this moment on.
    pub(super) fn settled(self, now_ms: i64) -> Option<Self> {
        let quota = self.quota_at(now_ms)?;
        let end = self.end.filter(|end| end.at_ms > now_ms);
        Some(Self { quota, end, ..self })
    }

    /// What of it has no end.
    pub(crate) fn lasting(&self) -> Option<Quota> {
        match &self.end {
            Some(end) => end.afterwards,
            None => Some(self.quota),
        }
    }
}

/// An override that applies to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied<'a> {
    pub id: &'a OverrideId,
    pub quota: Quota,
}
