//! The page about the audit log names every event there is.

use std::fs;

use base::audit::Event;

use super::root;

#[test]
fn every_event_of_the_audit_log_is_on_its_page() {
    let page = fs::read_to_string(root().join("audit-log.md")).unwrap();
    let names = Event::ALL.iter().map(|event| event.as_str());
    let missing: Vec<&str> = names.filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
