//! The guides of the documentation, carried out as a reader would: every shell
//! block is run against a fresh server, every answer shown must be the one given.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use e2e::{Server, binary, cli_ok, folder};
use serde_json::{Value, json};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks of a page: kind and content.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("\n```") {
        let Some((kind, after)) = after.split_once('\n') else { break };
        let (content, after) =
            after.split_once("\n```").unwrap_or_else(|| panic!("a block of {kind} is open"));
        found.push((kind, content));
        rest = after;
    }
    found
}

/// A page being carried out.
struct Reader {
    server: Server,
    data: tempfile::TempDir,
}

const NEXT: &str = "=== next block ===";

impl Reader {
    fn new() -> Self {
        let data = folder();
        Self { server: Server::start(data.path()), data }
    }

    /// Runs the shell blocks of the quickstart and of `name` in one shell, and
    /// compares the last line each printed with the answer shown after it.
    fn follow(&self, name: &str) -> usize {
        let (quickstart, guide) = (page("quickstart.md"), page(name));
        let mut all = if name == "quickstart.md" { Vec::new() } else { blocks(&quickstart) };
        let before = all.len();
        all.extend(blocks(&guide));
        let is_shell = |block: &&(&str, &str)| block.0 == "sh";
        let script: String =
            all.iter().filter(is_shell).map(|(_, text)| format!("{text}\necho '{NEXT}'\n")).collect();
        assert!(script.contains("URL=http://127.0.0.1:3000"), "the address is written once");
        let output =
            self.shell(&script.replace("URL=http://127.0.0.1:3000", &format!("URL={}", self.server.base)));
        let mut answers = output.split(NEXT);
        let mut compared = 0;
        let mut last = "";
        for (place, (kind, shown)) in all.iter().enumerate() {
            match *kind {
                "sh" => last = answers.next().expect("an answer for each block").trim_end(),
                // After other text it is no answer but a file to write.
                "json" if place >= before && all[place - 1].0 == "sh" => {
                    let wanted: Value =
                        serde_json::from_str(shown).unwrap_or_else(|error| panic!("{shown}: {error}"));
                    let line = last.lines().last().unwrap_or_default();
                    let got =
                        serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {line}: {error}"));
                    assert!(holds(&got, &wanted), "{name} shows {wanted}\nbut the answer was {got}");
                    compared += 1;
                }
                _ => {}
            }
        }
        compared
    }

    fn shell(&self, script: &str) -> String {
        let beside = binary().parent().expect("a folder").to_owned();
        let output = Command::new("bash")
            .args(["-e", "-u", "-o", "pipefail", "-c"])
            .arg(format!("PATH='{}':$PATH\n{script}", beside.display()))
            .env("UNKEY_DATA_DIR", self.data.path())
            .output()
            .expect("bash runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}\n{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).expect("text")
    }
}

/// Whether an answer has what is shown of it; `…` at the end stands for any rest.
fn holds(got: &Value, shown: &Value) -> bool {
    match (got, shown) {
        (Value::Object(got), Value::Object(shown)) => {
            shown.iter().all(|(name, shown)| got.get(name).is_some_and(|got| holds(got, shown)))
        }
        (Value::Array(got), Value::Array(shown)) => {
            got.len() == shown.len() && got.iter().zip(shown).all(|(got, shown)| holds(got, shown))
        }
        (Value::String(got), Value::String(shown)) => match shown.strip_suffix('…') {
            Some(start) => got.starts_with(start) && got.len() > start.len(),
            None => got == shown,
        },
        _ => got == shown,
    }
}

#[test]
fn the_comparison_notices_differences() {
    let got = json!({ "data": { "id": "key_1", "n": [1, 2], "more": true } });
    assert!(holds(&got, &json!({ "data": { "id": "key_…", "n": [1, 2] } })));
    for wrong in
        [json!({ "data": { "id": "api_…" } }), json!({ "data": { "n": [1] } }), json!({ "data": { "x": 1 } })]
    {
        assert!(!holds(&got, &wrong), "{wrong}");
    }
}

#[test]
fn the_quickstart() {
    assert_eq!(Reader::new().follow("quickstart.md"), 5);
}

// row: quickstart/identities/shared-ratelimits
#[test]
fn shared_limits() {
    assert_eq!(Reader::new().follow("shared-limits.md"), 5);
}

#[test]
fn the_other_guides() {
    for (name, answers) in [
        ("ratelimiting.md", 5),
        ("keys.md", 4),
        ("authorization.md", 6),
        ("identities.md", 3),
        ("credits.md", 5),
        ("overrides.md", 6),
        ("recoverable-keys.md", 1),
        ("portals.md", 4),
        ("events.md", 1),
        ("audit-log.md", 0),
        ("ai-tools.md", 0),
    ] {
        assert_eq!(Reader::new().follow(name), answers, "{name}");
    }
}

#[test]
fn a_backup_made_as_described_can_be_restored() {
    let reader = Reader::new();
    let api = reader.server.api();
    cli_ok(reader.data.path(), &["api", "set", &api, "--recoverable", "on"]);
    let (id, key) = reader.server.key(&api, json!({ "recoverable": true, "credits": { "remaining": 5 } }));
    assert_eq!(reader.server.verify(&key), "VALID");
    let guide = page("backup.md");
    let by_hand = |(kind, text): &&(&str, &str)| *kind == "sh" && text.contains(".backup");
    let (_, script) = *blocks(&guide).iter().find(by_hand).expect("a script");
    let output = reader.shell(&format!("{script}\necho \"$BACKUP\""));
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "ok", "the copy is whole");
    let backup = PathBuf::from(lines[1]);
    let later = reader.server.key(&api, json!({})).1;
    drop(reader);

