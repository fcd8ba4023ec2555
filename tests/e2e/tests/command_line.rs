//! Lists for people and for programs, completions and the manual: what a shell and its
//! user get.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use e2e::{Server, binary, cli, cli_ok, folder};
use serde_json::{Value, json};

/// Every list, and whether a folder that was used for a moment has something to list.
const LISTS: &[(&[&str], bool)] = &[
    (&["root-key", "list"], true),
    (&["user", "list"], true),
    (&["user", "sessions", "--email", "ada@example.com"], false),
    (&["workspace", "list"], true),
    (&["workspace", "list", "--deleted"], false),
    (&["api", "list"], true),
    (&["namespace", "list"], true),
    (&["audit", "list"], true),
    (&["events", "list"], true),
    (&["events", "list", "--kind", "ratelimits"], true),
    (&["events", "top", "--by", "key"], true),
    (&["events", "latency"], true),
    (&["requests", "list"], true),
    (&["search", "first"], true),
    (&["index", "status"], true),
    (
        &["analytics", "query", "SELECT outcome, count() AS n FROM key_verifications_v1 GROUP BY outcome"],
        true,
    ),
    (&["config", "print"], true),
    (&["override", "list", "n"], true),
    (&["webhook", "list"], true),
];

fn in_format(data: &Path, list: &[&str], format: &str) -> String {
    let output = cli(data, &[list, &["--format", format]].concat());
    assert!(output.status.success(), "{list:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The cells of a line of CSV without quoted commas.
fn cells(line: &str) -> Vec<&str> {
    line.trim_end().split(',').collect()
}

#[test]
fn every_list_says_the_same_in_each_format() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_REQUEST_LOG_SAMPLE_PERCENT", "100")]);
    let api = server.api();
    let (_, key) = server.key(&api, json!({ "name": "first, \"quoted\"" }));
    server.verify(&key);
    server.call(
        "ratelimit.limit",
        &json!({ "namespace": "n", "identifier": "i", "limit": 9, "duration": 60000 }),
    );
    cli_ok(data.path(), &["override", "set", "n", "i", "--limit", "9", "--every", "1m", "--for", "1d"]);
    cli_ok(data.path(), &["webhook", "create", "https://hooks.invalid/", "--event", "user.*"]);
    cli_ok(data.path(), &["user", "create", "--email", "ada@example.com", "--name", "Ada"]);
    e2e::eventually("events to be indexed", || {
        let lists: [&[&str]; 3] = [LISTS[8].0, LISTS[9].0, LISTS[12].0];
        lists.iter().all(|list| in_format(data.path(), list, "json").len() > 10).then_some(())
    });
    for (list, has_rows) in LISTS {
        let rows: Value = serde_json::from_str(&in_format(data.path(), list, "json")).expect("JSON");
        let rows = rows.as_array().unwrap_or_else(|| panic!("{list:?} is no array"));
        assert_eq!(!rows.is_empty(), *has_rows, "{list:?}");
        let csv = in_format(data.path(), list, "csv");
        let header: BTreeSet<&str> = cells(csv.lines().next().expect("a header")).into_iter().collect();
        for row in rows {
            let names: BTreeSet<&str> =
                row.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(names, header, "{list:?}");
            for (name, value) in row.as_object().expect("an object") {
                if name.ends_with("_at") || name == "time" || name == "from" {
                    let time = value.as_str().unwrap_or("null");
                    assert!(
                        time == "null" || time.ends_with('Z') && time.len() == 24,
                        "{list:?}: {name} is {time}"
                    );
                }
            }
        }
        let table = in_format(data.path(), list, "table");
        if list[0] == "config" {
            continue;
        }
        match has_rows {
            true => assert_eq!(table.lines().count(), rows.len() + 1, "{list:?}: {table}"),
            false => assert_eq!(table, "", "{list:?}"),
        }
    }
    let listed = in_format(data.path(), &["workspace", "list"], "table");
    let heading = listed.lines().next().expect("a heading");
    assert_eq!(heading.split_whitespace().collect::<Vec<_>>(), ["ID", "SLUG", "NAME", "STATE", "CREATED"]);
    assert!(listed.trim_end().ends_with('Z'), "times have their zone: {listed}");
    assert_eq!(cli(data.path(), &["api", "list", "--format", "xml"]).status.code(), Some(2));
    assert_eq!(server.stop(), Some(0));
}

/// Of a terminal's control characters only programs get any.
#[test]
fn a_name_cannot_give_commands_to_a_terminal() {
    let data = folder();
    let server = Server::start(data.path());
    server.call("apis.createApi", &json!({ "name": "abc\u{1b}[2Jdef" }));
    let table = in_format(data.path(), &["api", "list"], "table");
    assert!(table.contains("def") && !table.contains('\u{1b}'), "{table}");
    assert_eq!(server.stop(), Some(0));
}

/// What a terminal shows of a command that has to wait, and what a pipe gets of it.
#[test]
fn what_takes_long_says_so_on_a_terminal_alone() {
    let data = folder();
    let server = Server::start(data.path());
    server.signal("STOP");
    let command = format!("timeout 3 {} api list --data-dir {}", binary().display(), data.path().display());
    let shown = run("script", &["-qfec", &command, "/dev/null"]);
    let piped = run("sh", &["-c", &command]);
    server.signal("CONT");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("unkey api list: "), "{shown}");
    assert!(piped.stderr.is_empty() && piped.stdout.is_empty(), "{}", String::from_utf8_lossy(&piped.stderr));
    assert_eq!(server.stop(), Some(0));
}

