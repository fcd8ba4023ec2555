//! Mistakes of operators: each is told in a line that says what is wrong and what helps.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use e2e::{Launch, Server, binary, cli, cli_ok, eventually, folder, used_folder};

fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    Command::new(binary())
        .args(arguments)
        .envs(settings.iter().copied())
        .env("UNKEY_LOG_LEVEL", "error")
        .output()
        .expect("the binary is built: run `cargo build` first")
}

/// What a failed run says, in one line.
#[track_caller]
fn line(output: &Output) -> String {
    assert!(!output.status.success(), "it went well");
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[track_caller]
fn refused(data: &Path, listen: &str, settings: &[(&str, &str)]) -> String {
    let data = data.to_str().expect("text");
    line(&run(&["serve", "--listen", listen, "--data-dir", data], settings))
}

#[test]
fn addresses_that_cannot_be_listened_on() {
    let data = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let told = refused(data.path(), &address, &[]);
    assert!(told.contains(&address) && told.contains("another program listens there"), "{told}");
    let new = data.path().join("new");
    refused(&new, &address, &[]);
    assert!(!new.exists(), "a folder was made for nothing");
    let told = refused(data.path(), "192.0.2.1:3000", &[]);
    assert!(told.contains("no such address"), "{told}");
    let told = refused(data.path(), "localhost:3000", &[]);
    assert!(told.contains("write 127.0.0.1:3000"), "{told}");
}

#[test]
fn variables_that_are_mistyped() {
    let data = folder();
    let told = refused(data.path(), "127.0.0.1:0", &[("UNKEY_PUBLIC_ULR", "https://keys.example.com")]);
    assert!(told.contains("UNKEY_PUBLIC_ULR") && told.contains("UNKEY_PUBLIC_URL is meant"), "{told}");
    let told = line(&run(&["config", "check"], &[("UNKEY_LISTNE", "x")]));
    assert!(told.contains("UNKEY_LISTEN is meant"), "{told}");
    assert!(run(&["config", "check"], &[("UNKEY_IMAGE", "x"), ("UNKEY_SERVICE_PORT", "1")]).status.success());
}

#[test]
fn a_workspace_where_none_is_meant() {
    let data = folder();
    let place = data.path().to_str().expect("text");
    let lines: [&[&str]; 4] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["backup", place],
        &["restore", place],
        &["config", "check"],
    ];
    for line in lines {
        let told = self::line(&run(&[line, &["--workspace", "default", "--data-dir", place]].concat(), &[]));
        assert!(told.contains("is not about one workspace"), "{line:?}: {told}");
    }
    assert_eq!(std::fs::read_dir(data.path()).expect("a folder").count(), 0, "nothing was done");
}

#[test]
fn a_public_url_under_which_no_form_would_work() {
    let told =
        refused(folder().path(), "127.0.0.1:0", &[("UNKEY_PUBLIC_URL", "https://Keys.example.com:443")]);
    assert!(told.contains("public_url") && told.contains("https://keys.example.com"), "{told}");
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n"
}

/// Runs it as somebody who owns nothing, which root has to become first.
fn as_nobody(arguments: &[&str]) -> Output {
    let program = binary().display().to_string();
    // A server that starts after all would stay.
    let mut words = vec!["timeout", "20"];
    if is_root() {
        words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    words.push(&program);
    words.extend(arguments);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("UNKEY_LOG_LEVEL", "error").output().expect("it runs")
}

#[test]
fn folders_and_files_of_somebody_else() {
    let outer = folder();
    let data = outer.path().join("data");
    assert_eq!(Server::start(&data).stop(), Some(0));
    let mode = |path: &Path, mode: &str| {
        assert!(
            Command::new("chmod")
                .args([mode, path.to_str().expect("text")])
                .status()
                .expect("chmod")
                .success()
        );
    };
    mode(outer.path(), "0755");
    mode(&data, "0000");
    let told =
        line(&as_nobody(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().expect("text")]));
    mode(&data, "0700");
    assert!(told.contains(data.to_str().expect("text")) && told.contains("permission denied"), "{told}");
    assert!(told.contains("belongs to user") && told.contains("chown"), "{told}");

    let locked = outer.path().join("locked");
    std::fs::create_dir(&locked).expect("a folder");
    mode(&locked, "0000");
    let below = locked.join("data");
    let told =
        line(&as_nobody(&["serve", "--listen", "127.0.0.1:0", "--data-dir", below.to_str().expect("text")]));
    assert!(told.contains(below.to_str().expect("text")) && told.contains("its folder belongs to"), "{told}");
    mode(&locked, "0700");
}

