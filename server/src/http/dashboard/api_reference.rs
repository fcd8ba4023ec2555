//! APIs as pages about them, and about their keys and requests, name them.

use base::ids::ApiId;
use web::pages::parts::{ApiRef, Named};

use super::member_request::MemberRequest;
use base::error::{Code, Result};
use domain::apis::Api;

/// APIs that a menu of the crumbs offers.
const SIBLINGS: u64 = 20;

/// The API that the path names, and how its pages name it.
pub async fn api_of_path(request: &MemberRequest) -> Result<(Api, ApiRef)> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    let reference = api_ref(request, &api).await?;
    Ok((api, reference))
}

/// An API and those one can hop to from it.
pub async fn api_ref(request: &MemberRequest, api: &Api) -> Result<ApiRef> {
    let mut all = request.app.apis.first(&request.cx, SIBLINGS).await?;
    if !all.iter().any(|other| other.id == api.id) {
        all.push(api.clone());
    }
    let siblings = all.iter().map(|api| Named::new(api.id.as_str(), &api.name));
    Ok(ApiRef { id: api.id.to_string(), name: api.name.clone(), siblings: siblings.collect() })
}

/// An API by the name it has, or had no more.
pub async fn api_named(request: &MemberRequest, id: &str) -> Result<Named> {
    match request.app.apis.get(&request.cx, &ApiId::from(id)).await {
        Ok(api) => Ok(Named::new(id, &api.name)),
        Err(error) if error.code() == Code::ApiNotFound => Ok(Named::new(id, id)),
        Err(error) => Err(error),
    }
}
