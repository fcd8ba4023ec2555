//! When keys were last used: gathered in memory, written now and then by the
//! rooms that the keys belong to.
//!
//! Approximate by design (docs/contract/v2.md#key-object promises about five
//! minutes): a write per verification would cost more than it tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::ids::{KeyId, RootKeyId};
use parking_lot::Mutex;

/// A use this soon after a noted one is not noted again.
const GRAIN_MS: u64 = 60_000;

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

/// Uses that are to be written, each with its Unix milliseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uses {
    pub keys: Vec<(KeyId, i64)>,
    pub root_keys: Vec<(RootKeyId, i64)>,
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

    /// Hands over what was gathered, to be written. What could not be is [put
    /// back](Self::put_back).
    pub fn take(&self) -> Uses {
        let Seen { keys, root_keys } = std::mem::take(&mut *self.0.lock());
        Uses { keys: keys.into_iter().collect(), root_keys: root_keys.into_iter().collect() }
    }

    /// Keeps what could not be written for the next time.
    pub fn put_back(&self, uses: Uses) {
        let mut seen = self.0.lock();
        // What was seen meanwhile is newer.
        uses.keys.into_iter().for_each(|(key, time_ms)| {
            seen.keys.entry(key).or_insert(time_ms);
        });
        uses.root_keys.into_iter().for_each(|(key, time_ms)| {
            seen.root_keys.entry(key).or_insert(time_ms);
        });
    }
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

    #[test]
    fn uses_that_could_not_be_written_are_handed_over_again_unless_there_are_newer_ones() {
        let last_used = LastUsed::default();
        let (old, new) = (KeyId::from("key_1"), KeyId::from("key_2"));
        last_used.note_key(&Noted::default(), &old, 100_000);
        last_used.note_root_key(&Noted::default(), &RootKeyId::from("key_3"), 100_000);
        let uses = last_used.take();
        assert_eq!(last_used.take(), Uses::default());
        last_used.note_key(&Noted::default(), &old, 200_000);
        last_used.note_key(&Noted::default(), &new, 200_000);
        last_used.put_back(uses);
        let mut uses = last_used.take();
        uses.keys.sort();
        assert_eq!(uses.keys, [(old, 200_000), (new, 200_000)]);
        assert_eq!(uses.root_keys, [(RootKeyId::from("key_3"), 100_000)]);
    }
}
