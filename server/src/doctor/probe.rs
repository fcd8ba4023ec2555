//! Asking a server by HTTP whether it is there, as a client does: by name, and with its
//! certificate checked against those that the system trusts. One request, no redirections.

use std::time::Duration;

use ureq::Agent;

use crate::tls::client::{self, Trust};

/// For a connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// For all of it.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(8);
const MAX_ANSWER_BYTES: u64 = 64 << 10;

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
    // Without HTTPS nobody has to be trusted.
    let trust = if url.starts_with("https:") { Trust::System { and: None } } else { Trust::Anybody };
    let config = client::config(trust)?
        .max_redirects(0)
        .timeout_connect(Some(PATIENCE))
        .timeout_global(Some(PATIENCE_FOR_ALL));
    let mut answer = Agent::from(config.build()).get(url).call().map_err(|error| error.to_string())?;
    let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
    // What is too long is no answer of ours, whatever it says.
    let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    Ok(Answer { status: answer.status().as_u16(), body })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
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
        assert_eq!(
            ask(&answering("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")).unwrap().status,
            404
        );
        let elsewhere = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(ask(&answering(elsewhere)).unwrap().status, 302, "it is not followed");
        for nonsense in ["", "SSH-2.0-x\r\n\r\n", "220 mail\r\n"] {
            assert!(ask(&answering(nonsense)).is_err(), "{nonsense}");
        }
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(ask(&format!("http://{nobody}/")).unwrap_err().contains("refused"));
        assert!(ask("http://nowhere.invalid/").is_err());
    }

    #[test]
    fn what_does_not_speak_tls_is_not_taken_for_it() {
        let plain = answering("HTTP/1.1 200 OK\r\n\r\nok\n").replace("http:", "https:");
        assert!(ask(&plain).is_err());
    }
}
