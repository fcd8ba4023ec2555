//! The fingerprint of the master key, and the sealed data key of the server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::ConnectionTrait;

use base::error::{Error, Result};
use base::settings;
use base::store::Tx;
use base::store::copies::DatabaseCopy;

const FINGERPRINT: &str = "master_key_fingerprint";
const SERVER_KEY: &str = "server_data_key";

pub(super) async fn fingerprint(db: &impl ConnectionTrait) -> Result<Option<String>> {
    settings::get(db, FINGERPRINT).await
}

pub(super) fn fingerprint_of_copy(copy: &DatabaseCopy) -> Result<Option<String>> {
    settings::get_of_copy(copy, FINGERPRINT)
}

pub(super) async fn set_fingerprint(tx: &Tx, fingerprint: &str, now_ms: i64) -> Result<()> {
    settings::set(tx, FINGERPRINT, fingerprint, now_ms).await
}

/// The sealed data key of the server itself.
pub(super) async fn server_key(db: &impl ConnectionTrait) -> Result<Option<Vec<u8>>> {
    let sealed = settings::get(db, SERVER_KEY).await?.map(|text| STANDARD.decode(text));
    sealed.transpose().map_err(Error::internal)
}

pub(super) async fn set_server_key(tx: &Tx, sealed: &[u8], now_ms: i64) -> Result<()> {
    settings::set(tx, SERVER_KEY, &STANDARD.encode(sealed), now_ms).await
}
