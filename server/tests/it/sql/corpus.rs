use super::seed::Seeded;

#[tokio::test(flavor = "multi_thread")]
async fn try_out() {
    let seeded = Seeded::start().await;
    for line in std::fs::read_to_string("/tmp/helpers/sqltry.sql").unwrap().lines() {
        let start = std::time::Instant::now();
        match seeded.ask(line).await {
            Ok(rows) => println!("{line}\n   {} rows {:?}: {}", rows.len(), start.elapsed(), serde_json::to_string(&rows.iter().take(4).collect::<Vec<_>>()).unwrap()),
            Err(e) => println!("{line}\n   ERR {e:?}"),
        }
    }
}
