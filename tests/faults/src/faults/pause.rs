//! A process that stands still, as on a machine that was suspended.

use rand::rngs::StdRng;

use super::{Fault, some_ms};
use crate::site::Site;

#[derive(Debug)]
pub struct Pause {
    times: u32,
}

impl Pause {
    pub fn draw(rng: &mut StdRng) -> Self {
        Self { times: rand::Rng::random_range(rng, 1..=3) }
    }
}

impl Fault for Pause {
    fn strike(&self, site: &Site, rng: &mut StdRng) {
        for _ in 0..self.times {
            site.signal("STOP");
            std::thread::sleep(some_ms(rng, 300, 2500));
            site.signal("CONT");
            std::thread::sleep(some_ms(rng, 100, 600));
        }
    }
}
