//! Values near a schema, for the tests that hold two readers of a body together.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Values that keep the schema, or fail it in some place.
pub fn near(schema: &Value) -> BoxedStrategy<Value> {
    let anything = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(0)),
        Just(json!(-1)),
        Just(json!(1.5)),
        Just(json!(5.0)),
        Just(json!(u64::MAX)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        Just(json!(["abc", 1])),
    ];
    prop_oneof![9 => good(schema), 1 => anything].boxed()
}

fn good(schema: &Value) -> BoxedStrategy<Value> {
    match schema["type"].as_str() {
        Some("string") => prop_oneof![
            4 => "[a-z]{3,12}".prop_map(Value::from),
            1 => proptest::sample::select(vec![1, 2, 128, 129, 255, 256, 512, 513, 1000, 1001])
                .prop_map(|length| Value::from("ü".repeat(length))),
        ]
        .boxed(),
        Some("integer") => {
            proptest::sample::select(vec![0, 1, 999, 1000, 60_000, 2_592_000_000, 2_592_000_001, i64::MAX])
                .prop_map(Value::from)
                .boxed()
        }
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("array") => {
            proptest::collection::vec(near(&schema["items"]), 0..4).prop_map(Value::from).boxed()
        }
        Some("object") => object(schema),
        _ => Just(json!({ "or": ["a", { "and": ["b"] }] })).boxed(),
    }
}

/// Most members are there; a few objects are arrays of their values.
fn object(schema: &Value) -> BoxedStrategy<Value> {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let is_required = |name: &String| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
    };
    let members: Vec<_> = properties
        .iter()
        .map(|(name, member)| {
            // Of those that may not be there are many.
            let probability = match member {
                Value::Bool(false) => 0.003,
                _ if is_required(name) => 0.95,
                _ => 0.3,
            };
            (Just(name.clone()), proptest::option::weighted(probability, near(member)))
        })
        .collect();
    (members, proptest::bool::weighted(0.05), proptest::bool::weighted(0.05))
        .prop_map(|(members, has_unknown, is_array)| {
            let mut members: Map<String, Value> =
                members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            if has_unknown {
                members.insert("unknown".to_owned(), json!(1));
            }
            if is_array {
                members.into_iter().map(|(_, value)| value).collect()
            } else {
                Value::Object(members)
            }
        })
        .boxed()
}
