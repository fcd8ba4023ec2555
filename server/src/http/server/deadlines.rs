//! How long a connection may go on with what it is doing.

use std::time::Duration;

use tokio::time::Instant;

use super::activity::{Activity, Waiting};
use super::body::LEAST_RATE;

/// How long a client that was refused may go on sending.
const END: Duration = Duration::from_secs(5);

/// The longest waits of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub head: Duration,
    pub request: Duration,
    pub answer: Duration,
}

/// Follows one connection. Looked at whenever its task ran, so it costs a reading
/// of the clock only where a wait begins.
pub(super) struct Watch {
    times: Times,
    state: (Waiting, u64),
    since: Instant,
    /// Bytes written when the wait began.
    written: u64,
}

impl Watch {
    pub fn begin(times: Times, now: Instant) -> Self {
        Self { times, state: (Waiting::Head, 0), since: now, written: 0 }
    }

    /// When to look again, at the latest; `None` while the server itself is awaited.
    pub fn deadline(&mut self, activity: &Activity, now: impl FnOnce() -> Instant) -> Option<Instant> {
        let state = activity.waiting();
        if state != self.state {
            self.state = state;
            if state.0 != Waiting::Handler {
                self.restart(activity, now());
            }
        }
        let wait = match state.0 {
            Waiting::Handler => return None,
            Waiting::Head => self.times.head,
            Waiting::Request => self.times.request,
            Waiting::Reader | Waiting::Readers => self.times.answer,
            Waiting::End => END,
        };
        Some(self.since + wait)
    }

    /// For what the connection has waited too long, now that a deadline has passed.
    pub fn overdue(&mut self, activity: &Activity, now: Instant) -> Option<Waiting> {
        let goes_on = match self.state.0 {
            Waiting::Reader => {
                let least = LEAST_RATE * self.times.answer.as_millis() as u64 / 1000;
                activity.written() - self.written >= least.max(1)
            }
            Waiting::Readers => !activity.has_stalled_answer(self.since),
            _ => false,
        };
        if goes_on {
            self.restart(activity, now);
            return None;
        }
        Some(self.state.0)
    }

    fn restart(&mut self, activity: &Activity, now: Instant) {
        self.since = now;
        self.written = activity.written();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::super::activity::Exchange;
    use super::*;
    use base::clock::timer_now;

    const S: Duration = Duration::from_secs(1);
    const TIMES: Times = Times {
        head: Duration::from_secs(10),
        request: Duration::from_secs(75),
        answer: Duration::from_secs(30),
    };

    /// A connection, and a clock that the test moves.
    struct Case {
        activity: Arc<Activity>,
        watch: Watch,
        now: Instant,
    }

    impl Case {
        fn new() -> Self {
            let now = timer_now();
            Self {
                activity: Activity::new(Arc::new(Semaphore::new(0))),
                watch: Watch::begin(TIMES, now),
                now,
            }
        }

        fn pass(&mut self, seconds: u32) {
            self.now += S * seconds;
        }

        /// Seconds until the watch looks again.
        fn left(&mut self) -> Option<u64> {
            let deadline = self.watch.deadline(&self.activity, || self.now);
            deadline.map(|at| at.duration_since(self.now).as_secs())
        }

        fn overdue(&mut self) -> Option<Waiting> {
            self.watch.overdue(&self.activity, self.now)
        }
    }

    #[test]
    fn a_head_has_its_time_however_it_drips() {
        let mut case = Case::new();
        for left_s in [10, 7, 4] {
            case.activity.note_read();
            assert_eq!(case.left(), Some(left_s));
            case.pass(3);
        }
        assert_eq!(case.overdue(), Some(Waiting::Head));
    }

    #[test]
    fn a_connection_waits_for_requests_and_never_for_the_handler() {
        let mut case = Case::new();
        for _ in 0..2 {
            let exchange = Exchange::begin(&case.activity, false);
            case.activity.note_read();
            assert_eq!(case.left(), None);
            case.pass(100);
            drop(exchange);
            assert_eq!(case.left(), Some(75), "bytes of the body begin no head");
            case.pass(60);
            assert_eq!(case.left(), Some(15));
        }
        case.activity.note_read();
        assert_eq!(case.left(), Some(10), "the next head has begun");
    }

    #[test]
    fn an_answer_has_to_be_read_at_some_rate() {
        let mut case = Case::new();
        let exchange = Exchange::begin(&case.activity, false);
        case.activity.note_blocked();
        assert_eq!(case.left(), Some(30));
        drop(exchange);
        for (read, end) in [(30 * 1024, None), (29 * 1024, Some(Waiting::Reader))] {
            case.pass(30);
            case.activity.note_written(read);
            assert_eq!(case.overdue(), end, "{read}");
            case.activity.note_blocked();
        }
        assert!(case.activity.is_answering());
        case.activity.note_flushed();
        assert!(!case.activity.is_answering(), "the end of it was sent");
        assert_eq!(case.left(), Some(75));
        case.activity.note_blocked();
        assert_eq!(case.left(), Some(30), "another wait");
    }

    #[test]
    fn of_several_answers_one_that_is_not_read_is_enough() {
        let mut case = Case::new();
        let exchanges = [Exchange::begin(&case.activity, true), Exchange::begin(&case.activity, true)];
        let [read, unread] = exchanges.each_ref().map(|exchange| exchange.pace(case.now));
        assert_eq!(case.left(), Some(30));
        read.note_asked();
        unread.note_asked();
        case.pass(30);
        assert_eq!(case.overdue(), None, "their parts are being made");
        case.pass(1);
        unread.note_handed_over(case.now);
        case.pass(29);
        assert_eq!(case.overdue(), None, "not long enough");
        case.pass(30);
        read.note_handed_over(case.now);
        assert_eq!(case.overdue(), Some(Waiting::Readers));
        drop(unread);
        case.pass(1);
        assert_eq!(case.overdue(), None, "an answer that is done is not waited for");
        drop(exchanges);
        assert_eq!(case.left(), Some(75));
    }
}
