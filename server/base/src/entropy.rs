//! The only place that draws randomness, and the mint of ids.
//!
//! Production uses the operating system's generator through a fast CSPRNG;
//! tests seed their own so that runs repeat.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

/// Ids count seconds from here, so that four bytes last until 2159.
const ID_EPOCH_MS: i64 = 1_700_000_000_000;

/// A source of random bytes, cheap to clone.
#[derive(Clone)]
pub struct Entropy(Option<Arc<Mutex<StdRng>>>);

impl Entropy {
    /// Cryptographically secure and seeded by the operating system.
    pub fn system() -> Self {
        Self(None)
    }

    /// Repeatable, for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            None => rand::rng().fill_bytes(bytes),
            Some(seeded) => seeded.lock().fill_bytes(bytes),
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `<prefix>_` and 16 base58 characters: four bytes of time, eight random
    /// ones. Ids of one kind sort by the second in which they were made
    /// (docs/decisions.md#ids-sort-by-time).
    pub fn id<T: From<String>>(&self, prefix: &str, now_ms: i64) -> T {
        let seconds = u32::try_from((now_ms - ID_EPOCH_MS) / 1000).unwrap_or(0);
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        self.fill(&mut bytes[4..]);
        let mut id = String::with_capacity(prefix.len() + 18);
        id.push_str(prefix);
        id.push('_');
        let mut body = [0; 17];
        let length = bs58::encode(&bytes).onto(&mut body[..]).expect("12 bytes take at most 17 characters");
        id.push_str(std::str::from_utf8(&body[..length]).expect("base58 is ASCII"));
        T::from(id)
    }

    /// A bearer token for a link: 32 random bytes in base58.
    pub fn token(&self) -> String {
        bs58::encode(self.bytes::<32>()).into_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_carry_their_prefix() {
        let entropy = Entropy::seeded(1);
        let early: String = entropy.id("key", 1_790_000_000_000);
        let late: String = entropy.id("key", 1_790_000_001_000);
        assert!(early.starts_with("key_") && early.len() == 20, "{early}");
        assert!(early < late);
    }
}
