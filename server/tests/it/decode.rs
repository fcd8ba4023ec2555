//! No body passes for another: where a schema wants an object, an array of its
//! members is refused by every operation, however deep it stands. Nor does a text
//! that not every database stores come in by any of them.

use poem::http::Method;
use serde_json::Value;

use crate::samples::{Operation, kind, operations, places, sample, with};
use crate::support::{Answer, TestApp, answer};

async fn send(test: &TestApp, operation: &Operation, body: &Value) -> Answer {
    let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
    let request = test.client.request(method, operation.path.clone()).body(body.to_string());
    let request = request.header("content-type", "application/json");
    let request = match operation.is_of_portal {
        true => request.header("cookie", "portal_session=none"),
        false => request.header("authorization", "Bearer none"),
    };
    answer(request.send().await.0).await
}

/// A body that its schema refuses.
fn is_refused(answer: &Answer) -> bool {
    let detail = answer.body["error"]["detail"].as_str().or(answer.body["error"]["message"].as_str());
    let detail = detail.unwrap_or_default();
    let is_of_schema = detail.contains("failed to validate schema")
        || detail.contains(": Expected")
        || detail.contains(": Invalid input");
    answer.status == 400 && is_of_schema
}

/// All orders of up to four values; of more, one.
fn orders(values: &[Value]) -> Vec<Vec<Value>> {
    if values.len() > 4 {
        return vec![values.to_vec()];
    }
    if values.is_empty() {
        return vec![Vec::new()];
    }
    (0..values.len())
        .flat_map(|first| {
            let mut rest = values.to_vec();
            let head = rest.remove(first);
            orders(&rest).into_iter().map(move |order| [vec![head.clone()], order].concat())
        })
        .collect()
}

/// Arrays that a struct could be read from: its required members, alone and with
/// one of the others, in every order.
fn arrays(schema: &Value) -> Vec<Value> {
    let none = serde_json::Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let names: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let required: Vec<Value> = names.iter().map(|name| sample(&properties[*name], 0)).collect();
    let optional = properties.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    let with_one = optional.map(|(_, member)| [required.clone(), vec![sample(member, 0)]].concat());
    [required.clone()]
        .into_iter()
        .chain(with_one)
        .flat_map(|values| orders(&values))
        .map(Value::from)
        .collect()
}

#[tokio::test]
async fn an_array_is_no_object_anywhere() {
    let test = TestApp::start_with(|config| config.v1_unknown_keys_per_minute = None).await;
    let mut objects = 0;
    for operation in operations() {
        let Some(schema) = &operation.body else { continue };
        let valid = sample(schema, 0);
        let fits = send(&test, &operation, &valid).await;
        assert!(!is_refused(&fits), "{} {valid}: {}", operation.path, fits.body);
        for (path, place) in places(schema).into_iter().filter(|(_, place)| kind(place) == "object") {
            objects += 1;
            for array in arrays(place) {
                let body = with(valid.clone(), &path, array);
                let refused = send(&test, &operation, &body).await;
                assert!(
                    is_refused(&refused),
                    "{} takes {body}: {} {}",
                    operation.path,
                    refused.status,
                    refused.body
                );
            }
        }
    }
    assert!(objects > 100, "only {objects} objects were looked at");
}

fn names_the_nul(answer: &Answer) -> bool {
    answer.status == 400 && answer.body.to_string().contains("U+0000")
}

#[tokio::test]
async fn a_nul_is_refused_in_every_text() {
    let test = TestApp::start_with(|config| config.v1_unknown_keys_per_minute = None).await;
    let mut texts = 0;
    for operation in operations() {
        for (name, _) in operation.query.iter() {
            texts += 1;
            let path = format!("{}?{name}=a%00", operation.path);
            let refused = send(
                &test,
                &Operation {
                    path,
                    body: None,
                    query: Vec::new(),
                    method: operation.method.clone(),
                    is_of_portal: operation.is_of_portal,
                },
                &Value::Null,
            )
            .await;
            assert!(names_the_nul(&refused), "{} {name}: {}", operation.method, refused.body);
        }
        let Some(schema) = &operation.body else { continue };
        let valid = sample(schema, 0);
        for (path, _) in
            places(schema).into_iter().filter(|(_, place)| matches!(kind(place), "string" | "any"))
        {
            texts += 1;
            let refused = send(&test, &operation, &with(valid.clone(), &path, "a\0b".into())).await;
            assert!(names_the_nul(&refused), "{} {path:?}: {}", operation.path, refused.body);
        }
    }
    assert!(texts > 200, "only {texts} texts were looked at");
}

#[tokio::test]
async fn a_key_in_an_array_is_not_verified() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, serde_json::json!({ "credits": { "remaining": 5 } })).await;
    let body = serde_json::json!([key]);
    test.call("keys.verifyKey", body.clone()).await.fails(400, "application/invalid_input");
    let v1 = test
        .client
        .post("/v1/keys.verifyKey")
        .body(body.to_string())
        .header("content-type", "application/json");
    assert_eq!(answer(v1.send().await.0).await.status, 400);
    assert_eq!(test.verify(&key).await["credits"], 4);
}
