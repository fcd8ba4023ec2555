//! What can be known of a batch before a lock is taken: the hash of each check,
//! and which checks are on one counter. Linear in the checks, so that the time
//! under locks is.

use smallvec::SmallVec;

use super::Check;
use super::table::Table;

pub(super) struct Plan {
    pub hashes: SmallVec<[u64; 4]>,
    /// For each check the first on the same counter: itself, if there is none
    /// before it.
    pub firsts: SmallVec<[usize; 4]>,
}

impl Plan {
    pub fn of(table: &Table, checks: &[Check<'_>]) -> Self {
        let hashes: SmallVec<[u64; 4]> = checks.iter().map(|check| table.hash(check)).collect();
        let mut firsts: SmallVec<[usize; 4]> = (0..checks.len()).collect();
        let mut order = firsts.clone();
        // Stable: of one hash, positions stay in their order.
        order.sort_by_key(|position| hashes[*position]);
        for same_hash in order.chunk_by(|left, right| hashes[*left] == hashes[*right]) {
            for (at, position) in same_hash.iter().enumerate().skip(1) {
                let is_first = |earlier: &&usize| {
                    firsts[**earlier] == **earlier && is_same(&checks[**earlier], &checks[*position])
                };
                if let Some(first) = same_hash[..at].iter().find(is_first) {
                    firsts[*position] = *first;
                }
            }
        }
        Self { hashes, firsts }
    }
}

fn is_same(left: &Check<'_>, right: &Check<'_>) -> bool {
    left.duration_ms == right.duration_ms
        && left.scope == right.scope
        && left.name == right.name
        && left.subject == right.subject
        && left.workspace == right.workspace
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ratelimit::limiter::Scope;

    proptest! {
        #[test]
        fn checks_on_one_counter_find_its_first(numbers in proptest::collection::vec((0..12_u64, 1..3_u64), 0..120)) {
            let names: Vec<String> = numbers.iter().map(|(name, _)| format!("n{name}")).collect();
            let checks: Vec<Check<'_>> = numbers
                .iter()
                .zip(&names)
                .map(|((number, duration_ms), name)| Check {
                    workspace: "ws",
                    scope: if number % 2 == 0 { Scope::Key } else { Scope::Identity },
                    subject: "subject",
                    name,
                    limit: *number,
                    duration_ms: *duration_ms,
                    cost: 1,
                })
                .collect();
            let plan = Plan::of(&Table::new(100), &checks);
            let expected: Vec<usize> =
                (0..numbers.len()).map(|at| numbers.iter().position(|earlier| *earlier == numbers[at]).unwrap()).collect();
            prop_assert_eq!(plan.firsts.to_vec(), expected);
        }
    }
}
