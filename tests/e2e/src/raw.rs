//! A connection that says what a test wants it to say, well-behaved or not.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Longer than any deadline that a test sets or a server has by default, so that a wait without end fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to the server.
pub struct Raw(TcpStream);

/// An answer as it came over the wire.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Said {
    /// The value of a header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Raw {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        Self(stream)
    }

    /// Sends bytes; fine when the server has gone.
    pub fn send(&mut self, text: impl AsRef<[u8]>) -> bool {
        self.0.write_all(text.as_ref()).is_ok()
    }

    /// Sends nothing more.
    pub fn finish(&self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// Asks for a page on this connection.
    pub fn get(&mut self, path: &str) -> Option<Said> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        self.answer()
    }

    /// The next answer, its body by its length; `None` when the connection ended before.
    pub fn answer(&mut self) -> Option<Said> {
        self.answer_to("GET")
    }

    /// As [`Raw::answer`]; one to a HEAD has no body.
    pub fn answer_to(&mut self, method: &str) -> Option<Said> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend_from_slice(&self.some(1)?);
        }
        let head = String::from_utf8(head).expect("heads are text");
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        };
        let mut said = Said { status, headers: lines.filter_map(header).collect(), body: String::new() };
        let length = said.header("content-length").parse().unwrap_or(0);
        if method != "HEAD" {
            said.body = String::from_utf8(self.some(length)?).expect("bodies are text");
        }
        Some(said)
    }

    /// Whether the server ends the connection; panics when it leaves it open.
    #[track_caller]
    pub fn is_ended(&mut self) -> bool {
        let mut rest = [0; 4096];
        loop {
            match self.0.read(&mut rest) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                    assert!(!waits, "the connection was left open");
                    return true;
                }
            }
        }
    }

    /// So many bytes, or `None` at the end.
    pub fn some(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) => {
                let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(!waits, "no answer came");
                None
            }
        }
    }
}
