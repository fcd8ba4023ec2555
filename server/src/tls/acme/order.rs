//! The conversation with an authority: an account, an order, the challenge, the
//! certificate.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use super::Failure;
use super::client::Client;
use super::kept::{Kept, KeptAccount};
use crate::tls::served::Served;
use base::config::Acme;

/// How long the authority may take to look at our answer, or to make a certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// What it says of an account that it does not know.
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// What the authority gave, in PEM.
pub struct Given {
    pub chain: String,
    pub key: String,
}

/// Whether the authority does not know our account any more.
pub fn is_unknown_account(failure: &Failure) -> bool {
    failure.kind.as_deref() == Some(NO_ACCOUNT)
}

/// The account from before, or a new one.
pub async fn account(acme: &Acme, kept: &Kept, client: &Client) -> Result<Account, Failure> {
    let Some(KeptAccount { credentials, contact, .. }) = kept.account(&acme.directory) else {
        return new_account(acme, kept, client).await;
    };
    let account = Account::builder_with_http(Box::new(client.clone())).from_credentials(credentials).await?;
    if contact != acme.contact {
        let contacts = contacts(acme);
        let texts: Vec<&str> = contacts.iter().map(String::as_str).collect();
        account.update_contacts(&texts).await?;
        if let Some(stored) = kept.account(&acme.directory) {
            let stored = KeptAccount { contact: acme.contact.clone(), ..stored };
            kept.keep_account(&stored).map_err(Failure::new)?;
        }
    }
    Ok(account)
}

/// Opens an account, which agrees to the terms of the authority
/// (docs/tls.md#certificates-by-acme).
pub async fn new_account(acme: &Acme, kept: &Kept, client: &Client) -> Result<Account, Failure> {
    let contacts = contacts(acme);
    let contacts: Vec<&str> = contacts.iter().map(String::as_str).collect();
    let wanted =
        NewAccount { contact: &contacts, terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_http(Box::new(client.clone()));
    let (account, credentials) = builder.create(&wanted, acme.directory.clone(), None).await?;
    let opened =
        KeptAccount { directory: acme.directory.clone(), contact: acme.contact.clone(), credentials };
    kept.keep_account(&opened).map_err(Failure::new)?;
    Ok(account)
}

fn contacts(acme: &Acme) -> Vec<String> {
    acme.contact.iter().map(|address| format!("mailto:{address}")).collect()
}

/// Orders a certificate for `domain` and shows that it is ours.
pub async fn certificate(account: &Account, domain: &str, served: &Served) -> Result<Given, Failure> {
    let identifiers = [Identifier::Dns(domain.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    prove(&mut order, domain, served).await?;
    let key = KeyPair::generate().map_err(|error| Failure::new(error.to_string()))?;
    order.finalize_csr(&request(domain, &key).map_err(|error| Failure::new(error.to_string()))?).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(Given { chain, key: key.serialize_pem() })
}

/// Answers the challenges of an order until the authority is content.
async fn prove(order: &mut Order, domain: &str, served: &Served) -> Result<(), Failure> {
    let mut answering = None;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or_else(|| Failure::new("the authority does not offer the challenge tls-alpn-01"))?;
        let digest = challenge.key_authorization().digest();
        let shown = answer(domain, digest.as_ref()).map_err(Failure::new)?;
        // The one before ends first: its end takes away what is shown.
        drop(answering.take());
        answering = Some(served.answer(shown));
        challenge.set_ready().await?;
    }
    let status = order.poll_ready(&PATIENCE).await;
    let refusal = match &status {
        Ok(OrderStatus::Ready) => None,
        _ => refusal(order).await,
    };
    drop(answering);
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    match status? {
        OrderStatus::Ready => Ok(()),
        status => Err(Failure::new(format!("the order is {status:?}"))),
    }
}

/// Why the authority was not content, in its words.
async fn refusal(order: &mut Order) -> Option<Failure> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.ok()?;
        let state = authorization.refresh().await.ok()?;
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return Some(instant_acme::Error::Api(problem.clone()).into());
        }
    }
    None
}

/// A certificate that says the digest, which nobody else could know (RFC 8737).
fn answer(domain: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let mut params = CertificateParams::new([domain.to_owned()]).map_err(|error| error.to_string())?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(ToOwned::to_owned)?;
    let signer = ring::sign::any_supported_type(&key).map_err(|error| error.to_string())?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], Arc::clone(&signer)))
}

/// What is asked for: a certificate of this name, for this key.
fn request(domain: &str, key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}
