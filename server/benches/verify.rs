//! Cost of a verification in process: a cached key, as the door would ask.

use std::hint::black_box;
use std::sync::Arc;

use base::access::{Door, OpCtx, Principal};
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::secret::PlainKey;
use base::store::DataDir;
use criterion::{Criterion, criterion_group, criterion_main};
use domain::apis::CreateApi;
use domain::keys::CreateKey;
use domain::ratelimit::limits::NewLimit;
use domain::verification::{PermissionQuery, RequestedLimit, Rules, VerifyKey};
use tokio::runtime::Runtime;
use unkey::app::App;

const NOW_MS: i64 = 1_790_000_000_000;

struct Bench {
    app: Arc<App>,
    cx: OpCtx,
    plain: PlainKey,
    limited: PlainKey,
}

async fn prepare(dir: &std::path::Path) -> Bench {
    let data_dir = DataDir::acquire(dir).expect("a temporary folder").expect("a free folder");
    let config = Config::for_tests(dir);
    let app =
        App::open(config, Clock::manual(NOW_MS), Entropy::seeded(1), data_dir).await.expect("an open app");
    let workspace = app.workspaces.resolve(None).await.expect("the default workspace");
    let cx = app.cx(workspace.id, Principal::Cli, Door::V2);
    let api = app.apis.create(&cx, CreateApi { name: "bench".into() }).await.expect("an API");
    let key = async |limits: Vec<NewLimit>| {
        let permissions = vec!["documents.read".to_owned(), "documents.write".to_owned()];
        let command = CreateKey { limits, permissions, ..CreateKey::new(api.clone()) };
        app.keys.create(&cx, command).await.expect("a key").plaintext
    };
    let plain = key(Vec::new()).await;
    let requests = NewLimit {
        name: "requests".into(),
        limit: i64::MAX,
        duration_ms: 60_000,
        auto_apply: false,
        is_async: false,
    };
    let limited = key(vec![requests]).await;
    Bench { app, cx, plain, limited }
}

fn request(key: &PlainKey, query: Option<&str>, limits: &[&str]) -> VerifyKey {
    let named =
        |name: &&str| RequestedLimit { name: (*name).to_owned(), cost: 1, limit: None, duration_ms: None };
    VerifyKey {
        permissions: query.map(|query| PermissionQuery::Text(query.to_owned())),
        limits: limits.iter().map(named).collect(),
        ..VerifyKey::new(key.clone(), Rules::V2)
    }
}

fn verify(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let bench = runtime.block_on(prepare(dir.path()));
    let mut case = |name: &str, make: &dyn Fn() -> VerifyKey| {
        c.bench_function(name, |b| {
            b.iter(|| {
                let verified = runtime.block_on(bench.app.verifier.verify(&bench.cx, make()));
                black_box(verified.expect("a verification"))
            });
        });
    };
    case("verify, hit", &|| request(&bench.plain, None, &[]));
    case("verify, permissions", &|| {
        request(&bench.plain, Some("documents.read AND (admin OR documents.write)"), &[])
    });
    case("verify, one limit", &|| request(&bench.limited, None, &["requests"]));
}

criterion_group!(benches, verify);
criterion_main!(benches);
