//! When keys were last used: gathered in memory, written now and then.
//!
//! Approximate by design (docs/contract/v2.md#key-object promises about five
//! minutes): a write per verification would cost more than it tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::ids::{KeyId, RootKeyId};
use parking_lot::Mutex;

use super::store;
use crate::error::Result;
use crate::store::Store;

/// A use this soon after a noted one is not noted again.
const GRAIN_MS: u64 = 60_000;

/// Keys per transaction: others get their turn in between.
const BATCH: usize = 500;

/// When the last use of one key was noted; kept beside its cached facts.
#[derive(Debug, Default)]
pub struct Noted(AtomicI64);

impl Noted {
    /// Whether a use at `time_ms` is worth a note; says yes to one caller.
    fn claim(&self, time_ms: i64) -> bool {
        let noted = self.0.load(Ordering::Relaxed);
        // Also after a clock that was ahead has noted a use.
        time_ms.abs_diff(noted) >= GRAIN_MS
            && self.0.compare_exchange(noted, time_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Latest use of each key since the last flush. Cheap to clone.
#[derive(Clone, Default)]
pub struct LastUsed(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    keys: HashMap<KeyId, i64>,
    root_keys: HashMap<RootKeyId, i64>,
}

impl LastUsed {
    pub(super) fn note_key(&self, noted: &Noted, key: &KeyId, time_ms: i64) {
        if noted.claim(time_ms) {
            self.0.lock().keys.insert(key.clone(), time_ms);
        }
    }

    /// The last noted use of a key, if it is not written yet.
    pub fn of_key(&self, key: &KeyId) -> Option<i64> {
        self.0.lock().keys.get(key).copied()
    }

    /// Notes that a root key was used.
    pub fn note_root_key(&self, noted: &Noted, key: &RootKeyId, time_ms: i64) {
        if noted.claim(time_ms) {
            self.0.lock().root_keys.insert(key.clone(), time_ms);
        }
    }

    /// Writes what was gathered. What cannot be written is kept for the next time.
    pub async fn flush(&self, app: &Store) -> Result<()> {
        let Seen { keys, root_keys } = std::mem::take(&mut *self.0.lock());
        let keys: Vec<_> = keys.into_iter().collect();
        let root_keys: Vec<_> = root_keys.into_iter().collect();
        let written = write(app, &keys, &root_keys).await;
        if written.is_err() {
            self.put_back(keys, root_keys);
        }
        written
    }

    fn put_back(&self, keys: Vec<(KeyId, i64)>, root_keys: Vec<(RootKeyId, i64)>) {
        let mut seen = self.0.lock();
        // What was seen meanwhile is newer.
        keys.into_iter().for_each(|(key, time_ms)| {
            seen.keys.entry(key).or_insert(time_ms);
        });
        root_keys.into_iter().for_each(|(key, time_ms)| {
            seen.root_keys.entry(key).or_insert(time_ms);
        });
    }
}

async fn write(app: &Store, keys: &[(KeyId, i64)], root_keys: &[(RootKeyId, i64)]) -> Result<()> {
    for batch in keys.chunks(BATCH) {
        app.write(|tx| async move { store::set_keys_used(tx.db(), batch).await }).await?;
    }
    for batch in root_keys.chunks(BATCH) {
        app.write(|tx| async move { store::set_root_keys_used(tx.db(), batch).await }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_a_minute_whatever_the_clock_noted_before() {
        let noted = Noted::default();
        let year_ms = 365 * 86_400_000;
        for (time_ms, worth) in [
            (10 * year_ms, true),
            (10 * year_ms + 59_999, false),
            (year_ms, true),
            (year_ms + 59_999, false),
            (year_ms + 60_000, true),
        ] {
            assert_eq!(noted.claim(time_ms), worth, "{time_ms}");
        }
    }
}
