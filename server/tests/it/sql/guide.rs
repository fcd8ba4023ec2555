//! The guide `docs/analytics.md`: every query on it runs, and it leaves out no
//! table, column or function.

use super::seed::Seeded;
use insight::sql::{TABLES, functions_offered};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/analytics.md");
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_guide_answers() {
    let page = page();
    let queries: Vec<&str> =
        page.split("```sql\n").skip(1).map(|part| part.split("```").next().unwrap()).collect();
    assert!(queries.len() >= 10, "{}", queries.len());
    let seeded = Seeded::start().await;
    for query in queries {
        let rows = seeded.ask(query).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        assert!(!rows.is_empty(), "nothing to see: {query}");
    }
}

#[test]
fn the_guide_is_complete() {
    let page = page();
    let lower = page.to_lowercase();
    for table in &TABLES {
        assert!(page.contains(&format!("`{}`", table.name)), "{}", table.name);
        for column in table.columns() {
            assert!(page.contains(&format!("`{}`", column.name())), "{}", column.name());
        }
    }
    for function in functions_offered() {
        assert!(lower.contains(function), "{function}");
    }
}
