//! HTTP as clients speak it: politely, or with connections that are reset in the
//! middle of a request or before its answer.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use socket2::SockRef;
use ureq::http;

use crate::model::Outcome;

/// What a client waits for an answer; longer than the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(25);

/// A request to the server, wherever it listens.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    /// With its query.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: String,
}

/// Where a connection is reset.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// After so many bytes of the request, fewer than it has.
    Within(usize),
    /// After all of the request, with so long a pause.
    BeforeAnswer(Duration),
}

/// A client with connections that it uses again.
pub struct Wire {
    agent: ureq::Agent,
    rng: StdRng,
}

impl Wire {
    pub fn new(rng: StdRng) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE));
        Self { agent: config.build().into(), rng }
    }

    /// Sends a request to `base`. Of a thousand that change something,
    /// `cuts_per_mille` end in a reset.
    pub fn send(&mut self, base: &str, request: &Request, cuts_per_mille: u32) -> Outcome<Reply> {
        if request.method != "GET" && self.rng.random_range(0..1000) < cuts_per_mille {
            let cut = Cut::draw(&mut self.rng, base, request);
            return reset(base, request, cut);
        }
        match self.answer(base, request) {
            Ok(reply) if reply.status >= 500 => Outcome::Unsure {
                in_flight: false,
                why: format!("{}: {}", reply.status, excerpt(&reply.body)),
            },
            Ok(reply) if reply.status >= 400 => {
                Outcome::Refused(format!("{}: {}", reply.status, excerpt(&reply.body)))
            }
            Ok(reply) => Outcome::Done(reply),
            Err(ureq::Error::ConnectionFailed) => Outcome::Refused("no connection".to_owned()),
            Err(ureq::Error::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                Outcome::Refused("no connection".to_owned())
            }
            Err(error) => Outcome::Unsure { in_flight: true, why: error.to_string() },
        }
    }

    /// Whatever is answered, whatever its status.
    pub fn answer(&mut self, base: &str, request: &Request) -> Result<Reply, ureq::Error> {
        let mut builder =
            http::Request::builder().method(request.method).uri(format!("{base}{}", request.path));
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let mut response = match request.body.is_empty() {
            true => self.agent.run(builder.body(())?)?,
            false => self.agent.run(builder.body(request.body.clone())?)?,
        };
        let body = response.body_mut().read_to_string()?;
        Ok(Reply { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }
}

impl Cut {
    pub fn draw(rng: &mut StdRng, base: &str, request: &Request) -> Self {
        if rng.random_bool(0.25) {
            return Self::Within(rng.random_range(1..bytes(base, request).len()));
        }
        Self::BeforeAnswer(Duration::from_micros(rng.random_range(0..12_000)))
    }
}

/// Sends a request on a connection of its own and resets it at `cut`.
pub fn reset(base: &str, request: &Request, cut: Cut) -> Outcome<Reply> {
    let address = base.trim_start_matches("http://");
    let Ok(mut stream) = TcpStream::connect(address) else {
        return Outcome::Refused("no connection".to_owned());
    };
    let bytes = bytes(base, request);
    let end = match cut {
        Cut::Within(end) => end.min(bytes.len() - 1),
        Cut::BeforeAnswer(_) => bytes.len(),
    };
    let sent = stream.write_all(&bytes[..end]);
    if let Cut::BeforeAnswer(pause) = cut {
        std::thread::sleep(pause);
    }
    // Dropped like this, the connection ends in a reset.
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    match (cut, sent) {
        (Cut::Within(end), _) => Outcome::Refused(format!("reset after {end} bytes")),
        (_, Err(error)) => Outcome::Unsure { in_flight: true, why: error.to_string() },
        (_, Ok(())) => Outcome::Unsure { in_flight: true, why: "reset before the answer".to_owned() },
    }
}

/// The request as it goes over a connection of its own.
fn bytes(base: &str, request: &Request) -> Vec<u8> {
    let host = base.trim_start_matches("http://");
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", request.body.len()));
    [head.as_bytes(), &request.body].concat()
}

fn excerpt(body: &str) -> String {
    body.chars().take(160).collect()
}
