//! What one request may cost, measured in what it allocates: every operation of
//! both versions gets bodies, headers and queries made to be dear, twice as large
//! the second time.
//!
//! Allocations are counted on the thread of the test, which runs all there is of a
//! request but the database's own work. So nothing here depends on a clock.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

/// What is measured is the app, and not a client that decodes what it gets.
mod compression {
    use poem::Response;
    use poem::endpoint::BoxEndpoint;

    pub struct Accepting;

    impl Accepting {
        pub fn before(app: BoxEndpoint<'static, Response>) -> BoxEndpoint<'static, Response> {
            app
        }
    }
}

#[path = "../it/samples.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod samples;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod support;

mod growth;
mod hot;
mod meter;
