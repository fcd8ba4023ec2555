use super::*;

fn raw(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Raw {
    let map =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Raw { flags: map(flags), variables: map(variables) }
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("unkey.toml");
    std::fs::write(&file, "log_level = \"warn\"\nlisten = \"127.0.0.1:1\"\nkey_cache_mib = 5\n").unwrap();
    let config = Config::resolve(&raw(
        &[("config", file.to_str().unwrap()), ("listen", "127.0.0.1:3")],
        &[("UNKEY_LISTEN", "127.0.0.1:2"), ("UNKEY_LOG_LEVEL", "error")],
    ))
    .unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.log_level, "error");
    assert_eq!(config.key_cache_bytes, 5 << 20);
    assert_eq!(config.max_body_bytes, 10_485_760);
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems = Config::resolve(&raw(
        &[("listen", "nowhere"), ("trusted_proxies", "10.0.0.0/8,x"), ("client_address_header", "x-real-ip")],
        &[
            ("UNKEY_ROOT_KEY", "short"),
            ("UNKEY_MASTER_KEY", "short"),
            ("UNKEY_PUBLIC_URL", "ftp://x"),
            ("UNKEY_ADMIN_EMAIL", "a@b"),
        ],
    ))
    .err()
    .expect("problems");
    let text = problems.detail();
    for name in [
        "listen (from flag)",
        "trusted_proxies",
        "client_address_header",
        "root_key",
        "master_key",
        "public_url",
        "admin_password",
    ] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
}

#[test]
fn secrets_come_from_files_and_are_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("root.key");
    std::fs::write(&file, "unkey_0123456789abcdef0123\n").unwrap();
    let config = Config::resolve(&raw(&[], &[("UNKEY_ROOT_KEY_FILE", file.to_str().unwrap())])).unwrap();
    assert_eq!(config.root_key.as_ref().unwrap().reveal(), "unkey_0123456789abcdef0123");
    let printed = config.print();
    assert!(printed.contains("(hidden)") && !printed.contains("0123456789"), "{printed}");
}

#[test]
fn a_nul_is_refused_in_every_setting() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("nul");
    for setting in SETTINGS.iter().filter(|setting| setting.name != "config") {
        std::fs::write(&file, format!("{} = \"unkey_0123456789abcdef\\u0000123\"\n", setting.name)).unwrap();
        let named = [("config", file.to_str().unwrap())];
        let refused = Config::resolve(&raw(&named, &[])).err().expect(setting.name);
        let told = format!("{} (from file): it has the character U+0000", setting.name);
        assert!(refused.detail().contains(&told), "{}", refused.detail());
    }
    std::fs::write(&file, "unkey_0123456789abcdef\0xyz").unwrap();
    let from_file = raw(&[], &[("UNKEY_ROOT_KEY_FILE", file.to_str().unwrap())]);
    assert!(Config::resolve(&from_file).err().unwrap().detail().contains("root_key (from secret file)"));
}

#[test]
fn variables_that_are_no_settings_are_named() {
    let raw = raw(&[], &[("UNKEY_LISTNE", "x"), ("UNKEY_ROOT_KEY_FILE", "x"), ("UNKEY_LISTEN_FILE", "x")]);
    assert_eq!(raw.unknown_variables(), ["UNKEY_LISTEN_FILE", "UNKEY_LISTNE"]);
}

#[test]
fn lists_of_the_file_hold_texts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("unkey.toml");
    std::fs::write(&file, "trusted_proxies = [\"10.0.0.1\", 7]\nconfig = \"x\"\n").unwrap();
    let problems =
        Config::resolve(&raw(&[("config", file.to_str().unwrap())], &[])).err().expect("a problem");
    let text = problems.detail();
    assert!(text.contains("list of texts") && text.contains("no setting 'config'"), "{text}");
}

#[test]
fn unknown_keys_of_the_file_are_problems() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("unkey.toml");
    std::fs::write(&file, "listne = \"x\"\n").unwrap();
    let problems =
        Config::resolve(&raw(&[("config", file.to_str().unwrap())], &[])).err().expect("a problem");
    assert!(problems.detail().contains("listne"));
}
