//! That the sweep sends what the server accepts, and nothing is left out.

use faults::site::Site;
use faults::sweep::{Sweep, operations};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

/// Fewer forms than the dashboard has: that somebody finds none must not pass for success.
const LEAST_FORMS: usize = 40;

#[test]
fn every_operation_that_changes_something_is_sent() {
    let folder = e2e::folder();
    for version in ["v1", "v2"] {
        let output = e2e::cli_ok(folder.path(), &["openapi", "--version", version]);
        let document: Value = serde_json::from_str(&output).unwrap();
        let missing = operations::missing(&document);
        assert!(missing.is_empty(), "{version}: nothing is sent to {missing:?}");
    }
}

#[test]
fn everything_that_is_sent_is_accepted() {
    let site = Site::new().unwrap();
    site.start();
    let mut sweep = Sweep::new(&site, &mut StdRng::seed_from_u64(1));
    assert!(sweep.forms.len() >= LEAST_FORMS, "{} forms: {:#?}", sweep.forms.len(), sweep.forms);
    let refused = sweep.refused();
    assert!(refused.is_empty(), "{refused:#?}");
    site.stop();
    assert!(site.journal.violations().is_empty(), "{:?}", site.journal.violations());
}
