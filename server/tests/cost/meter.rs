//! Sends a request and counts what it allocates.

use poem::http::Method;
use tokio::runtime::Runtime;

use crate::support::TestApp;

/// An app and the one thread it runs on.
pub struct Meter {
    runtime: Runtime,
    pub test: TestApp,
}

/// A request, in as much as it matters here.
#[derive(Clone)]
pub struct Sent {
    pub method: String,
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// What became of it.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    pub status: u16,
    pub answer_bytes: usize,
    pub allocations: u64,
    pub allocated_bytes: u64,
}

impl Meter {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let test = runtime.block_on(TestApp::start_with(|config| {
            config.v1_unknown_keys_per_minute = None;
            config.request_log_sample_percent = 0;
        }));
        Self { runtime, test }
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn spend(&self, sent: &Sent) -> Spent {
        let sent = sent.clone();
        let (mut status, mut answer_bytes) = (0, 0);
        let counted = allocation_counter::measure(|| {
            let response = self.runtime.block_on(async {
                let method = Method::from_bytes(sent.method.as_bytes()).unwrap();
                let mut request = self.test.client.request(method, sent.target).body(sent.body);
                for (name, value) in sent.headers {
                    request = request.header(name, value);
                }
                request.send().await.0
            });
            status = response.status().as_u16();
            answer_bytes = self.runtime.block_on(response.into_body().into_vec()).unwrap().len();
        });
        Spent { status, answer_bytes, allocations: counted.count_total, allocated_bytes: counted.bytes_total }
    }

    /// The least of several, for what happens beside a request now and then.
    pub fn least(&self, sent: &Sent) -> Spent {
        let spent = [self.spend(sent), self.spend(sent), self.spend(sent)];
        spent.into_iter().min_by_key(|spent| spent.allocated_bytes).unwrap()
    }
}