    let restored = Server::start(&backup);
    assert_eq!(restored.verify(&later), "NOT_FOUND");
    assert_eq!(restored.verify(&key), "VALID");
    let got = restored.call("keys.getKey", &json!({ "keyId": id, "decrypt": true })).data();
    assert_eq!((&got["plaintext"], &got["credits"]["remaining"]), (&json!(key), &json!(3)));
    assert_eq!(restored.stop(), Some(0));
    fs::remove_dir_all(backup).expect("the copy is ours to remove");
}

/// A program of the quickstart, killed when dropped.
struct Guard {
    child: Child,
    address: String,
}

impl Guard {
    fn start(mut command: Command, reader: &Reader) -> Self {
        let root_key = cli_ok(
            reader.data.path(),
            &["root-key", "create", "--name", "guard", "--permission", "api.*.verify_key"],
        );
        command.env("UNKEY_URL", &reader.server.base).env("UNKEY_ROOT_KEY", root_key).env("PORT", "0");
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("a line");
        let address = line.split_whitespace().last().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "unexpected first line: {line:?}");
        Self { child, address }
    }

    fn ask(&self, key: Option<&str>) -> (u16, String) {
        let mut command = Command::new("curl");
        command.args(["-sS", "-w", "\n%{http_code}", &self.address]);
        if let Some(key) = key {
            command.args(["-H", &format!("Authorization: Bearer {key}")]);
        }
        let output = String::from_utf8(command.output().expect("curl runs").stdout).expect("text");
        let (text, status) = output.rsplit_once('\n').expect("a status");
        (status.parse().expect("a status"), text.trim_end().to_owned())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program of a page that begins with its own name.
fn program(folder: &Path, kind: &str, name: &str) -> PathBuf {
    let page = page("quickstart.md");
    let text = blocks(&page)
        .into_iter()
        .find(|(found, text)| *found == kind && text.lines().next().is_some_and(|line| line.ends_with(name)));
    let path = folder.join(name);
    fs::write(&path, text.unwrap_or_else(|| panic!("{name} is in the quickstart")).1).expect("a file");
    path
}

fn guards(mut command: Command) {
    let reader = Reader::new();
    let api = reader.server.api();
    let (id, key) = reader.server.key(&api, json!({ "name": "ann" }));
    let limits = json!([{ "name": "requests", "limit": 1, "duration": 3_600_000, "autoApply": true }]);
    let (_, limited) = reader.server.key(&api, json!({ "name": "bob", "ratelimits": limits }));
    command.current_dir(reader.data.path());
    let guard = Guard::start(command, &reader);
    assert_eq!(guard.ask(None).0, 401);
    assert_eq!(guard.ask(Some("made-up")).0, 401);
    assert_eq!(guard.ask(Some(&key)), (200, "hello, ann".to_owned()));
    assert_eq!((guard.ask(Some(&limited)).0, guard.ask(Some(&limited)).0), (200, 429));
    reader.server.call("keys.deleteKey", &json!({ "keyId": id })).data();
    assert_eq!(guard.ask(Some(&key)).0, 401);
    assert_eq!(reader.server.stop(), Some(0));
    assert_eq!(guard.ask(Some(&limited)).0, 503, "no verdict is a no");
}

#[test]
fn the_guard_in_node() {
    let folder = folder();
    let mut command = Command::new("node");
    command.arg(program(folder.path(), "js", "guard.mjs"));
    guards(command);
}

#[test]
fn the_guard_in_python() {
    let folder = folder();
    let mut command = Command::new("python3");
    command.arg(program(folder.path(), "python", "guard.py"));
    guards(command);
}

#[test]
fn the_guard_in_go() {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("no Go toolchain here: the Go program of the quickstart is not run");
        return;
    }
    let folder = folder();
    let (source, built) = (program(folder.path(), "go", "guard.go"), folder.path().join("guard"));
    let build = Command::new("go").args(["build", "-o"]).arg(&built).arg(source).status().expect("go runs");
    assert!(build.success());
    guards(Command::new(built));
}
