//! Backups that somebody made to do harm, or with another version of this program.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::manifest::FileEntry;
use super::*;
use base::error::Result;
use base::store::{AppSchema, DataDir, Database, Durability, EventsSchema};

/// A tar of these files, compressed.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn file(name: &str, content: &[u8]) -> Value {
    use sha2::Digest;
    let sha256: String = sha2::Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "name": name, "bytes": content.len(), "sha256": sha256 })
}

fn manifest(files: &[Value]) -> Value {
    json!({
        "format": 1, "program": "9.9.9", "made_at": "2026-11-29T16:48:00.000Z", "made_at_ms": 1_796_000_000_000_i64,
        "database": "sqlite", "master_key_fingerprint": null, "events": 0, "newest_event_ms": null,
        "newest_change_ms": null, "files": files,
    })
}

fn silent(_: &Progress) -> Result<()> {
    Ok(())
}

/// What a restore of it says; nothing may be left.
fn refusal(backup: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new");
    let restored = restore(backup, &new, WithMasterKey::No, &mut silent);
    assert!(!new.exists(), "something was restored");
    assert!(verify(backup, Some(dir.path()), &mut silent).is_err());
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "something was left");
    restored.unwrap_err().detail().to_owned()
}

/// The files of a new server, closed.
async fn databases() -> (TempDir, Vec<u8>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let path = |name: &str| dir.path().join(name);
    Database::open::<AppSchema>(&path("app.db"), Durability::Full).await.unwrap().close().await.unwrap();
    Database::open::<EventsSchema>(&path("events.db"), Durability::Full)
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    let (app, events) = (read("app.db"), read("events.db"));
    (dir, app, events)
}

#[test]
fn one_of_a_newer_program_says_which_is_needed() {
    let mut newer = manifest(&[]);
    newer["format"] = json!(2);
    newer["files"] = json!("in another form");
    let said = refusal(&packed(&[("manifest.json", newer.to_string().as_bytes())]));
    assert!(said.contains("made by version 9.9.9"), "{said}");
    let mut app = file("app.db", b"x");
    app["migrations"] = json!(["m0001_app", "m9999_later"]);
    let newer = manifest(&[app, file("events.db", b"y")]);
    let said = refusal(&packed(&[
        ("manifest.json", newer.to_string().as_bytes()),
        ("app.db", b"x"),
        ("events.db", b"y"),
    ]));
    assert!(said.contains("version 9.9.9") && said.contains("m9999_later"), "{said}");
}

#[test]
fn what_the_manifest_does_not_say_is_not_written() {
    let said = |files: &[Value], content: &[(&str, &[u8])]| {
        let manifest = manifest(files).to_string();
        refusal(&packed(&[&[("manifest.json", manifest.as_bytes())], content].concat()))
    };
    let (app, events) = (file("app.db", b"xx"), file("events.db", b"yy"));
    let both = [app.clone(), events.clone()];
    let content: [(&str, &[u8]); 2] = [("app.db", b"xx"), ("events.db", b"yy")];
    assert!(said(&[file("../../etc/cron.d/x", b"xx"), events.clone()], &content).contains("other files"));
    assert!(said(&[events.clone(), app.clone()], &content).contains("other files"));
    assert!(said(std::slice::from_ref(&app), &content[..1]).contains("other files"));
    assert!(
        said(&[app, events, file("master.key.age", &[0; 70_000])], &content)
            .contains("longer than one can be")
    );
    assert!(said(&both, &content[..1]).contains("cut short"));
    assert!(said(&both, &[content[1], content[0]]).contains("something else where app.db should be"));
    assert!(said(&both, &[content[0], ("events.db", b"longer")]).contains("something else"));
    assert!(said(&both, &[("app.db", b"xz"), content[1]]).contains("its checksum is another"));
    let more = [content[0], content[1], ("more", b"z".as_slice())];
    assert!(said(&both, &more).contains("more than its manifest says"));
    assert!(said(&both, &content).contains("cannot be read"), "files that are no databases");
    assert!(refusal(&packed(&[("app.db", b"xx")])).contains("no backup"));
    assert!(refusal(&packed(&[("manifest.json", b"{}")])).contains("no backup"));
}