/// Wrong modes of one's own files are mended by the start; whose they are is not.
#[test]
fn single_files_of_somebody_else() {
    if !is_root() {
        eprintln!("only root can give files away: nothing to try");
        return;
    }
    let outer = folder();
    let data = outer.path().join("data");
    assert_eq!(Server::start(&data).stop(), Some(0));
    let text = data.to_str().expect("text");
    let sh = |script: &str| {
        assert!(Command::new("sh").args(["-c", script]).status().expect("sh runs").success(), "{script}");
    };
    sh(&format!("chmod 0755 {} && chown -R 65534:65534 {text}", outer.path().display()));
    let index = std::fs::read_dir(data.join("index")).expect("a folder").flatten().next().expect("an index");
    let index = format!("index/{}", index.file_name().display());
    for file in ["app.db", "events.db", "master.key", "lock", "index", &index] {
        sh(&format!("chown 0:0 {text}/{file}"));
        let told = line(&as_nobody(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text]));
        sh(&format!("chown 65534:65534 {text}/{file}"));
        assert!(
            told.contains(&format!("{text}/{file}: permission denied: it belongs to user root")),
            "{told}"
        );
        assert!(told.contains("chown 65534"), "{told}");
    }
}

#[test]
fn databases_that_are_damaged() {
    let data = used_folder();
    std::fs::write(data.path().join("app.db"), vec![0x55; 8192]).expect("a file");
    let told = refused(data.path(), "127.0.0.1:0", &[]);
    assert!(told.contains("app.db") && told.contains("damaged"), "{told}");
}

#[test]
fn a_folder_whose_path_is_too_long_for_a_socket_works() {
    let outer = folder();
    let data = outer.path().join("a-long-name-of-a-folder/".repeat(6)).join("data");
    assert!(data.as_os_str().len() > 120);
    let server = Server::start(&data);
    assert!(cli_ok(&data, &["workspace", "list"]).contains("default"), "over the control socket");
    cli_ok(&data, &["healthcheck"]);
    assert_eq!(server.stop(), Some(0));
    assert!(cli_ok(&data, &["workspace", "list"]).contains("default"));
}

/// Every command there is, as the help lists them, with arguments that are right.
const COMMANDS: &[&[&str]] = &[
    &["setup", "link"],
    &["root-key", "create", "--name", "a"],
    &["root-key", "list"],
    &["root-key", "revoke", "key_a"],
    &["user", "create", "--email", "a@example.com", "--name", "a"],
    &["user", "invite"],
    &["user", "reset-password", "--email", "a@example.com"],
    &["user", "totp-reset", "--email", "a@example.com"],
    &["user", "sessions", "--email", "a@example.com"],
    &["user", "list"],
    &["workspace", "create", "a"],
    &["workspace", "list"],
    &["workspace", "rename", "a", "--name", "b"],
    &["workspace", "delete", "a", "--confirm", "a"],
    &["workspace", "enable", "a"],
    &["workspace", "disable", "a"],
    &["workspace", "set", "a", "--api-limit", "1"],
    &["api", "list"],
    &["api", "set", "api_a", "--name", "a"],
    &["migration", "create", "--algorithm", "sha256"],
    &["audit", "list"],
    &["audit", "export"],
    &["events", "list"],
    &["events", "top", "--by", "key"],
    &["events", "latency"],
    &["explain", "key", "--key", "key_a"],
    &["export", "keys"],
    &["export", "--as-config"],
    &["apply", "--file", "/dev/null"],
    &["analytics", "query", "SELECT 1"],
    &["index", "status"],
    &["index", "rebuild"],
    &["requests", "list"],
    &["search", "a"],
    &["namespace", "list"],
    &["namespace", "rename", "a", "b"],
    &["namespace", "delete", "a"],
    &["override", "list", "a"],
    &["override", "set", "a", "b", "--limit", "1", "--every", "1m"],
    &["override", "delete", "a", "b"],
    &["webhook", "create", "https://example.com/", "--event", "*"],
    &["webhook", "list"],
    &["webhook", "delete", "a"],
    &["webhook", "deliveries", "a"],
    &["webhook", "replay", "a", "b"],
    &["master-key", "rotate"],
    &["backup", "-"],
    &["healthcheck", "--listen", "127.0.0.1:1"],
];

