//! A body that is compressed while it is sent.
//!
//! Nothing is held back: where more takes its time, the client gets all there is so
//! far in a form that it can read. A body that fails fails here, too, before its end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use tokio::sync::SemaphorePermit;

use super::PIECE_BYTES;
use super::encoder::Encoder;

pub struct Streamed {
    body: BoxBody<Bytes, io::Error>,
    /// `None` once it has finished or failed.
    encoder: Option<Encoder>,
    /// What came of the body and is not compressed yet.
    rest: Bytes,
    /// Whether the encoder holds what it was given.
    is_holding: bool,
    /// Whether a piece was compressed since others had their turn.
    is_tired: bool,
    _place: Option<SemaphorePermit<'static>>,
}

impl Streamed {
    pub fn new(
        body: BoxBody<Bytes, io::Error>,
        encoder: Encoder,
        place: Option<SemaphorePermit<'static>>,
    ) -> Self {
        let encoder = Some(encoder);
        Self { body, encoder, rest: Bytes::new(), is_holding: false, is_tired: false, _place: place }
    }

    /// Compresses a piece of what is there.
    fn write_piece(&mut self, encoder: &mut Encoder) -> io::Result<Vec<u8>> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        encoder.write(&piece)?;
        (self.is_holding, self.is_tired) = (true, true);
        Ok(encoder.take())
    }

    /// What comes next, with the encoder apart; `None` at the end, which takes it away.
    fn poll_encoded(
        &mut self,
        encoder: &mut Encoder,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Vec<u8>>>> {
        loop {
            if !self.rest.is_empty() {
                if std::mem::take(&mut self.is_tired) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                let out = self.write_piece(encoder)?;
                if out.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(out)));
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => self.rest = frame.into_data().unwrap_or_default(),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if self.is_holding => {
                    self.is_holding = false;
                    encoder.flush()?;
                    return Poll::Ready(Some(Ok(encoder.take())));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(mut encoder) = self.encoder.take() else { return Poll::Ready(None) };
        let out = match self.poll_encoded(&mut encoder, cx) {
            Poll::Pending => {
                self.encoder = Some(encoder);
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(out))) => {
                self.encoder = Some(encoder);
                Ok(out)
            }
            Poll::Ready(Some(Err(error))) => Err(error),
            Poll::Ready(None) => encoder.finish(),
        };
        Poll::Ready(Some(out.map(|out| Frame::data(Bytes::from(out)))))
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none()
    }
}
