//! Webhooks: a workspace's own programs are told of what the audit log gets.
//!
//! An endpoint chooses events. A delivery for each is written in the transaction of
//! the audit entry that it tells of, and refers to that entry; so there is neither an
//! event without its delivery nor the other way round, and what is sent is what the
//! log shows. It is sent until the endpoint has taken it, for three days, signed as
//! Standard Webhooks has it, at least once and in no promised order.
//!
//! Deliberately absent: how a request travels ([`Transport`], the courier of the
//! server), other forms than Standard Webhooks (chat, mail), and rules that watch for
//! something that no audit entry tells of.

mod deliveries;
mod dispatch;
mod endpoints;
mod event_choice;
mod outbox;
mod secrets;
mod store;
mod target;

use std::sync::Arc;

use base::ids::{AuditId, DeliveryId, WebhookId, WorkspaceId};
use tokio::sync::Mutex;

pub use deliveries::{Attempt, DeliveryDetails};
pub use dispatch::{Letter, Posted, Transport};
pub use endpoints::{CreateEndpoint, MAX_GRACE_MS, NewSecret, UpdateEndpoint};
pub use event_choice::EventChoice;
pub use outbox::Outbox;
pub use store::{amend_times, sweep};
pub use target::is_public;

use crate::vault::Vault;
use base::audit;
use base::clock::{Clock, DAY_MS, HOUR_MS};
use base::entropy::Entropy;
use base::error::{Code, Error};
use base::store::Store;

/// How long a delivery is tried.
pub const RETRY_FOR_MS: i64 = 3 * DAY_MS;

/// After nothing but failures for so long an endpoint is disabled: a little less than
/// a delivery is tried, so that its last attempt is not too early by a moment.
const DISABLE_AFTER_MS: i64 = RETRY_FOR_MS - HOUR_MS;

/// How long a delivery that has ended is kept.
pub const KEEP_MS: i64 = 14 * DAY_MS;

/// How many that have ended are kept of an endpoint.
pub const KEEP_COUNT: u64 = 10_000;

/// Endpoints of one workspace: each change writes a row for each.
pub const MAX_ENDPOINTS: u64 = 20;

/// Where a workspace is told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: WebhookId,
    pub workspace: WorkspaceId,
    pub url: String,
    pub description: Option<String>,
    pub events: EventChoice,
    /// A disabled one gets no new events, and what waits for it waits on.
    pub enabled: bool,
    /// Why the server disabled it by itself.
    pub disabled_reason: Option<String>,
    /// Since when nothing but failures came of it, Unix milliseconds.
    pub failing_since: Option<i64>,
    /// Until when the secret before signs too, Unix milliseconds.
    pub old_secret_ends_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried, for the first time or again.
    Waiting,
    Delivered,
    GivenUp,
}

impl DeliveryState {
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::GivenUp => "givenUp",
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub workspace: WorkspaceId,
    pub endpoint: WebhookId,
    /// The audit entry that it tells of; its id is that of the message, in every attempt.
    pub audit: AuditId,
    pub event: String,
    pub created_at: i64,
    pub state: DeliveryState,
    /// When it is tried next, Unix milliseconds.
    pub due_at: Option<i64>,
    pub give_up_at: i64,
    pub attempts: i64,
    /// Of these, failures since it began, or was last replayed.
    pub failures: i64,
    pub ended_at: Option<i64>,
}

/// The operations on endpoints and deliveries, and who sends what is due. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    store: Store,
    entropy: Entropy,
    vault: Vault,
    clock: Clock,
    transport: Arc<dyn Transport>,
    private_targets: bool,
    /// Rounds of sending take turns: what one has on its way the next does not know.
    turn: Arc<Mutex<()>>,
}

impl Webhooks {
    pub fn new(
        store: Store,
        entropy: Entropy,
        vault: Vault,
        clock: Clock,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self { store, entropy, vault, clock, transport, private_targets: false, turn: Arc::default() }
    }

    /// Whether endpoints may have private addresses.
    pub fn private_targets(self, are_allowed: bool) -> Self {
        Self { private_targets: are_allowed, ..self }
    }
}

impl Endpoint {
    /// Where it is, for records: its path may be what makes it secret.
    fn origin(&self) -> String {
        target::origin(&self.url)
    }

    fn audit_target(&self) -> audit::Target {
        audit::Target::new("webhook", self.id.as_str(), Some(&self.origin()))
    }
}

fn absent() -> Error {
    Error::absent(Code::WebhookNotFound)
}
