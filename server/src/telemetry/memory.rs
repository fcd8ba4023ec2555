//! What memory the process holds: as the system counts it, and as the allocator does.
//!
//! Both are cheap to ask, a file of a few bytes and some sums, so a scrape asks. Which part
//! of the server holds how much is for its parts to say.

use tikv_jemalloc_ctl::{epoch, stats};

/// What is resident, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident {
    /// Heap and stacks: what nobody but the process can give back.
    pub heap: u64,
    /// The program and indexes: the system drops these pages when it wants the room.
    pub files: u64,
}

/// What the allocator has of the system, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocator {
    /// What the server has asked for and not given back.
    pub allocated: u64,
    /// What is in memory for it, with what the allocator needs and keeps for the next who asks.
    pub held: u64,
}

/// `None` where the system does not say it as Linux does.
pub fn resident() -> Option<Resident> {
    of_statm(&std::fs::read_to_string("/proc/self/statm").ok()?, rustix::param::page_size() as u64)
}

/// Sizes in pages: all, resident, of these shared with files.
fn of_statm(text: &str, page_bytes: u64) -> Option<Resident> {
    let mut pages = text.split_ascii_whitespace().skip(1).map(|pages| pages.parse::<u64>().ok());
    let (resident, files) = (pages.next()??, pages.next()??);
    Some(Resident { heap: resident.saturating_sub(files) * page_bytes, files: files * page_bytes })
}

/// `None` where the allocator does not count.
pub fn allocator() -> Option<Allocator> {
    // Sums are of the last epoch.
    epoch::advance().ok()?;
    Some(Allocator {
        allocated: stats::allocated::read().ok()? as u64,
        held: stats::resident::read().ok()? as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_pages_are_heap_or_of_files() {
        let found = of_statm("4000 300 120 9 0 500 0\n", 4096);
        assert_eq!(found, Some(Resident { heap: 180 * 4096, files: 120 * 4096 }));
        assert_eq!(of_statm("4000 300", 4096), None);
        assert_eq!(of_statm("", 4096), None);
    }

    #[test]
    fn the_allocator_counts() {
        let allocator = allocator().unwrap();
        assert!(allocator.held > 0, "{allocator:?}");
    }
}
