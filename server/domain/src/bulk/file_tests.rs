//! Files that are read, files that are refused, and what either may take.

use std::io::{Seek, SeekFrom, Write};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ImportFile, ImportFormat, ImportOf, Row};
use crate::bulk::import;
use crate::keys::ImportedSecret;
use base::error::{Error, Result};
use base::secret::KeyHash;

use ImportFormat::{Csv, JsonLines};

fn file(of: ImportOf, format: ImportFormat, content: impl AsRef<[u8]>) -> ImportFile {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content.as_ref()).unwrap();
    ImportFile::new(of, format, file)
}

/// Rows as subject and object, after the file was found to have no fault.
fn read(of: ImportOf, format: ImportFormat, content: &str) -> Result<Vec<(String, Value)>> {
    let file = file(of, format, content);
    let count = file.check()?;
    let rows = file.rows()?.map(|(_, row)| row).collect::<Result<Vec<Row>>>()?;
    assert_eq!(rows.len() as u64, count);
    Ok(rows.into_iter().map(|row| (row.subject, serde_json::from_str(&row.payload).unwrap())).collect())
}

fn refused(of: ImportOf, format: ImportFormat, content: impl AsRef<[u8]>) -> Error {
    file(of, format, content).check().expect_err("a fault")
}

#[test]
fn csv_cells_have_the_type_of_their_column() {
    let text = "\u{feff}slug,name,description\r\ndocs.read,Read,\"a, b\"\r\n\r\ndocs.write,,\r\n";
    let rows = read(ImportOf::Permissions, Csv, text).unwrap();
    assert_eq!(
        rows.iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>(),
        ["docs.read", "docs.write"]
    );
    assert_eq!(rows[0].1, json!({ "slug": "docs.read", "name": "Read", "description": "a, b" }));
    let roles = "name,permissions\nreader,docs.read;docs.list\nwriter,\"[\"\"docs.write\"\"]\"\n";
    let rows = read(ImportOf::Roles, Csv, roles).unwrap();
    assert_eq!(rows[0].1["permissions"], json!(["docs.read", "docs.list"]));
    assert_eq!(rows[1].1["permissions"], json!(["docs.write"]));
    let lines = "\u{feff}\n{\"slug\":\"a\"}\n\n  \n{\"slug\":\"b\"}";
    assert_eq!(read(ImportOf::Permissions, JsonLines, lines).unwrap().len(), 2);
}

