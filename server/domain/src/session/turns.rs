//! How many requests of one person are worked on at once.
//!
//! A page may be dear, and one person may open any number of connections; who verifies
//! keys shall not wait for that. Further requests wait their turn, which costs nothing.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use base::ids::UserId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Sessions;

/// What a browser asks for at once, and a few windows of it.
pub const AT_ONCE: usize = 4;

/// Those whose requests are worked on.
pub(super) type Turns = Mutex<HashMap<UserId, Weak<Semaphore>>>;

/// Until it is dropped, a request of somebody is worked on.
pub struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Sessions {
    /// Waits until a request of this person may be worked on.
    pub async fn turn(&self, user: &UserId) -> Turn {
        let of_user = {
            let mut turns = self.turns.lock();
            match turns.get(user).and_then(Weak::upgrade) {
                Some(known) => known,
                None => {
                    turns.retain(|_, known| known.strong_count() > 0);
                    let new = Arc::new(Semaphore::new(AT_ONCE));
                    turns.insert(user.clone(), Arc::downgrade(&new));
                    new
                }
            }
        };
        Turn { _permit: of_user.acquire_owned().await.ok() }
    }
}
