//! The stream of a connection, noting what goes through it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;

/// What a client that was refused may go on sending before it is cut off.
const UNREAD_BYTES: u64 = 32 << 20;

pub(super) struct Stream {
    tcp: TcpStream,
    activity: Arc<Activity>,
    is_shut: bool,
    thrown_away: u64,
}

impl Stream {
    pub fn new(tcp: TcpStream, activity: Arc<Activity>) -> Self {
        Self { tcp, activity, is_shut: false, thrown_away: 0 }
    }

    /// The first byte that the client sends, which stays to be read; `None` when it
    /// sends none.
    pub async fn first_byte(&self) -> Option<u8> {
        let mut first = [0];
        (self.tcp.peek(&mut first).await.ok()? == 1).then_some(first[0])
    }

    /// Nothing of what comes will be read.
    pub fn note_unwanted(&self) {
        self.activity.note_read();
    }

    fn note_write(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.activity.note_written(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.note_blocked(),
        }
        written
    }

    /// Reads what nobody wants, until the client ends: closing a socket that has
    /// unread bytes makes the kernel take back the answer that is on its way.
    fn poll_throw_away(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8192];
        while self.thrown_away < UNREAD_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut buffer));
            let bytes = buffer.filled().len() as u64;
            if read.is_err() || bytes == 0 {
                break;
            }
            self.thrown_away += bytes;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.note_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.note_write(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, parts);
        self.note_write(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// Called when nothing is left to be written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.note_flushed();
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.note_closing();
        if !self.is_shut {
            ready!(Pin::new(&mut self.tcp).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        if self.activity.has_unread() { self.poll_throw_away(cx) } else { Poll::Ready(Ok(())) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.activity.is_given_up() {
            // The kernel would go on offering what the client does not read.
            let _ = self.tcp.set_zero_linger();
        }
    }
}
