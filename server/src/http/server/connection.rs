//! One connection, from its first byte to its end.
//!
//! The protocol is hyper's. Around it is what hyper leaves open: an end to every
//! wait for the client, and an orderly end when the server stops.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::Addr;
use poem::web::RemoteAddr;
use tokio::net::TcpStream;
use tokio::sync::futures::Notified;
use tokio::time::{Sleep, sleep_until};

use super::Shared;
use super::activity::{Activity, Exchange, Waiting};
use super::deadlines::{Times, Watch};
use super::exchange::Peer;
use super::lifecycle::{Lifecycle, Lingering, Stage};
use super::stream::Stream;
use super::transport;
use base::clock::timer_now;

/// Bytes of the head of a request, and of what is buffered of an answer.
const BUFFER_BYTES: usize = 64 << 10;
/// Requests of one HTTP/2 connection at once.
const STREAMS: u32 = 64;
/// Streams that a client may open and reset before we come to them.
const RESET_STREAMS: usize = 20;
/// Streams of one connection that we reset for what the client did, before the
/// connection ends: those that came before it had heard of [`STREAMS`] are among them.
const REFUSED_STREAMS: usize = 256;
/// Bytes of bodies that may wait to be read, of one stream and of all of a connection.
const WINDOW_BYTES: u32 = 128 << 10;
/// How long nothing may come on a connection of HTTP/2 before the client is asked
/// whether it is there, and how long it has to say so.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of the head of a request in HTTP/2.
const HEADER_LIST_BYTES: u32 = 16 << 10;
/// How long who asks after the server's health may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) type Protocol = auto::Builder<TokioExecutor>;

/// HTTP/1, and HTTP/2 for who begins with it, within bounds.
pub(super) fn protocol() -> Protocol {
    let mut protocol = Protocol::new(TokioExecutor::new());
    protocol.http1().max_buf_size(BUFFER_BYTES);
    protocol
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESET_STREAMS)
        .max_local_error_reset_streams(REFUSED_STREAMS)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_header_list_size(HEADER_LIST_BYTES)
        .max_send_buf_size(BUFFER_BYTES);
    protocol
}

/// Serves a connection to its end. `health_only`: it is one too many.
pub(super) async fn serve(
    shared: Arc<Shared>,
    tcp: TcpStream,
    remote: std::net::SocketAddr,
    health_only: bool,
) {
    let activity = Activity::new(shared.room.clone());
    let peer = Arc::new(Peer {
        local: shared.local.clone(),
        remote: RemoteAddr(Addr::from(remote)),
        shared: shared.clone(),
        health_only,
    });
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let exchange = Exchange::begin(&activity, request.version() == hyper::Version::HTTP_2);
        let peer = peer.clone();
        async move { Ok::<_, Infallible>(peer.answer(request, exchange).await) }
    });
    let mut supervisor = pin!(Supervisor::begin(&shared, activity.clone(), health_only));
    let stream = Stream::new(tcp, activity.clone());
    let Some(transport) = supervised(&mut supervisor, transport::open(&shared, stream)).await else { return };
    let mut connection = pin!(shared.protocol.serve_connection(TokioIo::new(transport), service));
    poll_fn(|cx| {
        if let Poll::Ready(done) = connection.as_mut().poll(cx) {
            if let Err(error) = done {
                tracing::debug!(%error, "a connection ended with an error");
            }
            return Poll::Ready(());
        }
        match supervisor.as_mut().poll(cx) {
            None => Poll::Pending,
            Some(End::Now) => Poll::Ready(()),
            Some(end) => {
                connection.as_mut().graceful_shutdown();
                let done = connection.as_mut().poll(cx).map(drop);
                if end == End::Idle { Poll::Ready(()) } else { done }
            }
        }
    })
    .await;
}

