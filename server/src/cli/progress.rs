//! A line about what takes long: on a terminal one that is written over, and none
//! elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::backup::Progress;
use base::clock::Stopwatch;

/// What is done sooner needs no line.
const FIRST: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_millis(100);

const BAR: usize = 30;

pub(super) struct ProgressLine {
    is_shown: bool,
    running: Stopwatch,
    said_at: Option<Duration>,
}

impl ProgressLine {
    pub fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal(), running: Stopwatch::start(), said_at: None }
    }

    pub fn say(&mut self, progress: &Progress) {
        let now = self.running.elapsed();
        let next = self.said_at.map_or(FIRST, |said_at| said_at + EVERY);
        if self.is_shown && now >= next {
            self.said_at = Some(now);
            let mut stderr = std::io::stderr();
            let _ = write!(stderr, "\r\x1b[K{}", line(progress)).and_then(|()| stderr.flush());
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.said_at.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(Progress { what, bytes, of }: &Progress) -> String {
    let mib = bytes >> 20;
    match *of {
        0 if *bytes == 0 => what.clone(),
        0 => format!("{what}  {mib} MiB"),
        of => {
            let full =
                usize::try_from(u128::from(*bytes) * BAR as u128 / u128::from(of)).unwrap_or(BAR).min(BAR);
            let bar = "#".repeat(full) + &"-".repeat(BAR - full);
            format!("{what:<18} [{bar}] {mib} of {} MiB", of >> 20)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let line = |bytes, of| line(&Progress { what: "copying".to_owned(), bytes, of });
        assert_eq!(line(0, 0), "copying");
        assert_eq!(line(5 << 20, 0), "copying  5 MiB");
        assert_eq!(
            line(50 << 20, 100 << 20),
            "copying            [###############---------------] 50 of 100 MiB"
        );
        assert!(line(u64::MAX, 1).contains("##############################]"));
    }
}