/// A little that becomes a lot is refused before any of it is written.
#[test]
fn a_bomb_fills_no_disk_and_no_memory() {
    let mut huge = file("app.db", b"x");
    huge["bytes"] = json!(1_u64 << 50);
    let manifest = manifest(&[huge, file("events.db", b"y")]).to_string();
    let said = refusal(&packed(&[("manifest.json", manifest.as_bytes()), ("app.db", b"x")]));
    assert!(said.contains("MiB are needed"), "{said}");
    let long = vec![b' '; 3 << 20];
    assert!(refusal(&packed(&[("manifest.json", &long)])).contains("no backup"));
    // A name so long that another entry holds it.
    let name = "x".repeat(300);
    assert!(refusal(&packed(&[(name.as_str(), b"x")])).contains("no backup"));
}

/// Takes the files of a backup into memory.
struct Content(Vec<(FileEntry, TempDir)>);

impl Content {
    /// The manifest and the files of a backup.
    fn of(backup: &[u8]) -> Result<(Manifest, Vec<Vec<u8>>)> {
        let mut content = Self(Vec::new());
        let manifest = archive::read(backup, &mut content)?;
        let read = |(entry, dir): &(FileEntry, TempDir)| std::fs::read(dir.path().join(&entry.name)).unwrap();
        Ok((manifest, content.0.iter().map(read).collect()))
    }
}

impl archive::Receiver for Content {
    fn begin(&mut self, _: &Manifest) -> Result<()> {
        Ok(())
    }

    fn file(&mut self, entry: &FileEntry) -> Result<Option<std::fs::File>> {
        let dir = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(dir.path().join(&entry.name)).unwrap();
        self.0.push((entry.clone(), dir));
        Ok(Some(file))
    }

    fn progress(&mut self, _: u64) -> Result<()> {
        Ok(())
    }
}

/// Every cut, and every bit that changes. Some bits of a frame of zstd mean nothing, as
/// the one that is reserved in its header, or ask for a larger window than there need
/// be: with one of them changed the same is read, and nothing else ever is.
#[test]
fn a_changed_bit_is_noticed_or_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let words =
        |seed: u32| (0..90_u32).map(move |at| ((at * at * seed) >> 3) as u8).flat_map(|byte| [byte; 7]);
    let files = [("app.db", words(31).collect::<Vec<u8>>()), ("events.db", words(77).collect())];
    for (name, content) in &files {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    let entries = files.each_ref().map(|(name, content)| file(name, content));
    let said: Manifest = serde_json::from_value(manifest(&entries)).unwrap();
    let mut whole = Vec::new();
    archive::write(&said, dir.path(), &mut whole).unwrap();
    let expected = (said, files.map(|(_, content)| content).to_vec());
    assert_eq!(Content::of(&whole).unwrap(), expected);

    for cut in 0..whole.len() {
        assert!(Content::of(&whole[..cut]).is_err(), "cut after {cut} bytes");
    }
    let mut harmless = 0;
    for bit in 0..whole.len() * 8 {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = Content::of(&changed) {
            assert_eq!(read, expected, "bit {bit}");
            harmless += 1;
        }
    }
    assert!(harmless < 100, "{harmless} of {} bits may change", whole.len() * 8);
}

#[tokio::test]
async fn rows_that_are_missing_are_told() {
    let (_dir, app, events) = databases().await;
    let (mut app_file, events_file) = (file("app.db", &app), file("events.db", &events));
    app_file["rows"] = json!({ "keys": 7 });
    let manifest = manifest(&[app_file, events_file]).to_string();
    let said =
        refusal(&packed(&[("manifest.json", manifest.as_bytes()), ("app.db", &app), ("events.db", &events)]));
    assert!(said.contains("another schema"), "{said}");
}

