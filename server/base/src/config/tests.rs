use super::*;

fn raw(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Raw {
    let map =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Raw { flags: map(flags), variables: map(variables), credentials: None }
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
    let given = [
        ("UNKEY_LISTNE", "x"),
        ("UNKEY_ROOT_KEY_FILE", "x"),
        ("UNKEY_LISTEN_FILE", "x"),
        ("UNKEY_IMAGE", "x"),
    ];
    let raw = raw(&[], &given);
    assert_eq!(raw.unknown_variables(), ["UNKEY_IMAGE", "UNKEY_LISTEN_FILE", "UNKEY_LISTNE"]);
    let refused = Config::resolve(&raw).err().expect("a problem");
    assert!(
        refused.detail().contains("UNKEY_LISTNE: there is no such setting; UNKEY_LISTEN is meant"),
        "{refused}"
    );
    assert!(!refused.detail().contains("UNKEY_IMAGE"), "{refused}");
}

#[test]
fn secrets_come_from_credentials_and_a_variable_beats_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("root_key"), "unkey_0123456789abcdef0123\n").unwrap();
    std::fs::write(dir.path().join("listen"), "127.0.0.1:1").unwrap();
    let mut given = raw(&[], &[]);
    given.credentials = Some(dir.path().to_owned());
    let config = Config::resolve(&given).unwrap();
    assert_eq!(config.root_key.as_ref().unwrap().reveal(), "unkey_0123456789abcdef0123");
    assert_eq!(config.listen.port(), 3000, "what is no secret is not looked for");
    assert!(config.print().contains("credential"));
    given.variables.insert("UNKEY_ROOT_KEY".to_owned(), "unkey_of_the_variable_012345".to_owned());
    assert_eq!(Config::resolve(&given).unwrap().root_key.unwrap().reveal(), "unkey_of_the_variable_012345");
}

#[test]
fn addresses_that_are_none_are_told_how_to_write_them() {
    for (text, cure) in [
        ("localhost:3000", "write 127.0.0.1:3000"),
        (":8080", "write 0.0.0.0:8080"),
        ("8080", "write 127.0.0.1:8080"),
        ("::1:3000", "write [::1]:3000"),
        ("keys.example.com:443", "names a host"),
        ("127.0.0.1", "an address and a port"),
        ("off", "an address and a port"),
    ] {
        let refused = Config::resolve(&raw(&[("listen", text)], &[])).err().expect(text);
        assert!(refused.detail().contains(cure) && !refused.detail().contains('\n'), "{text}: {refused}");
    }
}

#[test]
fn a_public_url_is_written_as_browsers_do() {
    for (url, right) in [
        ("https://keys.example.com", None),
        ("https://keys.example.com/", None),
        ("http://127.0.0.1:3000", None),
        ("https://[::1]:3000", None),
        ("https://Keys.example.com", Some("https://keys.example.com")),
        ("https://keys.example.com:443", Some("https://keys.example.com")),
        ("http://keys.example.com:80", Some("http://keys.example.com")),
        ("https://bücher.example", Some("https://xn--bcher-kva.example")),
        ("https://keys.example.com/unkey", Some("without a path")),
        ("https://u@keys.example.com", Some("without a path")),
        ("https://keys.example.com?x", Some("without a path")),
        ("keys.example.com", Some("http:// or https://")),
        ("https://*", Some("must name a host")),
        ("https://*.example.com", Some("must name a host")),
    ] {
        let told = Config::resolve(&raw(&[("public_url", url)], &[]))
            .err()
            .map(|refused| refused.detail().to_owned());
        match right {
            None => assert_eq!(told, None, "{url}"),
            Some(right) => assert!(told.as_ref().is_some_and(|told| told.contains(right)), "{url}: {told:?}"),
        }
    }
}

#[test]
fn a_domain_says_the_rest_unless_it_was_said() {
    let config = Config::resolve(&raw(&[("domain", "keys.example.com")], &[])).unwrap();
    assert_eq!(config.listen.to_string(), "[::]:443");
    assert_eq!(config.http_listen.unwrap().to_string(), "[::]:80");
    assert_eq!(config.public_url.as_deref(), Some("https://keys.example.com"));
    assert!(config.is_https() && config.scheme() == "https");
    assert!(config.print().contains("https://keys.example.com     domain"), "{}", config.print());
    let given = [("listen", "127.0.0.1:1"), ("http_listen", "off"), ("public_url", "https://other.example")];
    let config =
        Config::resolve(&raw(&[&given[..], &[("domain", "keys.example.com")]].concat(), &[])).unwrap();
    assert_eq!((config.listen.port(), config.http_listen), (1, None));
    assert_eq!(config.public_url.as_deref(), Some("https://other.example"));
    for wrong in
        ["Keys.example.com", "127.0.0.1", "*.example.com", "https://a.example", "a.example:443", "a.example."]
    {
        let refused = Config::resolve(&raw(&[("domain", wrong)], &[])).err().expect(wrong);
        assert!(refused.detail().contains("domain (from flag)"), "{wrong}: {refused}");
    }
    for (name, value) in [("acme_contact", "ops"), ("acme_directory", "http://ca.example")] {
        let given = [("domain", "keys.example.com"), (name, value)];
        assert!(Config::resolve(&raw(&given, &[])).err().expect(name).detail().contains(name));
    }
    assert!(Config::resolve(&raw(&[("acme_contact", "a@b.example")], &[])).is_err(), "without a domain");
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
