//! The permission query on the verification path: reading it, and asking it.

use std::collections::HashSet;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::permissions::query::Query;

const SINGLE: &str = "documents.read";
const TYPICAL: &str = "(documents.read AND documents.write) OR admin OR support.impersonate";

/// As long as v2 lets a query be, a thousand characters, and as bushy as that allows.
fn longest() -> String {
    let mut query = "(p0 OR q)".to_owned();
    for n in 1.. {
        let term = format!("AND(p{n} OR q)");
        if query.len() + term.len() > 1000 {
            break;
        }
        query.push_str(&term);
    }
    query
}

fn parse(c: &mut Criterion) {
    let longest = longest();
    let deepest = format!("{}a{}", "(".repeat(499), ")".repeat(499));
    let mut group = c.benchmark_group("query/parse");
    for (name, input) in
        [("single", SINGLE), ("typical", TYPICAL), ("longest", &longest), ("deepest", &deepest)]
    {
        group.bench_function(name, |b| b.iter(|| Query::parse(black_box(input))));
    }
    group.finish();
}

fn eval(c: &mut Criterion) {
    let held: HashSet<String> = (0..100).map(|n| format!("p{n}")).collect();
    let longest = longest();
    let mut group = c.benchmark_group("query/eval");
    for (name, input) in [("single", SINGLE), ("typical", TYPICAL), ("longest", &longest)] {
        let query = Query::parse(input).expect("the benchmark's own queries are valid");
        group.bench_function(name, |b| b.iter(|| black_box(&query).eval(|slug| held.contains(slug)).is_ok()));
    }
    group.finish();
}

criterion_group!(benches, parse, eval);
criterion_main!(benches);
