//! Metadata in forms and on pages: a JSON object as people read and write it.
//!
//! How large it may be is not decided here; the domain does.

use serde_json::{Map, Value};

use base::error::Result;
use base::json_object;
use web::texts::forms as text;

/// What was typed, or what is wrong with it.
pub fn read(text: &str) -> std::result::Result<Map<String, Value>, String> {
    match json_object::parse(text.as_bytes()) {
        Ok(Value::Object(metadata)) => Ok(metadata),
        Ok(_) => Err(text::JSON_IS_NO_OBJECT.to_owned()),
        Err(error) if error.is_data() => Err(text::error_in_json(&error)),
        Err(error) => Err(text::no_json(&error)),
    }
}

/// Empty for none.
pub fn shown(metadata: &Map<String, Value>) -> Result<String> {
    Ok(if metadata.is_empty() { String::new() } else { serde_json::to_string_pretty(metadata)? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        for metadata in [json!({ "plan": "pro", "list": [1, { "a": null }] }), json!({ "a\\u0000": 1 })] {
            let metadata = metadata.as_object().unwrap();
            assert_eq!(read(&shown(metadata).unwrap()).as_ref(), Ok(metadata));
        }
        assert_eq!(shown(&Map::new()).unwrap(), "");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, wrong) in [
            ("", "This is no JSON: EOF"),
            ("[]", "This is JSON, but no object"),
            (r#"{"limit":1,"limit":2}"#, "In this JSON, `limit` is there twice"),
            (r#"{"a":"\u0000"}"#, "In this JSON, a text has the character U+0000"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.starts_with(wrong), "{told}");
        }
    }
}
