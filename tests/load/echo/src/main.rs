//! The yardstick of the load test: a bare poem server that decodes the bodies of
//! the measured routes into structs and encodes them back, and answers a route without
//! a body. No product in it.

use poem::listener::TcpListener;
use poem::web::Json;
use poem::{Route, Server, get, handler, post};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct VerifyBody {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits: Option<Credits>,
    #[serde(default)]
    ratelimits: Vec<Ratelimit>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Credits {
    cost: i64,
}

#[derive(Serialize, Deserialize)]
struct Ratelimit {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct LimitBody {
    namespace: String,
    identifier: String,
    limit: i64,
    duration: i64,
}

#[handler]
fn verify(Json(body): Json<VerifyBody>) -> Json<VerifyBody> {
    Json(body)
}

#[handler]
fn limit(Json(body): Json<LimitBody>) -> Json<LimitBody> {
    Json(body)
}

#[handler]
fn pass() {}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let routes = Route::new()
        .at("/v2/keys.verifyKey", post(verify))
        .at("/v2/ratelimit.limit", post(limit))
        .at("/auth/verify", get(pass));
    Server::new(TcpListener::bind(address)).run(routes).await
}
