//! When keys were last used: gathered in memory, written now and then.
//!
//! Approximate by design (the contract promises about five minutes): a write
//! per verification would cost more than it tells.

use std::collections::HashMap;
use std::sync::Arc;

use entity::ids::{KeyId, RootKeyId};
use parking_lot::Mutex;

use super::{Event, store};
use crate::error::Result;
use crate::store::Store;

/// Keys per transaction: others get their turn in between.
const BATCH: usize = 500;

/// Latest use of each key since the last flush. Cheap to clone.
#[derive(Clone, Default)]
pub struct LastUsed(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    keys: HashMap<KeyId, i64>,
    root_keys: HashMap<RootKeyId, i64>,
}

impl LastUsed {
    pub(super) fn note(&self, events: &[Event]) {
        let mut seen = self.0.lock();
        for event in events {
            let root_key = match event {
                Event::Verification(event) => {
                    match seen.keys.get_mut(&event.facts.key) {
                        Some(latest) => *latest = event.time_ms.max(*latest),
                        None => {
                            seen.keys.insert(event.facts.key.clone(), event.time_ms);
                        }
                    }
                    &event.root_key
                }
                Event::Ratelimit(event) => &event.root_key,
            };
            if let Some(root_key) = root_key {
                match seen.root_keys.get_mut(root_key) {
                    Some(latest) => *latest = event.time_ms().max(*latest),
                    None => {
                        seen.root_keys.insert(root_key.clone(), event.time_ms());
                    }
                }
            }
        }
    }

    /// Writes what was gathered. What cannot be written is dropped with an error.
    pub async fn flush(&self, app: &Store) -> Result<()> {
        let Seen { keys, root_keys } = std::mem::take(&mut *self.0.lock());
        let keys: Vec<_> = keys.into_iter().collect();
        for batch in keys.chunks(BATCH) {
            app.write(|tx| async move { store::set_keys_used(tx.db(), batch).await }).await?;
        }
        let root_keys: Vec<_> = root_keys.into_iter().collect();
        for batch in root_keys.chunks(BATCH) {
            app.write(|tx| async move { store::set_root_keys_used(tx.db(), batch).await }).await?;
        }
        Ok(())
    }
}