/// Runs a program, which tests/run.sh installs.
fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn completions(shell: &str) -> String {
    let output = run(&binary().display().to_string(), &["completions", shell]);
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("a script")
}

/// What bash offers after these words.
fn offered(script: &Path, words: &[&str]) -> BTreeSet<String> {
    let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let ask = format!(
        "source {}; COMP_WORDS=({line}); COMP_CWORD={}; _unkey unkey '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let output = run("bash", &["--norc", "-c", &ask]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_commands_options_and_values() {
    let place = folder();
    let script = place.path().join("unkey.bash");
    std::fs::write(&script, completions("bash")).expect("it is ours");
    let holds = |words: &[&str], wanted: &[&str]| {
        let found = offered(&script, words);
        for word in wanted {
            assert!(found.contains(*word), "{words:?}: {found:?}");
        }
    };
    holds(&["unkey", "do"], &["doctor"]);
    holds(&["unkey", "root-key", ""], &["create", "list", "revoke"]);
    holds(&["unkey", "audit", "list", "--fo"], &["--format"]);
    holds(&["unkey", "audit", "list", "--format", ""], &["table", "json", "csv"]);
    holds(&["unkey", "serve", "--lis"], &["--listen"]);
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute")] {
        let script = place.path().join(shell);
        let text = completions(shell);
        assert!(text.contains("root-key") && text.contains("doctor"), "{shell}");
        std::fs::write(&script, text).expect("it is ours");
        let read = run(shell, &[check, &script.display().to_string()]);
        assert!(read.status.success(), "{shell}: {}", String::from_utf8_lossy(&read.stderr));
    }
    assert_eq!(cli(place.path(), &["completions", "powershell"]).status.code(), Some(2));
}

#[test]
fn the_manual_has_a_page_of_each_command_that_formats_without_a_warning() {
    let place = folder();
    let pages = place.path().join("man1");
    cli_ok(place.path(), &["man", &pages.display().to_string()]);
    let names: BTreeSet<String> = std::fs::read_dir(&pages)
        .expect("it was made")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    for name in
        ["unkey.1", "unkey-serve.1", "unkey-root-key-create.1", "unkey-export-keys.1", "unkey-doctor.1"]
    {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(names.len() > 60, "{}", names.len());
    let text = std::fs::read_to_string(pages.join("unkey-root-key-create.1")).expect("a page");
    assert!(text.contains("Example:") && text.contains("gateway"), "{text}");
    let serve = std::fs::read_to_string(pages.join("unkey-serve.1")).expect("a page");
    assert!(serve.contains("UNKEY_MASTER_KEY") && serve.contains("UNKEY_LISTEN"), "{serve}");
    for name in names {
        let page = pages.join(&name).display().to_string();
        let formatted = run("groff", &["-man", "-Tutf8", "-ww", "-z", &page]);
        let told = String::from_utf8_lossy(&formatted.stderr);
        assert!(formatted.status.success() && told.is_empty(), "{name}: {told}");
    }
    assert_eq!(cli(place.path(), &["man", "/proc/nowhere"]).status.code(), Some(1));
}
