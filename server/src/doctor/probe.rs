//! Asking a server by HTTP whether it is there, as a client does: by name, and with its
//! certificate checked against those that the system trusts.
//!
//! One request on a connection of its own, without redirections. Small on purpose: a
//! client library would be another way to trust certificates.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use base::clock::Stopwatch;

/// For a connection, and for each piece of what is sent on it.
const PATIENCE: Duration = Duration::from_secs(3);
/// For the whole answer.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(8);
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// Addresses of a name that are tried.
const ADDRESSES: usize = 3;

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    pub body: String,
}

/// The answer at an address, or why there is none.
pub(super) async fn get(url: &str) -> Result<Answer, String> {
    let url = url.to_owned();
    let asked = tokio::task::spawn_blocking(move || ask(&url)).await;
    asked.unwrap_or_else(|error| Err(error.to_string()))
}

fn ask(url: &str) -> Result<Answer, String> {
    let url = url::Url::parse(url).map_err(|error| error.to_string())?;
    let host = url.host_str().ok_or("it names no host")?.to_owned();
    let port = url.port_or_known_default().ok_or("it names no port")?;
    let stream = connect(host.trim_matches(['[', ']']), port)?;
    let authority = url.port().map_or(host.clone(), |port| format!("{host}:{port}"));
    let request = format!("GET {} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n", url.path());
    match url.scheme() {
        "https" => exchange(secured(stream, &host)?, &request),
        _ => exchange(stream, &request),
    }
}

fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses = (host, port).to_socket_addrs().map_err(|_| format!("the name {host} is not known"))?;
    let mut why = format!("the name {host} has no address");
    for address in addresses.take(ADDRESSES) {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                let set = stream
                    .set_read_timeout(Some(PATIENCE))
                    .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
                return set.map(|()| stream).map_err(|error| error.to_string());
            }
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    Err(why)
}

fn secured(stream: TcpStream, host: &str) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|error| error.to_string())?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    Ok(StreamOwned::new(connection, stream))
}

fn exchange(mut stream: impl Read + Write, request: &str) -> Result<Answer, String> {
    let began = Stopwatch::start();
    stream.write_all(request.as_bytes()).map_err(told)?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            // Many end a connection without saying so.
            Err(_) if !answer.is_empty() => break,
            Err(error) => return Err(told(error)),
        }
        if answer.len() > MAX_ANSWER_BYTES || began.elapsed() > PATIENCE_FOR_ALL {
            break;
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or("what answers does not speak HTTP")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or("what answers does not speak HTTP")?;
    Ok(Answer { status, body: body.to_owned() })
}

fn told(error: std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            "it does not answer in time".to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// The address of somebody who answers this to one request.
    fn answering(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/livez", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
        });
        url
    }

    #[test]
    fn an_answer_is_read_and_nonsense_is_named() {
        let answer = ask(&answering("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n")).unwrap();
        assert_eq!(answer, Answer { status: 200, body: "ok\n".to_owned() });
        assert_eq!(ask(&answering("HTTP/1.1 404 Not Found\r\n\r\n")).unwrap().status, 404);
        for nonsense in ["", "SSH-2.0-x\r\n\r\n", "220 mail\r\n"] {
            assert!(ask(&answering(nonsense)).is_err(), "{nonsense}");
        }
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(ask(&format!("http://{nobody}/")).unwrap_err().contains("refused"));
        assert!(ask("https://nowhere.invalid/").unwrap_err().contains("nowhere.invalid"));
    }

    #[test]
    fn what_does_not_speak_tls_is_not_taken_for_it() {
        let plain = answering("HTTP/1.1 200 OK\r\n\r\nok\n").replace("http:", "https:");
        assert!(ask(&plain).is_err());
    }
}
