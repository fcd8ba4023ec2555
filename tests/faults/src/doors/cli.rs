//! The command line, which hands its work to the server over the control socket.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::change::{Change, Made};
use crate::model::Outcome;
use crate::site::Site;
use crate::time::wait_for;

/// Longer than the server keeps a command waiting.
const PATIENCE: Duration = Duration::from_secs(40);

/// The command that makes this change, if there is one.
pub fn arguments(change: &Change) -> Option<Vec<String>> {
    let words: &[&str] = match change {
        Change::CreateRootKey { name } => {
            &["root-key", "create", "--name", name, "--permission", "api.*.read_api"]
        }
        Change::RevokeRootKey { id, .. } => &["root-key", "revoke", id],
        Change::SetAllowlist { api, addresses } => &["api", "set", api, "--ip-allow", addresses],
        Change::RotateMasterKey => &["master-key", "rotate"],
        _ => return None,
    };
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// Runs a command. One that fails may have been carried out.
pub fn run(site: &Site, arguments: &[String]) -> Outcome<Made> {
    let unsure = |why: String| Outcome::Unsure { in_flight: true, why };
    match output(site, arguments) {
        None => unsure("the command did not end".to_owned()),
        Some(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let secret = said.starts_with("unkey_").then_some(said);
            Outcome::Done(Made { id: None, secret })
        }
        Some(output) if output.status.code() == Some(2) => {
            panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr))
        }
        Some(output) => unsure(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// `None` when it does not end: it is killed then.
fn output(site: &Site, arguments: &[String]) -> Option<Output> {
    let mut command = Command::new(e2e::binary());
    command.args(arguments).arg("--data-dir").arg(&site.data).envs(site.settings());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary is built: run `cargo build` first");
    let ended = wait_for(PATIENCE, || child.try_wait().expect("it is our child"));
    if ended.is_none() {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    child.wait_with_output().ok()
}
