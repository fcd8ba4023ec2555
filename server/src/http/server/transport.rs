//! What requests are read from: the stream itself, or TLS over it.
//!
//! The stream below notes what goes through it, so the waits of a handshake, and those
//! for a client to read, are the same with and without TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::Shared;
use super::stream::Stream;
use crate::tls::CHALLENGE_PROTOCOL;

/// How TLS begins: with a record of a handshake.
const HANDSHAKE: u8 = 22;

/// What a client hears that speaks plain HTTP where HTTPS is served.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: text/plain; charset=utf-8\r\ncontent-length: 52\r\n\r\nThis port speaks HTTPS: begin the URL with https://\n";

pub(super) enum Transport {
    Plain(Stream),
    Tls(Box<TlsStream<Stream>>),
}

/// Shakes hands where there is TLS. `None`: there is nothing to serve, and the client
/// was told.
pub(super) async fn open(shared: &Shared, stream: Stream) -> Option<Transport> {
    let Some(tls) = &shared.tls else { return Some(Transport::Plain(stream)) };
    if stream.first_byte().await? != HANDSHAKE {
        refuse(stream).await;
        return None;
    }
    match tls.accept(stream).await {
        Ok(mut stream) if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE_PROTOCOL) => {
            // The certificate was all that the authority wanted to see.
            let _ = stream.shutdown().await;
            None
        }
        Ok(stream) => Some(Transport::Tls(Box::new(stream))),
        Err(error) => {
            shared.counts.note_failed_handshake();
            tracing::debug!(%error, "a handshake failed");
            None
        }
    }
}

async fn refuse(mut stream: Stream) {
    stream.note_unwanted();
    let _ = stream.write_all(NOT_TLS).await;
    let _ = stream.shutdown().await;
}

impl Transport {
    fn inner(self: Pin<&mut Self>) -> Pin<&mut (dyn Io + '_)> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

trait Io: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}
