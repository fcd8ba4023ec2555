//! Networks that fail: of the clients' requests, many end in a reset connection,
//! within the request or before its answer.

use rand::Rng;
use rand::rngs::StdRng;

use super::{Fault, some_ms};
use crate::site::Site;

#[derive(Debug)]
pub struct Network {
    /// So many of a thousand requests are cut.
    per_mille: u32,
}

impl Network {
    pub fn draw(rng: &mut StdRng) -> Self {
        Self { per_mille: rng.random_range(100..600) }
    }
}

impl Fault for Network {
    fn strike(&self, site: &Site, rng: &mut StdRng) {
        site.set_cuts_per_mille(self.per_mille);
        std::thread::sleep(some_ms(rng, 2000, 4000));
        site.set_cuts_per_mille(0);
    }
}
