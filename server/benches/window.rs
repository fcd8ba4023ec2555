//! Cost of a rate-limit decision on a counter that exists.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::ratelimit::limiter::{Check, Limiter, Scope};

fn check(name: &str) -> Check<'_> {
    Check {
        workspace: "ws_1",
        scope: Scope::Key,
        subject: "key_1",
        name,
        limit: u64::MAX,
        duration_ms: 60_000,
        cost: 1,
    }
}

fn window(c: &mut Criterion) {
    let limiter = Limiter::new(100_000);
    let one = [check("requests")];
    let two = [check("requests"), check("tokens")];
    c.bench_function("take one limit", |b| b.iter(|| black_box(limiter.take_many(black_box(&one), 1000))));
    c.bench_function("take two limits", |b| b.iter(|| black_box(limiter.take_many(black_box(&two), 1000))));
}

criterion_group!(benches, window);
criterion_main!(benches);
