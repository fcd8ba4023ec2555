//! Bodies on their way: those of requests with a deadline and a bound on what all
//! take together, those of answers with a note of how they are read.
//!
//! Whoever reads a body here gets an error with a [`BodyFault`] in it when the
//! client is too slow or the server too full.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep};

use super::activity::{Activity, Exchange, Pace};
use base::clock::timer_now;

/// Bytes a second that a body has to bring, measured over the longest pause.
pub(super) const LEAST_RATE: u64 = 1024;
/// However steadily it comes.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// A body up to this size needs no room of its own.
const SMALL_BYTES: u64 = 64 << 10;
/// Room is taken in pieces of so many bytes.
const PIECE_BYTES: u64 = 64 << 10;
/// What all larger bodies may take together.
const ROOM_BYTES: u64 = 256 << 20;
/// One answer hands over so much at a time where several share a connection.
const PART_BYTES: usize = 16 << 10;

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    TooSlow,
    /// Large bodies of others take all the room there is.
    NoRoom,
}

impl BodyFault {
    /// The fault within an error of reading.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BodyFault::TooSlow => "the body arrives too slowly",
            BodyFault::NoRoom => "large bodies take all the room",
        })
    }
}

impl std::error::Error for BodyFault {}

/// Room for large bodies: as much as four of the largest need, if that is more.
pub(super) fn room(max_body_bytes: usize) -> Arc<Semaphore> {
    let bytes = match max_body_bytes as u64 {
        0 => u64::MAX,
        most => most.saturating_mul(4).max(ROOM_BYTES),
    };
    let pieces = usize::try_from(bytes / PIECE_BYTES).unwrap_or(usize::MAX);
    Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS)))
}

/// The body of a request.
pub(super) struct Arriving<B: Body = Incoming> {
    body: B,
    activity: Arc<Activity>,
    /// Whether it is kept in memory.
    is_kept: bool,
    pause: Duration,
    /// Bytes that came.
    received: u64,
    pieces: u64,
    is_over: bool,
    late: Option<Late>,
}

/// Begins with the first wait for more.
struct Late {
    timer: Pin<Box<Sleep>>,
    progress: Progress,
}

/// How a body comes along, from one pause to the next.
struct Progress {
    pause: Duration,
    end: Instant,
    received: u64,
}

impl Progress {
    fn begin(pause: Duration, now: Instant, received: u64) -> Self {
        Self { pause, end: now + LONGEST, received }
    }

    /// After another pause: whether the body may go on.
    fn goes_on(&mut self, now: Instant, received: u64) -> bool {
        let least = (LEAST_RATE * self.pause.as_millis() as u64 / 1000).max(1);
        let came = received - self.received;
        self.received = received;
        came >= least && now < self.end
    }
}

impl<B: Body> Arriving<B> {
    pub fn new(body: B, activity: Arc<Activity>, is_kept: bool, pause: Duration) -> Self {
        Self { body, activity, is_kept, pause, received: 0, pieces: 0, is_over: false, late: None }
    }

    fn take_room(&mut self, bytes: u64) -> io::Result<()> {
        self.received += bytes;
        let needed = self.received.saturating_sub(SMALL_BYTES).div_ceil(PIECE_BYTES);
        if needed <= self.pieces || !self.is_kept {
            return Ok(());
        }
        let more = u32::try_from(needed - self.pieces).unwrap_or(u32::MAX);
        self.pieces = needed;
        let has_room = self.activity.take_room(more);
        has_room.then_some(()).ok_or_else(|| io::Error::other(BodyFault::NoRoom))
    }

    /// Resolves once the body has been too slow.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (pause, received) = (self.pause, self.received);
        let late = self.late.get_or_insert_with(|| Late {
            timer: Box::pin(sleep(pause)),
            progress: Progress::begin(pause, timer_now(), received),
        });
        loop {
            ready!(late.timer.as_mut().poll(cx));
            let now = timer_now();
            if !late.progress.goes_on(now, received) {
                return Poll::Ready(());
            }
            late.timer.as_mut().reset(now + pause);
        }
    }
}

