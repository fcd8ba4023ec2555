//! Too few file descriptors: connections that say nothing take all there are.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::{Fault, some_ms};
use crate::site::Site;

#[derive(Debug)]
pub struct Descriptors {
    /// What is left to the server beyond what it has open.
    spare: u64,
}

/// More than are left in any case.
const CONNECTIONS: usize = 150;

impl Descriptors {
    pub fn draw(rng: &mut StdRng) -> Self {
        Self { spare: rng.random_range(0..30) }
    }
}

impl Fault for Descriptors {
    fn strike(&self, site: &Site, rng: &mut StdRng) {
        let Some(pid) = site.pid() else { return };
        let before = soft_limit(pid);
        let open = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        site.trouble_begins();
        site.limit("nofile", open as u64 + self.spare);
        let Ok(address) = site.base().trim_start_matches("http://").parse() else { return };
        // Those that nobody accepts wait in a queue, until that is full.
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let idle: Vec<_> = (0..CONNECTIONS).map_while(connect).collect();
        site.journal.line(&format!("{} idle connections", idle.len()));
        std::thread::sleep(some_ms(rng, 1500, 3500));
        drop(idle);
        site.limit("nofile", before);
        site.trouble_ends();
    }
}

fn soft_limit(pid: u32) -> String {
    let arguments = ["--pid", &pid.to_string(), "--nofile", "-o", "SOFT", "--noheadings"];
    let output = Command::new("prlimit").args(arguments).output().expect("prlimit is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
