//! Drives the built binary with the community's Rust client, which speaks v1.
//!
//! The binary is UNKEY_BIN, or the debug build of this checkout.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use unkey::Client;
use unkey::models::{
    CreateKeyRequest, DeleteApiRequest, ErrorCode, GetApiRequest, GetKeyRequest, ListKeysRequest, Ratelimit,
    RatelimitType, Refill, RefillInterval, RevokeKeyRequest, UpdateKeyRequest, UpdateOp, UpdateRemainingRequest,
    VerifyKeyRequest,
};

const ROOT_KEY: &str = "unkey_rustclient00000000000000000";

struct Server {
    process: Child,
    address: String,
    _data: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../target/debug/unkey");
        let binary = std::env::var_os("UNKEY_BIN").map_or(built, PathBuf::from);
        let data = tempfile::tempdir().unwrap();
        let mut process = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path().join("data"))
            .env_clear()
            .env("UNKEY_ROOT_KEY", ROOT_KEY)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().split_once("listening on ").unwrap().1.to_owned();
        Self { process, address, _data: data }
    }

    /// The version is part of this client's address.
    fn client(&self) -> Client {
        Client::with_url(ROOT_KEY, &format!("{}/v1", self.address))
    }

    /// The client makes no APIs.
    fn api(&self) -> String {
        let http = std::net::TcpStream::connect(self.address.trim_start_matches("http://")).unwrap();
        let body = json!({ "name": "payments" }).to_string();
        let request = format!(
            "POST /v1/apis.createApi HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {ROOT_KEY}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        std::io::Write::write_all(&mut &http, request.as_bytes()).unwrap();
        let answer = std::io::read_to_string(http).unwrap();
        let made: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        made["apiId"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

// row: libraries/rs/overview
#[tokio::test]
async fn every_call_of_the_client_works() {
    let server = Server::start();
    let (client, api) = (server.client(), server.api());
    let request = CreateKeyRequest::new(api.as_str())
        .set_prefix("test")
        .set_name("my key")
        .set_owner_id("ann")
        .set_byte_length(24)
        .set_meta(json!({ "plan": "pro" }))
        .set_expires(4_000_000_000_000)
        .set_remaining(100)
        .set_ratelimit(Ratelimit::new(RatelimitType::Fast, 10, 60_000, 100))
        .set_refill(Refill::new(100, RefillInterval::Daily));
    let made = client.create_key(request).await.unwrap();
    assert!(made.key.starts_with("test_"));

    let verified = client.verify_key(VerifyKeyRequest::new(made.key.as_str(), api.as_str())).await.unwrap();
    assert!(verified.valid);
    assert_eq!(verified.code, ErrorCode::Valid);
    assert_eq!((verified.remaining, verified.owner_id.as_deref()), (Some(99), Some("ann")));
    assert_eq!(verified.ratelimit.unwrap().limit, 100);

    // A key with a limit decodes only with the older names of its members.
    let key = client.get_key(GetKeyRequest::new(made.key_id.as_str())).await.unwrap();
    let limit = key.ratelimit.unwrap();
    assert_eq!((limit.ratelimit_type, limit.limit, limit.refill_interval), (RatelimitType::Fast, 100, 60_000));
    assert_eq!(key.refill.unwrap().interval, RefillInterval::Daily);
    assert_eq!((key.api_id.as_str(), key.meta), (api.as_str(), Some(json!({ "plan": "pro" }))));

    let update = UpdateKeyRequest::new(made.key_id.as_str()).set_name(Some("renamed")).set_ratelimit(None);
    client.update_key(update).await.unwrap();
    let key = client.get_key(GetKeyRequest::new(made.key_id.as_str())).await.unwrap();
    assert_eq!((key.name.as_deref(), key.ratelimit.is_none(), key.remaining), (Some("renamed"), true, Some(99)));

    let set = UpdateRemainingRequest::new(made.key_id.as_str(), Some(5), UpdateOp::Set);
    assert_eq!(client.update_remaining(set).await.unwrap().remaining, 5);

    client.create_key(CreateKeyRequest::new(api.as_str())).await.unwrap();
    let listed = client.list_keys(ListKeysRequest::new(api.as_str()).set_limit(1)).await.unwrap();
    assert_eq!((listed.keys.len(), listed.total), (1, 2));
    let rest = ListKeysRequest::new(api.as_str()).set_cursor(listed.cursor.unwrap()).set_revalidate_cache(true);
    assert_eq!(client.list_keys(rest).await.unwrap().keys.len(), 1);
    let anns = ListKeysRequest::new(api.as_str()).set_owner_id("ann");
    assert_eq!(client.list_keys(anns).await.unwrap().keys.len(), 1);

    let read = client.get_api(GetApiRequest::new(api.as_str())).await.unwrap();
    assert_eq!((read.api_id.as_str(), read.name.as_str()), (api.as_str(), "payments"));
    client.revoke_key(RevokeKeyRequest::new(made.key_id.as_str())).await.unwrap();
    let gone = client.verify_key(VerifyKeyRequest::new(made.key.as_str(), api.as_str())).await.unwrap();
    assert_eq!((gone.valid, gone.code), (false, ErrorCode::NotFound));
    client.delete_api(DeleteApiRequest::new(api.as_str())).await.unwrap();
    client.get_api(GetApiRequest::new(api.as_str())).await.unwrap_err();
}

#[tokio::test]
async fn failures_have_codes_the_client_knows_or_passes_as_unknown() {
    let server = Server::start();
    let mut client = server.client();
    let absent = client.get_key(GetKeyRequest::new("key_none")).await.unwrap_err();
    assert_eq!((absent.code, absent.message.as_str()), (ErrorCode::NotFound, "key key_none not found"));
    let refused = client.create_key(CreateKeyRequest::new("api_none").set_byte_length(1)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadRequest);
    // This one sends its token without a scheme from then on.
    client.set_key(ROOT_KEY);
    let absent = client.get_api(GetApiRequest::new("api_none")).await.unwrap_err();
    assert_eq!(absent.code, ErrorCode::NotFound);
    client.set_key("unkey_nobody");
    let stranger = client.get_api(GetApiRequest::new("api_none")).await.unwrap_err();
    assert_eq!(stranger.code, ErrorCode::Unauthorized);
}