#[test]
fn only_serve_makes_a_data_folder() {
    let outer = folder();
    let (none, empty) = (outer.path().join("none"), outer.path().join("empty"));
    std::fs::create_dir(&empty).expect("a folder");
    for command in COMMANDS.iter().filter(|command| command[0] != "healthcheck") {
        for (folder, what) in [(&none, "there is no data folder"), (&empty, "is no data folder")] {
            let output = cli(folder, command);
            let told = line(&output);
            assert!(told.contains(what) && told.contains("--data-dir"), "{command:?}: {told}");
        }
        assert!(!none.exists(), "{command:?} made a folder");
        assert_eq!(std::fs::read_dir(&empty).expect("a folder").count(), 0, "{command:?} left something");
    }
}

#[test]
fn no_command_is_left_out_of_the_list() {
    let help = |words: &[&str]| {
        let output = run(&[words, &["--help"]].concat(), &[]);
        let text = String::from_utf8(output.stdout).expect("text");
        let below = text.split("Commands:\n").nth(1).unwrap_or_default().to_owned();
        let lines = below.lines().map_while(|line| line.strip_prefix("  ").filter(|line| !line.is_empty()));
        lines
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split(' ').next().expect("a word").to_owned())
            .collect::<Vec<_>>()
    };
    // What needs no data folder, makes one, or tells in its own words that there is none.
    let others = [
        "serve",
        "restore",
        "openapi",
        "config",
        "completions",
        "man",
        "migrate-to",
        "healthcheck",
        "doctor",
        "help",
    ];
    for first in help(&[]).iter().filter(|first| !others.contains(&first.as_str())) {
        let second = help(&[first]);
        let known = |words: &[&str]| COMMANDS.iter().any(|command| command.starts_with(words));
        assert!(known(&[first]), "{first}");
        // Below are lists and what takes a backup, not a folder.
        let lists = ["export", "backup"];
        for second in second.iter().filter(|second| *second != "help" && !lists.contains(&first.as_str())) {
            assert!(known(&[first, second]), "{first} {second}");
        }
    }
}

#[test]
fn a_health_check_finds_the_server_however_it_was_started() {
    let (outer, elsewhere) = (folder(), folder());
    // Below the folder it was started in, by a file of settings, on a port that nobody knows.
    let data = outer.path().join("there");
    std::fs::write(outer.path().join("settings.toml"), "data_dir = \"there\"\n").expect("a file");
    let launch = Launch::new(&data).prelude(&format!("cd '{}'", outer.path().display()));
    let server = launch.start();
    let check = |program: &Path| {
        Command::new(program).arg("healthcheck").current_dir(elsewhere.path()).output().expect("it runs")
    };
    // A copy of the program, which no other test runs at the same time.
    drop(server);
    let copy = outer.path().join("unkey");
    std::fs::copy(binary(), &copy).expect("a copy");
    let none = line(&check(&copy));
    assert!(none.contains("127.0.0.1:3000"), "where the settings say: {none}");
    let mut child = Command::new(&copy)
        .args(["serve", "--listen", "127.0.0.1:0", "--config", "settings.toml"])
        .current_dir(outer.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    eventually("the server to be found", || check(&copy).status.success().then_some(()));
    assert!(data.join("app.db").exists());
    let _ = child.kill();
    let _ = child.wait();
    assert!(!check(&copy).status.success(), "it is gone");
}

#[test]
fn a_server_that_listens_everywhere_prints_a_link_that_works() {
    let data = folder();
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "0.0.0.0:0", "--data-dir"])
        .arg(data.path())
        .env("UNKEY_LOG_LEVEL", "error")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("stdout is piped")));
    let link = lines
        .find_map(|line| line.ok()?.split("within an hour: ").nth(1).map(str::to_owned))
        .expect("a link");
    let (host, path) = link.strip_prefix("http://").expect("a link").split_once('/').expect("a path");
    assert!(host.starts_with("localhost:"), "{link}");
    let mut client = e2e::Raw::connect(host);
    assert_eq!(client.get(&format!("/{path}")).expect("an answer").status, 200);
    let _ = child.kill();
    let _ = child.wait();
}
