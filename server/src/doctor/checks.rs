//! Which checks there are, in the order in which they are carried out.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{
    Finding, Patience, Subject, balances, clock, databases, disk, files, indexes, master_key, network,
    schedules,
};
use base::error::Result;

type Carry = for<'a> fn(&'a Subject) -> BoxFuture<'a, Result<Vec<Finding>>>;

/// A check.
pub(super) struct Check {
    pub name: &'static str,
    cost: Cost,
    carry: Carry,
}

#[derive(Clone, Copy)]
enum Cost {
    Light,
    Heavy,
}

const fn light(name: &'static str, carry: Carry) -> Check {
    Check { name, cost: Cost::Light, carry }
}

const fn heavy(name: &'static str, carry: Carry) -> Check {
    Check { name, cost: Cost::Heavy, carry }
}

pub(super) const CHECKS: &[Check] = &[
    light("permissions", |subject| Box::pin(files::permissions(subject))),
    light("leftovers", |subject| Box::pin(files::leftovers(subject))),
    light("disk", |subject| Box::pin(disk::space(subject))),
    light("database", |subject| Box::pin(databases::answers(subject))),
    light("schema", |subject| Box::pin(databases::schema(subject))),
    light("wal", |subject| Box::pin(databases::logs(subject))),
    light("changes", |subject| Box::pin(databases::changes(subject))),
    light("master-key", |subject| Box::pin(master_key::state(subject))),
    light("clock", |subject| Box::pin(clock::agrees(subject))),
    light("jobs", |subject| Box::pin(schedules::last_runs(subject))),
    light("backup", |subject| Box::pin(schedules::backups(subject))),
    light("listen", |subject| Box::pin(network::listen(subject))),
    light("public-url", |subject| Box::pin(network::public_url(subject))),
    light("proxies", |subject| Box::pin(network::proxies(subject))),
    heavy("integrity", |subject| Box::pin(databases::integrity(subject))),
    heavy("balances", |subject| Box::pin(balances::sound(subject))),
    heavy("indexes", |subject| Box::pin(indexes::complete(subject))),
];

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.name)
}

impl Check {
    /// What it finds, or that it could not look.
    pub async fn carry_out(&self, subject: &Subject, patience: Patience) -> Vec<Finding> {
        let deadline = match self.cost {
            Cost::Light => patience.light,
            Cost::Heavy => patience.heavy,
        };
        let found = match tokio::time::timeout(deadline, (self.carry)(subject)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::info!(check = self.name, ?error, "a check could not be carried out");
                let cause = error.cause_chain();
                let why = if cause.is_empty() { error.detail().to_owned() } else { cause };
                vec![Finding::unknown(format!("It could not be looked at: {why}"))]
            }
            Err(_) => vec![Finding::unknown(overdue(deadline))],
        };
        found.into_iter().map(|finding| finding.of(self.name)).collect()
    }
}

fn overdue(deadline: Duration) -> String {
    format!("It was not done within {} seconds, and was given up.", deadline.as_secs())
}
