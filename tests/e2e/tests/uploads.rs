//! Files that people send: taken when they may be, stored as they come, and never
//! held in memory, whatever is in them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::{Server, folder};

const SETTINGS: [(&str, &str); 2] =
    [("UNKEY_ADMIN_EMAIL", "owner@example.com"), ("UNKEY_ADMIN_PASSWORD", "correct horse battery staple")];

/// Somebody who signed in, with curl for a browser.
struct Browser<'a> {
    server: &'a Server,
    jar: &'a Path,
}

impl<'a> Browser<'a> {
    fn sign_in(server: &'a Server, jar: &'a Path) -> Self {
        let browser = Self { server, jar };
        let token = browser.token("/login");
        let form = [
            format!("csrf={token}"),
            format!("email={}", SETTINGS[0].1),
            format!("password={}", SETTINGS[1].1),
        ];
        let fields = form.iter().flat_map(|field| ["--data-urlencode", field]).collect::<Vec<_>>();
        assert_eq!(browser.curl("/login", &fields, &[]).0, 303);
        browser
    }

    /// Status and page.
    fn curl(&self, path: &str, arguments: &[&str], input: &[u8]) -> (u16, String) {
        let mut curl = Command::new("curl")
            .args(["-sS", "-w", "\n%{http_code}", "-b"])
            .arg(self.jar)
            .arg("-c")
            .arg(self.jar)
            .args(arguments)
            .arg(format!("{}{path}", self.server.base))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl is there");
        let mut stdin = curl.stdin.take().expect("stdin is piped");
        // A server that answers early may not take all of it.
        let _ = stdin.write_all(input);
        drop(stdin);
        let said = curl.wait_with_output().expect("curl ends").stdout;
        let said = String::from_utf8_lossy(&said).into_owned();
        let (page, status) = said.rsplit_once('\n').expect("a status");
        (status.parse().expect("a status"), page.to_owned())
    }

    /// The token of the forms of a page.
    fn token(&self, path: &str) -> String {
        let page = self.curl(path, &[], &[]).1;
        let field = page.split("name=\"csrf\"").nth(1).expect("a form");
        field.split('"').nth(1).expect("a value").to_owned()
    }

    fn import(&self, token: &str, name: &str, content: &[u8]) -> (u16, String) {
        let (token, file) = (format!("csrf={token}"), format!("file=@-;filename={name}"));
        self.curl("/import", &["-F", &token, "-F", "what=roles", "-F", &file], content)
    }

    fn cookies(&self) -> String {
        let jar = std::fs::read_to_string(self.jar).expect("curl wrote it");
        let fields = |line: &str| line.split('\t').skip(5).map(ToOwned::to_owned).collect::<Vec<_>>();
        let pairs = jar.lines().map(fields).filter(|fields| fields.len() == 2);
        pairs.map(|fields| fields.join("=")).collect::<Vec<_>>().join("; ")
    }
}

#[test]
fn no_file_takes_much_memory_whatever_is_in_it() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &SETTINGS);
    let jar = data.path().join("jar");
    let browser = Browser::sign_in(&server, &jar);
    let token = browser.token("/import");
    let most = 39 << 20;
    let of = |piece: &str| piece.repeat(most / piece.len());
    let first = "name\nreader\n".to_owned();
    let before = server.resident_kib();
    let cases = [
        ("a.csv", first.clone() + &of("x"), "at most 2 MiB"),
        ("a.csv", of("a,"), "at most"),
        ("a.csv", first.clone() + &of("\n"), "at most 2 MiB"),
        ("a.csv", first.clone() + "\"" + &of("never closed\n"), "never closed"),
        ("a.csv", first.clone() + &of("a\0\n"), "UTF-8"),
        ("a.jsonl", "{\"name\":".to_owned() + &of("["), "at most 2 MiB"),
        ("a.jsonl", of("{\"name\":\"a\",\"colour\":1}\n"), "unknown field"),
        ("a.jsonl", of("{\"name\":\"reader\"}\n"), "at most 100000 rows"),
        // The last: its job goes on, and what that takes is not what a file takes.
        ("a.csv", first + &"writer\n".repeat(90_000), "Started"),
    ];
    for (name, content, why) in cases {
        let (status, page) = browser.import(&token, name, content.as_bytes());
        let grown = server.resident_kib().saturating_sub(before) >> 10;
        assert!(grown <= 64, "{grown} MiB for {why}");
        match why {
            "Started" => assert_eq!(status, 303),
            _ => assert!(page.contains(why), "{status}: {why}"),
        }
    }
    let large = vec![b'x'; 66 << 20];
    assert!(browser.import(&token, "a.csv", &large).1.contains("its file may have 64 MiB"));
    let left = std::fs::read_dir(data.path()).expect("the data folder").count();
    assert!(left < 16, "{left} entries: nothing of the files is left");
}

#[test]
fn whoever_may_not_import_is_told_before_the_file_is_sent() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &SETTINGS);
    let jar = data.path().join("jar");
    let browser = Browser::sign_in(&server, &jar);
    let token = browser.token("/import");
    for (token, what, cookies, status) in [
        ("forged", "roles", browser.cookies(), 403),
        (token.as_str(), "nothing", browser.cookies(), 422),
        ("forged", "roles", String::new(), 303),
    ] {
        let begun = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n\
             --edge\r\nContent-Disposition: form-data; name=\"what\"\r\n\r\n{what}\r\n\
             --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nname\n"
        );
        let mut connection = server.connect();
        connection.send(format!(
            "POST /import HTTP/1.1\r\nHost: {}\r\nCookie: {cookies}\r\nContent-Length: 30000000\r\n\
             Content-Type: multipart/form-data; boundary=edge\r\n\r\n{begun}",
            server.address()
        ));
        let answer = connection.answer().expect("an answer before the file");
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
}
