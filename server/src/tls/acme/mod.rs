//! Certificates from an authority that speaks ACME (RFC 8555): when to ask for one,
//! and what is kept of it.
//!
//! The authority asks back over TLS, on the port of HTTPS (tls-alpn-01), so nothing
//! but that port has to be reachable. Absent on purpose: wildcards, which would need
//! access to the domain's DNS, and accounts that are bound to one elsewhere.

mod client;
mod kept;
mod order;
mod plan;

use std::path::Path;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::timeout;

use super::certificate::{Certificate, Validity};
use super::served::Served;
use base::clock::{Clock, Moment};
use base::config::Acme;
use base::error::Result;

use client::Client;
use kept::Kept;
use plan::Plan;

/// For one attempt, with everything the authority has to do.
const ATTEMPT: Duration = Duration::from_secs(300);

/// An authority, and what we have from it.
pub struct Authority {
    acme: Acme,
    kept: Kept,
    plan: Mutex<Plan>,
}

/// Why there is no certificate.
#[derive(Debug)]
struct Failure {
    /// One line.
    text: String,
    /// What the authority calls it, if it was the authority that said no.
    kind: Option<String>,
}

/// What an authority says that has had enough of us for now.
const TOO_OFTEN: &str = "urn:ietf:params:acme:error:rateLimited";
/// What it calls a challenge that it found nobody, or somebody else, to answer.
const OF_NAME: [&str; 4] = [":connection", ":dns", ":tls", ":unauthorized"];

impl Authority {
    /// Opens what is kept in the data folder.
    pub fn open(acme: Acme, data_dir: &Path, at: Moment) -> Result<Self> {
        let kept = Kept::open(data_dir, &acme.domain)?;
        let plan = Mutex::new(Plan::new(at, kept.obtained_ms()));
        Ok(Self { acme, kept, plan })
    }

    /// The certificate from before, if there is one that can be used.
    pub fn stored(&self) -> Option<Certificate> {
        self.kept.certificate()
    }

    pub fn name(&self) -> &str {
        &self.acme.directory
    }

    /// Whether it is time to ask for another certificate.
    pub fn is_due(&self, at: Moment, validity: Option<Validity>, is_asked: bool) -> bool {
        self.plan.lock().is_due(at, validity, is_asked)
    }

    /// Asks for a certificate and keeps it. `Err` says in one line what is wrong.
    pub async fn obtain(&self, served: &Served, clock: &Clock) -> Result<Certificate, String> {
        let outcome = match timeout(ATTEMPT, self.attempt(served, clock)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::new("it took too long")),
        };
        let mut plan = self.plan.lock();
        match outcome {
            Ok(certificate) => {
                plan.note_obtained(clock.moment());
                Ok(certificate)
            }
            Err(Failure { text, kind }) => {
                plan.note_failed(clock.moment(), kind.as_deref() == Some(TOO_OFTEN));
                let Acme { domain, directory, .. } = &self.acme;
                Err(format!("no certificate for {domain} from {directory}: {text}"))
            }
        }
    }

    async fn attempt(&self, served: &Served, clock: &Clock) -> Result<Certificate, Failure> {
        let client = Client::new(self.acme.ca_certificate.as_deref()).map_err(Failure::new)?;
        let (acme, kept) = (&self.acme, &self.kept);
        let given = match self.order(&client, served).await {
            Err(failure) if order::is_unknown_account(&failure) => {
                let account = order::new_account(acme, kept, &client).await?;
                order::certificate(&account, &acme.domain, served).await?
            }
            given => given?,
        };
        let certificate = Certificate::parse(given.chain.as_bytes(), given.key.as_bytes())
            .map_err(|fault| Failure::new(format!("what it gave cannot be used: {fault:?}")))?;
        kept.keep(&given.chain, &given.key, clock.now_ms()).map_err(Failure::new)?;
        Ok(certificate)
    }

    async fn order(&self, client: &Client, served: &Served) -> Result<order::Given, Failure> {
        let account = order::account(&self.acme, &self.kept, client).await?;
        order::certificate(&account, &self.acme.domain, served).await
    }
}

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: None }
    }
}

impl From<instant_acme::Error> for Failure {
    fn from(error: instant_acme::Error) -> Self {
        let kind = match &error {
            instant_acme::Error::Api(problem) => problem.r#type.clone(),
            _ => None,
        };
        let text = error.to_string();
        let is_of_time =
            ["Expired", "NotValidYet", "expired", "not valid yet"].iter().any(|word| text.contains(word));
        let is_of_name = kind.as_deref().is_some_and(|kind| OF_NAME.iter().any(|word| kind.ends_with(word)));
        let hint = match (is_of_time, is_of_name) {
            (true, _) => "; is the clock of this machine right?",
            (_, true) => "; does the name lead to port 443 of this server?",
            _ => "",
        };
        Self { text: text.replace('\n', " ") + hint, kind }
    }
}
