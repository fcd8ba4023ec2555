//! A program that is told of events: notes what it is sent, and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub line: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What it does with a request.
#[derive(Clone)]
pub enum Reply {
    Status(u16),
    /// These very bytes.
    Raw(Vec<u8>),
    /// These, then others again and again with a pause between them.
    Forever(Vec<u8>, Vec<u8>, Duration),
    Silence,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    usual: Reply,
}

impl Receiver {
    pub async fn start(usual: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { received: Vec::new(), replies: VecDeque::new(), usual };
        let receiver = Self { address, state: Arc::new(Mutex::new(state)) };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?from=unkey", self.address)
    }

    /// Answers the next requests so, before the usual answer.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().replies.extend(replies);
    }

    pub fn usually(&self, reply: Reply) {
        self.state.lock().usual = reply;
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().received.clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(request) = read(&mut stream).await else { return };
        let reply = {
            let mut state = self.state.lock();
            state.received.push(request);
            state.replies.pop_front().unwrap_or_else(|| state.usual.clone())
        };
        // Whoever asked may have left.
        let _ = answer(&mut stream, reply).await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8(bytes.clone()).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let line = lines.next()?.to_owned();
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        if body.len() == headers.get("content-length")?.parse::<usize>().ok()? {
            return Some(Received { line, headers, body: body.to_owned() });
        }
    }
}

async fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Status(status) => {
            let text = format!("HTTP/1.1 {status} Status\r\ncontent-length: 5\r\n\r\nhello");
            stream.write_all(text.as_bytes()).await
        }
        Reply::Raw(bytes) => stream.write_all(&bytes).await,
        Reply::Forever(first, again, pause) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Silence => std::future::pending().await,
    }
}