/// What comes before requests: ends with nothing when the connection is to end.
async fn supervised<T>(
    supervisor: &mut Pin<&mut Supervisor<'_>>,
    opening: impl Future<Output = Option<T>>,
) -> Option<T> {
    let mut opening = pin!(opening);
    poll_fn(|cx| match opening.as_mut().poll(cx) {
        Poll::Pending if supervisor.as_mut().poll(cx).is_none() => Poll::Pending,
        Poll::Pending => Poll::Ready(None),
        opened => opened,
    })
    .await
}

/// How a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Now,
    /// In order, without waiting for the client to agree.
    Idle,
    /// In order, after the request in flight if there is one.
    AfterThis,
}

/// Watches over a connection, from within its task.
struct Supervisor<'a> {
    shared: &'a Shared,
    activity: Arc<Activity>,
    watch: Watch,
    timer: Pin<Box<Sleep>>,
    seen: Stage,
    changed: Pin<Box<Notified<'a>>>,
    lingering: Option<Lingering>,
    /// Of the task, known to the timer and to the lifecycle.
    waker: Option<Waker>,
}

impl<'a> Supervisor<'a> {
    fn begin(shared: &'a Shared, activity: Arc<Activity>, health_only: bool) -> Self {
        let times = &shared.times;
        let times = if health_only {
            Times {
                head: times.head.min(HEALTH_TIMEOUT),
                request: times.request.min(HEALTH_TIMEOUT),
                ..*times
            }
        } else {
            *times
        };
        let now = timer_now();
        Self {
            shared,
            activity,
            watch: Watch::begin(times, now),
            timer: Box::pin(sleep_until(now + times.head)),
            seen: Stage::Serving,
            changed: Box::pin(shared.lifecycle.changed.notified()),
            lingering: None,
            waker: None,
        }
    }

    /// Called after the connection itself was polled. Most of the time a few loads
    /// from memory: the timer and the lifecycle are polled once for the task to be
    /// known to them, and then when they have something to say.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<End> {
        let own = &mut *self;
        if !own.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            own.waker = Some(cx.waker().clone());
            own.listen(cx);
            let _ = own.timer.as_mut().poll(cx);
        }
        own.follow_stage(cx).or_else(|| own.look_at_time(cx))
    }

    fn lifecycle(&self) -> &'a Arc<Lifecycle> {
        &self.shared.lifecycle
    }

    /// Asks to be woken at the next change of the stage.
    fn listen(&mut self, cx: &mut Context<'_>) {
        while self.changed.as_mut().poll(cx).is_ready() {
            self.changed.set(self.lifecycle().changed.notified());
        }
    }

    fn follow_stage(&mut self, cx: &mut Context<'_>) -> Option<End> {
        if self.lifecycle().stage() == self.seen {
            return None;
        }
        self.listen(cx);
        // Read after listening, so that no change goes unnoticed.
        self.seen = self.lifecycle().stage();
        if self.seen == Stage::Draining && !self.activity.is_answering() {
            self.lingering = Some(Lingering::begin(self.lifecycle()));
            return None;
        }
        Some(End::AfterThis)
    }

    fn look_at_time(&mut self, cx: &mut Context<'_>) -> Option<End> {
        let deadline = self.watch.deadline(&self.activity, timer_now)?;
        if !self.timer.is_elapsed() && deadline >= self.timer.deadline() {
            return None;
        }
        let now = timer_now();
        if deadline <= now {
            match self.watch.overdue(&self.activity, now) {
                Some(waiting) => return Some(self.end_for(waiting)),
                None => return self.look_at_time(cx),
            }
        }
        self.timer.as_mut().reset(deadline);
        // Just set: it is only asked to wake us.
        let _ = self.timer.as_mut().poll(cx);
        None
    }

    fn end_for(&self, waiting: Waiting) -> End {
        if waiting == Waiting::Request {
            return End::Idle;
        }
        tracing::debug!(?waiting, "a connection kept the server waiting for too long");
        self.shared.counts.note_overdue();
        match waiting {
            Waiting::Reader | Waiting::Readers => {
                self.activity.give_up();
                End::Now
            }
            _ => End::Now,
        }
    }
}
