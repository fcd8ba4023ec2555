//! Operations and forms that change something, reset one after the other on a server
//! of their own: every eighth at a time, all of them in eight turns.

use rand::rngs::StdRng;

use super::Fault;
use crate::site::Site;
use crate::sweep;

const PARTS: usize = 8;

#[derive(Debug)]
pub struct Routes {
    part: usize,
}

impl Routes {
    pub fn draw(number: usize) -> Self {
        Self { part: number % PARTS }
    }
}

impl Fault for Routes {
    fn is_elsewhere(&self) -> bool {
        true
    }

    fn strike(&self, site: &Site, rng: &mut StdRng) {
        sweep::run(site, rng, |number| number % PARTS == self.part);
    }
}
