//! How many files this process may hold open, and how many of them connections
//! may take: the rest is for databases, indexes, uploads and the control socket.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no connections of the API, with those of metrics and of commands.
const RESERVED: u64 = 256;

/// The connections there is room for, `wanted` at most. Raises the limit of this
/// process as far as it needs and may.
pub(super) fn connections(wanted: usize) -> usize {
    let needed = (wanted as u64).saturating_add(RESERVED);
    let fitting = fitting(raised(needed));
    match usize::try_from(fitting) {
        Ok(fitting) if fitting < wanted => {
            tracing::warn!(
                max_connections = fitting,
                "fewer connections than were asked for: the system allows this process too few open files"
            );
            fitting
        }
        _ => wanted,
    }
}

/// The limit of open files, after it was raised towards `needed`.
fn raised(needed: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current.unwrap_or(u64::MAX);
    let possible = needed.min(maximum.unwrap_or(u64::MAX));
    if possible <= current {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(possible), maximum }) {
        Ok(()) => possible,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files cannot be raised");
            current
        }
    }
}

/// Half of a limit that is small.
fn fitting(limit: u64) -> u64 {
    limit.saturating_sub(RESERVED).max(limit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_left_for_what_is_no_connection() {
        assert_eq!([64, 512, 1024, u64::MAX].map(fitting), [32, 256, 768, u64::MAX - 256]);
    }
}
