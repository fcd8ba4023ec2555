//! Whose turn it is: workspaces one after the other, each with so many jobs at once.

use std::collections::{HashMap, VecDeque};

use base::ids::WorkspaceId;

/// Jobs of one workspace that may wait.
pub(super) const OF_ONE: usize = 16;
/// Jobs of all that may wait, but for the first of each.
const OF_ALL: usize = 256;

/// Jobs that wait for their turn.
pub(super) struct Turns<J> {
    waiting: HashMap<WorkspaceId, VecDeque<J>>,
    /// Those who have a job waiting, the next one first.
    order: VecDeque<WorkspaceId>,
    running: HashMap<WorkspaceId, usize>,
    /// Jobs of one workspace that run at once.
    most_running: usize,
    total: usize,
    is_over: bool,
}

/// Why no more can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// With how many of its own.
    OfOne(usize),
    OfAll,
}

impl<J> Turns<J> {
    pub fn new(most_running: usize) -> Self {
        Self {
            waiting: HashMap::new(),
            order: VecDeque::new(),
            running: HashMap::new(),
            most_running,
            total: 0,
            is_over: false,
        }
    }

    /// Adds a job at the end of its workspace's queue. Where that is full, jobs that
    /// are not `wanted` any more make room.
    pub fn add(
        &mut self,
        workspace: &WorkspaceId,
        job: J,
        wanted: impl FnMut(&J) -> bool,
    ) -> Result<(), Full> {
        let own = self.waiting.entry(workspace.clone()).or_default();
        let is_full = |own: &VecDeque<J>, total| {
            if own.len() >= OF_ONE {
                Some(Full::OfOne(OF_ONE))
            } else {
                (total >= OF_ALL && !own.is_empty()).then_some(Full::OfAll)
            }
        };
        if is_full(own, self.total).is_some() {
            let before = own.len();
            own.retain(wanted);
            self.total -= before - own.len();
            if let Some(full) = is_full(own, self.total) {
                return Err(full);
            }
        }
        if own.is_empty() && !self.order.contains(workspace) {
            self.order.push_back(workspace.clone());
        }
        own.push_back(job);
        self.total += 1;
        Ok(())
    }

    /// The next job, of the first workspace in turn that may run another.
    pub fn next(&mut self) -> Option<(WorkspaceId, J)> {
        let (running, most) = (&self.running, self.most_running);
        let free = |workspace: &WorkspaceId| running.get(workspace).is_none_or(|count| *count < most);
        let place = self.order.iter().position(free)?;
        let workspace = self.order.remove(place)?;
        let own = self.waiting.get_mut(&workspace)?;
        let job = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&workspace);
        } else {
            self.order.push_back(workspace.clone());
        }
        let job = job?;
        self.total -= 1;
        *self.running.entry(workspace.clone()).or_default() += 1;
        Some((workspace, job))
    }

    /// A job of the workspace has run.
    pub fn end(&mut self, workspace: &WorkspaceId) {
        if let Some(count) = self.running.get_mut(workspace) {
            *count -= 1;
            if *count == 0 {
                self.running.remove(workspace);
            }
        }
    }

    /// Nothing runs any more.
    pub fn finish(&mut self) {
        self.is_over = true;
        self.waiting.clear();
        self.order.clear();
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(number: usize) -> WorkspaceId {
        WorkspaceId::from(format!("ws_{number}"))
    }

    #[test]
    fn workspaces_take_turns_and_each_keeps_its_order() {
        let mut turns = Turns::new(1);
        for (workspace, job) in [(1, "a"), (1, "b"), (1, "c"), (2, "d"), (3, "e"), (2, "f")] {
            turns.add(&of(workspace), job, |_| true).unwrap();
        }
        let mut run = Vec::new();
        while let Some((workspace, job)) = turns.next() {
            run.push(job);
            turns.end(&workspace);
        }
        assert_eq!(run, ["a", "d", "e", "b", "f", "c"]);
        assert!(turns.waiting.is_empty() && turns.running.is_empty() && turns.total == 0);
    }

    #[test]
    fn nobody_runs_more_than_its_part() {
        let mut turns = Turns::new(2);
        for job in 0..4 {
            turns.add(&of(1), job, |_| true).unwrap();
        }
        assert!(turns.next().is_some() && turns.next().is_some());
        assert_eq!(turns.next(), None);
        turns.add(&of(2), 9, |_| true).unwrap();
        assert_eq!(turns.next(), Some((of(2), 9)));
        turns.end(&of(1));
        assert_eq!(turns.next(), Some((of(1), 2)));
    }

    #[test]
    fn queues_have_a_bound_and_a_newcomer_always_a_place() {
        let mut turns = Turns::new(1);
        for workspace in 0..OF_ALL / OF_ONE {
            for job in 0..OF_ONE {
                turns.add(&of(workspace), job, |_| true).unwrap();
            }
        }
        assert_eq!(turns.add(&of(0), 99, |_| true), Err(Full::OfOne(OF_ONE)));
        assert_eq!(turns.add(&of(0), 99, |job| *job != 3), Ok(()), "who gave up makes room");
        assert_eq!(turns.add(&of(100), 0, |_| true), Ok(()));
        assert_eq!(turns.add(&of(100), 1, |_| true), Err(Full::OfAll));
    }

    proptest! {
        /// However jobs come and go, whoever waits is reached after every other
        /// workspace was at most once.
        #[test]
        fn nobody_is_passed_over(steps in proptest::collection::vec((0..5usize, 0..3u8), 1..200)) {
            let mut turns = Turns::new(1);
            let mut since: HashMap<WorkspaceId, Vec<WorkspaceId>> = HashMap::new();
            let mut running = Vec::new();
            for (workspace, step) in steps {
                if step < 2 {
                    if turns.add(&of(workspace), (), |_| true).is_ok() {
                        since.entry(of(workspace)).or_default();
                    }
                    continue;
                }
                if running.len() == 2 {
                    turns.end(&running.remove(0));
                }
                let Some((next, ())) = turns.next() else { continue };
                prop_assert!(!running.contains(&next));
                for (waits, passed) in &mut since {
                    if *waits != next && !running.contains(waits) {
                        prop_assert!(!passed.contains(&next), "{:?} twice before {:?}", next, waits);
                        passed.push(next.clone());
                    }
                }
                since.remove(&next);
                if turns.waiting.contains_key(&next) {
                    since.insert(next.clone(), Vec::new());
                }
                running.push(next);
            }
        }
    }
}