impl<B> Body for Arriving<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.take_room(bytes as u64)?;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(io::Error::other(error)))),
            Poll::Ready(None) => {
                self.is_over = true;
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.poll_late(cx));
                Poll::Ready(Some(Err(io::Error::other(BodyFault::TooSlow))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Body> Drop for Arriving<B> {
    fn drop(&mut self) {
        if !self.body.is_end_stream() && !self.is_over {
            self.activity.note_unread();
        }
    }
}

/// The body of an answer, with the exchange that it ends.
pub(super) struct OutgoingBody {
    body: BoxBody<Bytes, io::Error>,
    /// Of the last part, where several answers share a connection.
    rest: Bytes,
    pace: Option<Arc<Pace>>,
    _exchange: Exchange,
}

impl OutgoingBody {
    pub fn new(body: BoxBody<Bytes, io::Error>, exchange: Exchange, is_http2: bool) -> Self {
        let pace = is_http2.then(|| exchange.pace(timer_now()));
        Self { body, rest: Bytes::new(), pace, _exchange: exchange }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(pace) = self.pace.clone() else { return Pin::new(&mut self.body).poll_frame(cx) };
        if self.rest.is_empty() {
            pace.note_asked();
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let part = self.rest.len().min(PART_BYTES);
        pace.note_handed_over(timer_now());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt, Full};

    use super::*;

    #[test]
    fn a_body_goes_on_while_it_keeps_its_rate_and_not_for_ever() {
        let (start, pause) = (timer_now(), Duration::from_secs(10));
        let mut progress = Progress::begin(pause, start, 0);
        assert!(progress.goes_on(start + pause, 10 * 1024));
        assert!(!progress.goes_on(start + 2 * pause, 20 * 1024 - 1), "a burst before does not count");
        assert!(progress.goes_on(start + 3 * pause, 1 << 20));
        assert!(!progress.goes_on(start + LONGEST, 1 << 30), "however fast");
        let mut brief = Progress::begin(Duration::from_micros(1), start, 0);
        assert!(!brief.goes_on(start + pause, 0), "nothing is no rate");
    }

    fn arriving(bytes: usize, room: &Arc<Semaphore>) -> (Arriving<Full<Bytes>>, Exchange) {
        let activity = Activity::new(room.clone());
        let exchange = Exchange::begin(&activity, false);
        let body = Full::new(Bytes::from(vec![0; bytes]));
        (Arriving::new(body, activity, true, Duration::from_secs(1)), exchange)
    }

    #[tokio::test]
    async fn large_bodies_share_room_until_their_exchanges_end() {
        let room = Arc::new(Semaphore::new(3));
        let (small, _small) = arriving(SMALL_BYTES as usize, &room);
        small.collect().await.unwrap();
        assert_eq!(room.available_permits(), 3);
        let (large, exchange) = arriving(3 * PIECE_BYTES as usize, &room);
        large.collect().await.unwrap();
        assert_eq!(room.available_permits(), 1);
        let (refused, _refused) = arriving(3 * PIECE_BYTES as usize, &room);
        let error = refused.collect().await.unwrap_err();
        assert_eq!(BodyFault::of(&error), Some(BodyFault::NoRoom));
        let (mut to_disk, _to_disk) = arriving(3 * PIECE_BYTES as usize, &room);
        to_disk.is_kept = false;
        to_disk.collect().await.unwrap();
        drop(exchange);
        let (again, _again) = arriving(3 * PIECE_BYTES as usize, &room);
        again.collect().await.unwrap();
    }

    #[test]
    fn the_largest_bodies_fit_the_room() {
        assert_eq!(room(10 << 20).available_permits() as u64, ROOM_BYTES / PIECE_BYTES);
        assert_eq!(room(1 << 30).available_permits() as u64, (4 << 30) / PIECE_BYTES);
        assert!(room(0).available_permits() > 1 << 40);
    }

    #[tokio::test]
    async fn an_answer_beside_others_is_handed_over_in_parts() {
        let activity = Activity::new(Arc::new(Semaphore::new(0)));
        let text = Bytes::from(vec![7; 2 * PART_BYTES + 1]);
        let body = || Full::new(text.clone()).map_err(|error: Infallible| match error {}).boxed();
        for (is_http2, parts) in [(true, 3), (false, 1)] {
            let mut answer = OutgoingBody::new(body(), Exchange::begin(&activity, is_http2), is_http2);
            let (mut count, mut whole) = (0, Vec::new());
            while let Some(frame) = answer.frame().await {
                assert_eq!(
                    answer.size_hint().exact(),
                    Some(
                        (text.len() - whole.len()) as u64
                            - frame.as_ref().unwrap().data_ref().unwrap().len() as u64
                    )
                );
                whole.extend_from_slice(&frame.unwrap().into_data().unwrap());
                count += 1;
            }
            assert_eq!((whole.len(), count), (text.len(), parts));
            assert!(answer.is_end_stream() && activity.is_busy());
            drop(answer);
            assert!(!activity.is_busy());
        }
    }
}
