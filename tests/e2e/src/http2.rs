//! HTTP/2 frame by frame, for clients that no library would be.

use std::io::{ErrorKind, Read, Write};

use rustls::version::{TLS12, TLS13};

use super::tls::Secured;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// A connection on which HTTP/2 was agreed.
pub struct Http2(Secured);

/// What the server said.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A setting of HTTP/2 and its value.
pub type Wish = (u16, u32);

/// How much a client lets the server send unasked.
pub const INITIAL_WINDOW: u16 = 4;

impl Http2 {
    pub fn connect(address: &str, authority: &str, wishes: &[Wish]) -> Self {
        let secured = Secured::connect(address, authority, &["h2"], &[&TLS12, &TLS13]).expect("a handshake");
        assert_eq!(secured.protocol(), Some(&b"h2"[..]));
        let mut client = Self(secured);
        assert!(client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        let pairs =
            wishes.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
        assert!(client.send(SETTINGS, 0, 0, &pairs.collect::<Vec<u8>>()));
        client
    }

    fn write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).and_then(|()| self.0.flush()).is_ok()
    }

    /// Sends a frame; whether the server was still there to send to.
    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        self.write(&frame(kind, flags, stream, payload))
    }

    /// Sends many frames at once.
    pub fn send_all(&mut self, frames: &[Vec<u8>]) -> bool {
        self.write(&frames.concat())
    }

    /// The next frame, or `None` at the end.
    pub fn read_frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.read(&mut head)?;
        let mut payload =
            vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        self.read(&mut payload)?;
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        if frame.kind == SETTINGS && frame.flags & ACK == 0 {
            self.send(SETTINGS, ACK, 0, &[]);
        }
        Some(frame)
    }

    /// Panics when the connection is left open and nothing comes.
    fn read(&mut self, bytes: &mut [u8]) -> Option<()> {
        self.0
            .read_exact(bytes)
            .inspect_err(|error| {
                let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(!waits, "the connection was left open");
            })
            .ok()
    }

    /// The next frame of a kind, or `None` at the end.
    pub fn find(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.read_frame()?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// Whether the server ends the connection, however much it says before.
    pub fn is_ended(&mut self) -> bool {
        while self.read_frame().is_some() {}
        true
    }

    /// The status of the answer on a stream, as far as it is among those with a number of their own.
    pub fn status(&mut self, stream: u32) -> Option<u16> {
        loop {
            let frame = self.read_frame()?;
            if frame.kind == HEADERS && frame.stream == stream {
                return status(&frame.payload);
            }
            if frame.kind == RST_STREAM && frame.stream == stream {
                return None;
            }
        }
    }
}

/// A frame as it goes over the wire.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The head of a request, with nothing that refers to what was said before.
pub fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let pseudo = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)];
    block(&[&pseudo, headers].concat())
}

/// A block of headers, each in full.
pub fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.push(0);
        text(&mut bytes, name);
        text(&mut bytes, value);
    }
    bytes
}

/// A text with its length, which takes a byte up to 126, more beyond.
fn text(bytes: &mut Vec<u8>, text: &str) {
    let length = text.len();
    if length < 127 {
        bytes.push(u8::try_from(length).expect("less than 127"));
    } else {
        bytes.push(127);
        let mut rest = length - 127;
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128 + 128).expect("a byte"));
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).expect("a byte"));
    }
    bytes.extend(text.as_bytes());
}

/// The status that a block of headers begins with: one of the table, or in three digits.
fn status(block: &[u8]) -> Option<u16> {
    let known = [(0x88, 200), (0x89, 204), (0x8a, 206), (0x8b, 304), (0x8c, 400), (0x8d, 404), (0x8e, 500)];
    // Before it, the table of the other side may be made larger or smaller.
    let block = &block[block.iter().take_while(|byte| **byte & 0xe0 == 0x20).count()..];
    let first = *block.first()?;
    if let Some((_, status)) = known.into_iter().find(|(byte, _)| *byte == first) {
        return Some(status);
    }
    // A literal whose name is `:status` (8 to 14 in the table), its digits by Huffman or plain.
    let length = usize::from(*block.get(1)? & 0x7f);
    let value = block.get(2..2 + length)?;
    if block[1] & 0x80 == 0 {
        return std::str::from_utf8(value).ok()?.parse().ok();
    }
    digits(value)
}

/// Digits as HPACK packs them: 0 to 2 in five bits, 3 to 9 in six.
fn digits(packed: &[u8]) -> Option<u16> {
    let bits: Vec<u8> = packed.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let (mut at, mut number) = (0, 0);
    let value = |from: usize, to: usize| {
        bits.get(from..to).map(|bits| bits.iter().fold(0, |sum, bit| sum * 2 + u16::from(*bit)))
    };
    for _ in 0..3 {
        let short = value(at, at + 5)?;
        let digit = if short < 3 {
            at += 5;
            short
        } else {
            let long = value(at, at + 6)?;
            at += 6;
            long.checked_sub(0x19)? + 3
        };
        number = number * 10 + digit;
    }
    Some(number)
}
