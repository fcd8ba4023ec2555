//! Who may connect: so many in all, so many from one address, and a few more to
//! ask after the server's health while it is full.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use base::address;

/// Connections beyond the bounds that may ask after health and nothing else.
pub(super) const HEALTH_SLOTS: usize = 32;
/// Of these, so many from one address: nobody takes them all.
const HEALTH_SLOTS_PER_ADDRESS: u32 = 4;

/// The bounds of one listener.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub total: usize,
    pub per_address: usize,
    /// Peers that have only the bound of all.
    pub exempt: Vec<IpNet>,
}

/// The connections that are open.
#[derive(Clone)]
pub(super) struct Slots(Arc<Inner>);

struct Inner {
    bounds: Bounds,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    serving: usize,
    health: usize,
    by_address: FxHashMap<IpAddr, ByAddress>,
}

#[derive(Clone, Copy, Default)]
struct ByAddress {
    serving: u32,
    health: u32,
}

/// What a new connection may do.
pub(super) enum Admission {
    Served(Slot),
    /// One bound is reached: it may ask after the server's health.
    HealthOnly(Slot),
    Refused,
}

/// A place among the connections, free again when dropped.
pub(super) struct Slot {
    slots: Slots,
    address: IpAddr,
    health_only: bool,
}

impl Slots {
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Inner { bounds, held: Mutex::default() }))
    }

    pub fn admit(&self, peer: IpAddr) -> Admission {
        let peer = peer.to_canonical();
        let bounds = &self.0.bounds;
        let exempt = bounds.exempt.iter().any(|net| net.contains(&peer));
        let address = address::block(peer, 64);
        let mut held = self.0.held.lock();
        let Held { serving, health, by_address } = &mut *held;
        let own = by_address.entry(address).or_default();
        let fits = *serving < bounds.total && (exempt || (own.serving as usize) < bounds.per_address);
        if fits {
            *serving += 1;
            own.serving += 1;
            return Admission::Served(self.slot(address, false));
        }
        if *health < HEALTH_SLOTS && own.health < HEALTH_SLOTS_PER_ADDRESS {
            *health += 1;
            own.health += 1;
            return Admission::HealthOnly(self.slot(address, true));
        }
        // Bounds of zero aside, an address that is refused holds something.
        held.forget_idle(address);
        Admission::Refused
    }

    fn slot(&self, address: IpAddr, health_only: bool) -> Slot {
        Slot { slots: self.clone(), address, health_only }
    }
}

impl Held {
    fn forget_idle(&mut self, address: IpAddr) {
        if self.by_address.get(&address).is_some_and(|own| own.serving == 0 && own.health == 0) {
            self.by_address.remove(&address);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.0.held.lock();
        let own = held.by_address.entry(self.address).or_default();
        if self.health_only {
            own.health = own.health.saturating_sub(1);
            held.health -= 1;
        } else {
            own.serving = own.serving.saturating_sub(1);
            held.serving -= 1;
        }
        held.forget_idle(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(total: usize, per_address: usize) -> Slots {
        Slots::new(Bounds { total, per_address, exempt: vec!["192.0.2.0/24".parse().unwrap()] })
    }

    fn served(slots: &Slots, peer: &str) -> Option<Slot> {
        match slots.admit(peer.parse().unwrap()) {
            Admission::Served(slot) => Some(slot),
            _ => None,
        }
    }

    fn open(slots: &Slots) -> (usize, usize) {
        let held = slots.0.held.lock();
        (held.serving, held.health)
    }

    #[test]
    fn an_address_has_its_bound_and_a_trusted_proxy_only_that_of_all() {
        let slots = slots(5, 2);
        let mut own: Vec<_> = (0..2).map(|_| served(&slots, "2001:db8::1").unwrap()).collect();
        assert!(served(&slots, "2001:db8::ffff").is_none(), "a network of v6 is one address");
        let _mapped = served(&slots, "::ffff:192.0.2.1").unwrap();
        let _proxy: Vec<_> = (0..2).map(|_| served(&slots, "192.0.2.1").unwrap()).collect();
        assert!(served(&slots, "192.0.2.1").is_none(), "all are taken");
        own.pop();
        assert!(served(&slots, "2001:db8::2").is_some());
    }

    #[test]
    fn a_full_server_can_be_asked_after_its_health() {
        let slots = slots(1, 1);
        let slot = served(&slots, "203.0.113.1").unwrap();
        let mut health = Vec::new();
        for number in 0..=HEALTH_SLOTS {
            let peer = format!("203.0.113.{}", number % 16);
            match slots.admit(peer.parse().unwrap()) {
                Admission::HealthOnly(slot) => health.push(slot),
                Admission::Refused => assert_eq!(number, HEALTH_SLOTS),
                Admission::Served(_) => panic!("beyond the bound"),
            }
        }
        assert_eq!(open(&slots), (1, HEALTH_SLOTS));
        drop((slot, health));
        let one: Vec<_> = (0..6).map(|_| slots.admit("203.0.113.1".parse().unwrap())).collect();
        assert!(matches!(one[4], Admission::HealthOnly(_)));
        assert!(matches!(one[5], Admission::Refused), "no address takes all of these places");
        drop(one);
        assert_eq!(open(&slots), (0, 0));
        assert!(slots.0.held.lock().by_address.is_empty(), "nobody is remembered");
    }
}
