//! Too little memory: the address space of the server may hardly grow. A server
//! that cannot go on may end, to be started again.

use rand::Rng;
use rand::rngs::StdRng;

use super::{Fault, some_ms};
use crate::site::Site;

#[derive(Debug)]
pub struct Memory {
    spare_mib: u64,
}

impl Memory {
    pub fn draw(rng: &mut StdRng) -> Self {
        Self { spare_mib: rng.random_range(0..48) }
    }
}

impl Fault for Memory {
    fn may_end_the_server(&self) -> bool {
        true
    }

    fn strike(&self, site: &Site, rng: &mut StdRng) {
        let Some(pid) = site.pid() else { return };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
        let kib: Option<u64> = size.and_then(|size| size.split_whitespace().next()?.parse().ok());
        let Some(kib) = kib else { return };
        site.trouble_begins();
        site.limit("as", kib * 1024 + self.spare_mib * 1024 * 1024);
        std::thread::sleep(some_ms(rng, 1500, 3500));
        site.limit("as", "unlimited");
        site.trouble_ends();
    }
}
