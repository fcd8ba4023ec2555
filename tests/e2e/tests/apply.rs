//! `unkey apply` and `unkey export --as-config`, as an operator calls them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use e2e::{Server, binary, cli, cli_ok, folder};
use serde_json::{Value, json};

const FILE: &str = "\
# What the team agreed on.
version: 1
apis:
  - name: Payments
    defaultPrefix: pay
    ipAllowlist: [10.0.0.0/8, \"::1\"]
roles:
  - name: editor
    permissions: [documents.read, documents.write]
namespaces:
  - name: email
    overrides:
      - {identifier: premium_*, limit: 100, duration: 1m}
portals:
  - {slug: customers, api: Payments, displayName: Your keys}
";

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The remark, behind what a folder that is opened may log.
fn remark(output: &Output) -> String {
    stderr(output).lines().last().unwrap_or_default().to_owned()
}

fn changes(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The same beside a server and on a folder that nobody serves.
#[test]
fn a_file_is_planned_applied_and_exported() {
    for served in [true, false] {
        let (data, files) = (folder(), folder());
        let server = Server::start(data.path());
        let running = if served {
            Some(server)
        } else {
            assert_eq!(server.stop(), Some(0));
            None
        };
        let file = files.path().join("unkey.yaml");
        std::fs::write(&file, FILE).expect("ours");
        let file = file.to_str().expect("UTF-8");

        let json = ["--format", "json"];
        let planned = cli(data.path(), &[["apply", "-f", file, "--plan"].as_slice(), &json].concat());
        assert_eq!((changes(&planned).len(), remark(&planned).as_str()), (10, "10 changes would be made."));
        let made = cli(data.path(), &[["apply", "--file", file].as_slice(), &json].concat());
        assert_eq!((changes(&made).len(), remark(&made).as_str()), (10, "10 changes were made."));
        assert_eq!(changes(&made)[0]["event"], "api.create");
        let again = cli(data.path(), &["apply", "-f", file, "--prune"]);
        assert_eq!((again.stdout.as_slice(), remark(&again).as_str()), (b"".as_slice(), "Nothing differs."));
        assert!(changes(&cli(data.path(), &[["apply", "-f", file].as_slice(), &json].concat())).is_empty());

        let exported = cli_ok(data.path(), &["export", "--as-config"]);
        assert!(exported.contains("\n      - identifier: premium_*\n"), "{exported}");
        let document: Value =
            serde_json::from_str(&cli_ok(data.path(), &["export", "--as-config", "--json"])).expect("JSON");
        assert_eq!(document["apis"][0]["ipAllowlist"], json!(["10.0.0.0/8", "::1"]));
        // By way of a pipe into another workspace, which then is the same.
        cli_ok(data.path(), &["workspace", "create", "copy"]);
        let other = ["--workspace", "copy"];
        let default = ["--workspace", "default"];
        let copied = piped(data.path(), &["apply", "-f", "-", "--workspace", "copy"], &exported);
        assert!(copied.status.success(), "{}", stderr(&copied));
        let of = |workspace: &[&str]| {
            cli_ok(data.path(), &[["export", "--as-config"].as_slice(), workspace].concat())
        };
        assert_eq!((of(&other), of(&default)), (exported.clone(), exported));
        drop(running);
    }
}

fn piped(data: &Path, arguments: &[&str], text: &str) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).arg("--data-dir").arg(data).stdin(Stdio::piped());
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary is built");
    let mut input = child.stdin.take().expect("stdin is piped");
    // It may have refused by then.
    let _ = input.write_all(text.as_bytes());
    drop(input);
    child.wait_with_output().expect("it ends")
}

#[test]
fn what_is_no_configuration_is_told_in_a_line() {
    let (data, files) = (folder(), folder());
    let _server = Server::start(data.path());
    let wrong = |name: &str, content: &[u8]| {
        let path = files.path().join(name);
        std::fs::write(&path, content).expect("ours");
        let output = cli(data.path(), &["apply", "-f", path.to_str().expect("UTF-8")]);
        assert!(!output.status.success(), "{name}");
        let said = stderr(&output);
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    assert!(wrong("a", b"version: 1\napi: []").contains("unknown field `api`"), "the member is named");
    assert!(wrong("b", b"version: 1\nroles: [{name: a}").contains("line 2"));
    assert!(wrong("c", &[0xff, 0xfe]).contains("no text in UTF-8"));
    assert!(wrong("d", &vec![b'#'; (1 << 20) + 1]).contains("longer than a configuration may be"));
    assert!(wrong("e", b"version: 1\napis: [{name: x, defaultBytes: 8}]").contains("apis[0]: "));
    let missing = cli(data.path(), &["apply", "-f", "/no/such/file"]);
    assert!(!missing.status.success() && stderr(&missing).contains("/no/such/file"), "{}", stderr(&missing));
    assert_eq!(cli(data.path(), &["apply"]).status.code(), Some(2));
    assert_eq!(cli(data.path(), &["export"]).status.code(), Some(2));
    assert_eq!(cli(data.path(), &["export", "--as-config", "roles"]).status.code(), Some(2));
    assert!(cli_ok(data.path(), &["export", "--as-config"]).contains("apis: []"));
}
