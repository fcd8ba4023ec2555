//! Which faults come in which order, all of it from a seed.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::faults::{Fault, Kind};

/// One fault, and how the server is started anew after it.
pub struct Round {
    pub number: usize,
    pub kind: Kind,
    pub fault: Box<dyn Fault>,
    /// `kill -9` rather than a planned stop, before the second look.
    pub ends_in_a_kill: bool,
    pub rng: StdRng,
}

/// Rounds without end: the kinds take turns in an order that changes.
pub struct Schedule {
    rng: StdRng,
    kinds: Vec<Kind>,
    turn: Vec<Kind>,
    number: usize,
    first_variant: usize,
}

impl Schedule {
    /// Of at least one kind.
    pub fn new(seed: u64, kinds: &[Kind]) -> Self {
        assert!(!kinds.is_empty(), "nothing to go wrong");
        Self {
            rng: StdRng::seed_from_u64(seed),
            kinds: kinds.to_vec(),
            turn: Vec::new(),
            number: 0,
            // Seeds one after the other go through them as turns do.
            first_variant: usize::try_from(seed % 1_000_000).unwrap_or_default(),
        }
    }
}

impl Iterator for Schedule {
    type Item = Round;

    fn next(&mut self) -> Option<Round> {
        if self.turn.is_empty() {
            self.turn.clone_from(&self.kinds);
            self.turn.shuffle(&mut self.rng);
        }
        let kind = self.turn.pop()?;
        let mut rng = StdRng::from_rng(&mut self.rng);
        // Each kind goes through its variants.
        let variant = self.first_variant + self.number / self.kinds.len();
        let fault = kind.draw(variant, &mut rng);
        let round = Round { number: self.number, kind, fault, ends_in_a_kill: rng.random_bool(0.5), rng };
        self.number += 1;
        Some(round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seed: u64) -> Vec<String> {
        Schedule::new(seed, &Kind::OF_FILES).take(40).map(|round| format!("{:?}", round.fault)).collect()
    }

    #[test]
    fn a_seed_says_everything() {
        assert_ne!(of(1), of(2));
        // The clock's steps depend on the time of day.
        let without_clock = |list: Vec<String>| {
            list.into_iter().filter(|fault| !fault.starts_with("Clock")).collect::<Vec<_>>()
        };
        assert_eq!(without_clock(of(1)), without_clock(of(1)));
    }

    #[test]
    fn every_kind_has_its_turn() {
        let mut kinds: Vec<_> = Schedule::new(7, &Kind::OF_FILES)
            .take(Kind::OF_FILES.len())
            .map(|round| round.kind.name())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), Kind::OF_FILES.len());
    }
}
