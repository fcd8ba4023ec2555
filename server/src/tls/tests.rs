use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::certificate::{Certificate, Fault};
use super::*;

const NOW_MS: i64 = 1_790_000_000_000;

fn signed(year: i32) -> (String, String) {
    let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, 1, 1);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

struct Case {
    folder: tempfile::TempDir,
    source: CertificateSource,
    clock: Clock,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let source = CertificateSource::Files { certificate: path("certificate"), key: path("key") };
        let case = Self { folder, source, clock: Clock::manual(NOW_MS) };
        case.put(signed(2096));
        case
    }

    fn put(&self, (certificate, key): (String, String)) {
        std::fs::write(self.folder.path().join("certificate"), certificate).unwrap();
        std::fs::write(self.folder.path().join("key"), key).unwrap();
    }

    fn open(&self) -> Result<Arc<Tls>> {
        Tls::open(&self.source, self.folder.path(), self.clock.clone())
    }
}

/// Whatever stands behind the certificate, clients read it, too.
#[test]
fn a_chain_is_refused_for_any_of_its_links() {
    let (leaf, key) = signed(2096);
    let (link, _) = signed(2050);
    assert!(Certificate::parse(format!("{leaf}{link}").as_bytes(), key.as_bytes()).is_ok());
    let lines: Vec<&str> = link.lines().collect();
    for left_out in 1..lines.len() - 1 {
        let damaged: String = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        let fault = Certificate::parse(format!("{leaf}{damaged}").as_bytes(), key.as_bytes());
        assert!(matches!(fault, Err(Fault::Chain(_))), "without line {left_out}");
    }
    // The first line alone holds nothing that could be missed.
    for cut in 2..lines.len() {
        let begun: String = lines[..cut].iter().map(|line| format!("{line}\n")).collect();
        let fault = Certificate::parse(format!("{leaf}{begun}{link}").as_bytes(), key.as_bytes());
        assert!(matches!(fault, Err(Fault::Chain(_))), "cut after line {cut}, and another one after it");
    }
}

#[test]
fn what_is_wrong_with_a_pair_is_told_of_the_half_that_is() {
    let (chain, key) = signed(2096);
    let parsed = Certificate::parse(chain.as_bytes(), key.as_bytes()).unwrap();
    assert!(
        parsed.validity.contains(NOW_MS) && parsed.validity.to_string().ends_with("2096-01-01 00:00:00 UTC")
    );
    let fault = |chain: &str, key: &str| Certificate::parse(chain.as_bytes(), key.as_bytes()).unwrap_err();
    for chain in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key] {
        assert!(matches!(fault(chain, &key), Fault::Chain(_)), "{chain}");
    }
    for key in ["", "nonsense", &signed(2096).1, &chain] {
        assert!(matches!(fault(&chain, key), Fault::Key(_)), "{key}");
    }
}

#[tokio::test]
async fn files_are_followed_by_themselves_and_a_broken_pair_is_not() {
    let case = Case::new();
    let tls = case.open().unwrap();
    let end = |tls: &Tls| tls.status().validity.unwrap().to_string();
    tls.look(false).await;
    assert_eq!((tls.status().replaced, tls.status().failures), (0, 0), "nothing changed");
    case.put(signed(2097));
    tls.look(false).await;
    assert!(end(&tls).contains("to 2097") && tls.status().replaced == 1);
    std::fs::write(case.folder.path().join("key"), signed(2098).1).unwrap();
    tls.look(false).await;
    let status = tls.status();
    assert!(end(&tls).contains("to 2097") && status.failure.unwrap().contains("not the key"));
    assert!(status.failures > 0);
    case.put(signed(2099));
    tls.look(false).await;
    assert!(end(&tls).contains("to 2099") && tls.status().failure.is_none());
}

#[test]
fn files_that_cannot_be_used_are_no_start() {
    let case = Case::new();
    std::fs::remove_file(case.folder.path().join("key")).unwrap();
    let refused = case.open().err().unwrap();
    assert!(refused.detail().contains("key: there is no such file"), "{refused}");
}