#[test]
fn a_plaintext_is_hashed_as_it_is_read() {
    let rows = read(ImportOf::Keys("api_1".into()), JsonLines, r#"{"key":"sk_secret","name":"n"}"#).unwrap();
    let text = rows[0].1.to_string();
    assert!(!text.contains("sk_secret") && text.contains(&KeyHash::of("sk_secret").to_base64()));
    assert_eq!(rows[0].1["start"], "sk_s");
}

#[test]
fn hashes_are_read_as_other_systems_write_them() {
    let of = || ImportOf::Keys("api_1".into());
    let hash = KeyHash::of("sk_secret");
    let url = hash.to_base64().trim_end_matches('=').replace('+', "-").replace('/', "_");
    for text in [hash.to_base64(), hash.to_hex(), hash.to_hex().to_uppercase(), url] {
        let rows = read(of(), Csv, &format!("hash,name\n{text},n\n")).unwrap();
        let import = import::key(&"api_1".into(), &rows[0].1.to_string()).unwrap();
        assert!(
            matches!(import.secret, ImportedSecret::Hash(stored) if stored == hash.to_base64()),
            "{text}"
        );
    }
    for dead in ["900150983cd24fb0d6963f7d28e17f72", "sk_secret", &hash.to_hex()[1..]] {
        let error = refused(of(), Csv, format!("hash,name\n{},n\n{dead},n\n", hash.to_hex()));
        assert_eq!(error.faults()[0].location, "line 3");
        assert!(error.detail().contains("cannot be a SHA-256") && !error.detail().contains(dead));
    }
}

/// Every column that protects, in a file of one row: as it should be, in other
/// spellings, and a part of what belongs together.
#[test]
fn no_column_that_protects_is_dropped() {
    let hash = KeyHash::of("sk_1").to_base64();
    let read = |columns: &str, cells: &str| {
        let text = format!("hash,{columns}\n{hash},{cells}\n");
        read(ImportOf::Keys("api_1".into()), Csv, text.as_str())
    };
    let limit = r#""[{""name"":""a"",""limit"":1,""duration"":1000}]""#;
    for (column, cell) in [
        ("enabled", "false"),
        ("credits", "5"),
        ("expires", "2030-01-01T00:00:00Z"),
        ("roles", "reader"),
        ("permissions", "docs.read"),
        ("ratelimits", limit),
    ] {
        let rows = read(column, cell).unwrap();
        assert!(!rows[0].1[column].is_null(), "{column}: {}", rows[0].1);
        for wrong in [column.to_uppercase(), format!(" {column}"), format!("{column}s"), format!("{column}_")]
        {
            let refused = read(&wrong, cell).unwrap_err();
            assert!(refused.detail().contains("unknown field"), "{wrong}: {}", refused.detail());
        }
        let twice = read(&format!("{column},{column}"), &format!("{cell},{cell}")).unwrap_err();
        assert!(twice.detail().contains("twice"), "{}", twice.detail());
    }
    for (columns, cells) in [
        ("refill_interval", "daily"),
        ("refill_amount", "5"),
        ("refill_day", "3"),
        ("refill_interval,refill_day", "monthly,3"),
        ("refill_amount,refill_day", "5,3"),
        ("credits,refill_interval,refill_amount,refill_day", "5,daily,5,3"),
        ("key", "sk_2"),
        ("enabled", "no"),
        ("credits", "many"),
        ("expires", "soon"),
        ("ratelimits", r#""[{""name"":""a"",""limit"":1}]""#),
        ("ratelimits", r#""[{""name"":""a"",""limit"":1,""duration"":1000,""autoapply"":true}]""#),
    ] {
        assert!(read(columns, cells).is_err(), "{columns}: {cells}");
    }
}

/// Of two values of one member neither is known to be the one that was meant.
#[test]
fn a_member_that_is_there_twice_is_refused_by_name() {
    let hash = KeyHash::of("sk_1").to_base64();
    for (name, members) in [
        ("enabled", r#""enabled":false,"enabled":true"#),
        ("enabled", r#""enabled":true,"meta":{},"en\u0061bled":true"#),
        ("expires", r#""expires":1,"expires":null"#),
        ("credits", r#""credits":1,"credits":1"#),
        ("limit", r#""ratelimits":[{"name":"a","limit":1,"duration":1000,"limit":9}]"#),
        ("a", r#""meta":{"b":[{"a":1,"a":2}]}"#),
    ] {
        let text = format!("{{\"hash\":\"{hash}\"}}\n{{\"hash\":\"{hash}\",{members}}}\n");
        let error = refused(ImportOf::Keys("api_1".into()), JsonLines, text);
        assert_eq!(error.faults()[0].location, "line 2", "{members}");
        assert!(error.detail().contains(&format!("`{name}` is there twice")), "{}", error.detail());
    }
    let cell = r#""[{""name"":""a"",""limit"":1,""duration"":1000,""limit"":9}]""#;
    let error =
        refused(ImportOf::Keys("api_1".into()), Csv, format!("hash,ratelimits\n{hash},{cell}\n").as_str());
    assert!(error.detail().contains("`limit` is there twice"), "{}", error.detail());
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = "hash,credits,expires\nnope,,\nx,many,\n,,soon\na,b\n\"line\nbreak\",,\n";
    let error = refused(ImportOf::Keys("api_1".into()), Csv, text);
    let lines: Vec<&str> = error.faults().iter().map(|fault| fault.location.as_str()).collect();
    assert_eq!(lines, ["line 2", "line 3", "line 4", "line 5", "line 6"]);
    let limit_as_array = r#"{"external_id":"a","ratelimits":[["requests",10,1000]]}"#;
    refused(ImportOf::Identities, JsonLines, limit_as_array);
    for bad in ["{\"slug\":\"a\",\"colour\":1}", "[1]", "{", "{\"name\":\"a\"}"] {
        refused(ImportOf::Permissions, JsonLines, bad);
    }
    for (format, empty) in
        [(Csv, ""), (Csv, "slug\n"), (Csv, "\n\n\n"), (JsonLines, ""), (JsonLines, "\n \n")]
    {
        assert_eq!(
            refused(ImportOf::Permissions, format, empty).detail(),
            "The file has no rows.",
            "{empty:?}"
        );
    }
}

#[test]
fn faults_are_few_and_short_whatever_the_file_holds() {
    let long = "x".repeat(100_000);
    for (format, text) in [
        (JsonLines, format!("{{\"slug\":\"a\",\"{long}\":1}}\n").repeat(60)),
        (Csv, "slug,name\na\n".to_owned() + &"a\n".repeat(1000)),
        (Csv, format!("slug,{long}\n") + &"a,b\n".repeat(1000)),
    ] {
        let error = refused(ImportOf::Permissions, format, text);
        assert_eq!(error.faults().len(), 50);
        assert!(error.faults().iter().all(|fault| fault.message.chars().count() <= 500));
        assert!(error.detail().len() < 700);
    }
}

#[test]
fn what_is_no_text_or_no_table_is_refused_in_words() {
    let utf16: Vec<u8> = "slug\nread\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(ImportFormat, Vec<u8>, &str); 9] = [
        (Csv, utf16.clone(), "UTF-8"),
        (JsonLines, utf16, "UTF-8"),
        (Csv, b"slug\n\xff\n".to_vec(), "UTF-8"),
        (JsonLines, b"{\"slug\":\"\xff\"}".to_vec(), "UTF-8"),
        (Csv, b"slug\nread\0\n".to_vec(), "UTF-8"),
        (Csv, b"slug,na\0me\nread,\n".to_vec(), "UTF-8"),
        (Csv, b"slug,slug\na,b\n".to_vec(), "`slug` is there twice"),
        (Csv, vec![b','; 1 << 20], "at most 64 columns"),
        (Csv, b"slug,name\nread\n".to_vec(), "1 cells for 2 columns"),
    ];
    for (format, content, why) in cases {
        let error = refused(ImportOf::Permissions, format, &content);
        assert!(error.detail().contains(why), "{}: {why}", error.detail());
    }
}

/// Memory that reading takes is bounded by a row, and the bounds are on rows.
#[test]
fn a_row_has_a_bound_and_a_file_a_number_of_rows() {
    let cell = "x".repeat(3 << 20);
    let values = format!("{{\"name\":\"r\",\"permissions\":[{}\"\"]}}", "\"\",".repeat(150_000));
    let control = "\u{1}".repeat(1 << 20);
    for (of, format, content, why) in [
        (ImportOf::Permissions, Csv, format!("slug\n{cell}\n"), "at most 2 MiB"),
        (ImportOf::Permissions, Csv, format!("{cell}\nread\n"), "at most 2 MiB"),
        (ImportOf::Permissions, Csv, format!("slug\n\"{}", "read\n".repeat(1 << 20)), "never closed"),
        (ImportOf::Permissions, JsonLines, format!("{{\"slug\":\"{cell}\"}}"), "at most 2 MiB"),
        (ImportOf::Roles, JsonLines, values, "at most 100000 values"),
        (ImportOf::Permissions, Csv, format!("slug\n{control}\n"), "at most 2 MiB"),
    ] {
        let error = refused(of, format, content);
        assert!(error.detail().contains(why) && error.faults().len() <= 1, "{}: {why}", error.detail());
    }
    let rows = "slug\n".to_owned() + &"a\n".repeat(100_001);
    assert!(refused(ImportOf::Permissions, Csv, rows).detail().contains("at most 100000 rows"));
    let rows = "slug\n".to_owned() + &"\n".repeat(1_000_000) + &"a\n".repeat(100_000);
    assert_eq!(file(ImportOf::Permissions, Csv, rows).check().unwrap(), 100_000);
}

#[test]
fn a_file_is_read_from_its_beginning_wherever_it_stands() {
    let mut file = file(ImportOf::Permissions, Csv, "slug\na\nb\n");
    for place in [0, 3, 100] {
        file.file.seek(SeekFrom::Start(place)).unwrap();
        assert_eq!(file.check().unwrap(), 2);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_reading_fail_otherwise(content in proptest::collection::vec(any::<u8>(), 0..400), csv in any::<bool>()) {
        let format = if csv { Csv } else { JsonLines };
        let result = file(ImportOf::Roles, format, &content).check();
        if let Err(error) = result {
            prop_assert_eq!(error.code(), base::error::Code::InvalidInput);
        }
    }

    #[test]
    fn what_csv_quotes_is_read_back(names in proptest::collection::vec("[a-z\",\n\r ;é]{1,12}", 1..8)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["slug", "name"]).unwrap();
        for (number, name) in names.iter().enumerate() {
            writer.write_record([format!("slug.{number}"), name.clone()]).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let rows = read(ImportOf::Permissions, Csv, &text).unwrap();
        let read: Vec<&str> = rows.iter().map(|(_, row)| row["name"].as_str().unwrap()).collect();
        prop_assert_eq!(read, names);
    }
}