#[tokio::test]
async fn one_backup_at_a_time_and_what_was_left_goes() {
    let (data, ..) = databases().await;
    let dir = DataDir::acquire(data.path()).unwrap().unwrap();
    let left = data.path().join("backup.part");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("app.db"), "of a process that died").unwrap();
    let key = domain::vault::MasterKeySource::File(data.path().join("master.key"));
    let (clock, entropy) = (base::clock::Clock::manual(1_796_000_000_000), base::entropy::Entropy::seeded(1));
    let backups = Backups::at_rest(&dir, base::store::Engine::Sqlite, clock, entropy, key);
    assert!(!left.exists());
    let mut making = backups.begin(None).unwrap();
    let second = backups.begin(None).err().expect("the first is not done");
    assert!(second.detail().contains("another backup is being made"), "{second}");
    let mut bytes = Vec::new();
    while let Some(part) = making.next().await {
        if let Part::Bytes(part) = part {
            bytes.extend(part);
        }
    }
    let manifest = making.outcome().await.unwrap();
    assert_eq!(manifest.made_at, "2026-11-30T00:53:20.000Z");
    assert!(!left.exists());
    let new = data.path().join("new");
    assert_eq!(restore(bytes.as_slice(), &new, WithMasterKey::No, &mut silent).unwrap(), manifest);
    assert!(new.join("app.db").exists() && !Path::new(&new).join("restore.part").exists());
    // One that nobody takes ends by itself.
    drop(backups.begin(None).unwrap());
    let again = async {
        loop {
            match backups.begin(None) {
                Ok(making) => return making,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    drop(again.await);
}

/// What lies where a draft would be, and whether a backup takes its place.
#[tokio::test]
async fn only_what_a_backup_left_is_taken_for_a_draft() {
    let dir = tempfile::tempdir().unwrap();
    let (data, at) = (dir.path().join("data"), |name: &str| dir.path().join(name));
    std::fs::create_dir(&data).unwrap();
    let (path, part, victim) = (at("b.tar.zst"), at("b.tar.zst.part"), at("victim"));
    let create = async || {
        let name = BackupName { series: None, time_ms: 0 };
        Place::read(&path.display().to_string()).unwrap().create(&name, &data).await
    };
    let precious = b"precious".as_slice();
    std::fs::write(&victim, precious).unwrap();
    for (name, place) in [("another file", precious), ("a text", b"(\xb5?".as_slice())] {
        std::fs::write(&part, place).unwrap();
        assert!(create().await.is_err_and(|error| error.detail().contains("no draft")), "{name}");
        assert_eq!(std::fs::read(&part).unwrap(), place);
    }
    std::fs::remove_file(&part).unwrap();
    for link in [victim.clone(), at("nowhere"), path.clone()] {
        std::os::unix::fs::symlink(&link, &part).unwrap();
        assert!(create().await.is_err(), "{}", link.display());
        std::fs::remove_file(&part).unwrap();
    }
    assert_eq!(std::fs::read(&victim).unwrap(), precious);
    assert!(!at("nowhere").exists());
    for left in [b"".as_slice(), b"(", b"(\xb5/\xfd and more"] {
        std::fs::write(&part, left).unwrap();
        std::fs::set_permissions(&part, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let sink = create().await.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&part.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(
            create().await.is_err_and(|error| error.detail().contains("another backup")),
            "it is written"
        );
        drop(sink);
        assert!(!part.exists());
    }
}

#[tokio::test]
async fn a_backup_is_not_put_where_it_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir_all(data.join("index")).unwrap();
    std::os::unix::fs::symlink(&data, dir.path().join("link")).unwrap();
    let name = BackupName { series: None, time_ms: 0 };
    for target in ["data", "data/", "data/lock", "data/index/", "data/app.db-wal", "link/b", "data/../data/b"]
    {
        let place = Place::read(&dir.path().join(target).display().to_string()).unwrap();
        let refused = place.create(&name, &data).await.err().map(|error| error.detail().to_owned());
        assert!(refused.is_some_and(|text| text.contains("is in the data folder")), "{target}");
    }
    assert_eq!(data.read_dir().unwrap().count(), 1);
}
