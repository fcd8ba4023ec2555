//! Random queries, from a grammar and from shuffled tokens: whatever they say,
//! they show no row of a neighbour, panic nowhere, and are answered in the
//! envelope. The seed is fixed; `LONG_TESTS=1` asks ten times as many.

use serde_json::json;

use super::seed::{FOREIGN, FOREIGN_NUMBER, Seeded};
use crate::support::TestApp;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

const COLUMNS: &[&str] = &[
    "time",
    "key_id",
    "outcome",
    "tags",
    "spent_credits",
    "latency",
    "external_id",
    "workspace_id",
    "count",
    "key_space_id",
    "request_id",
    "identity_id",
    "region",
    "latency_p99",
    "a.key_id",
    "b.time",
    "\"outcome\"",
    "`time`",
    "n",
    "m",
];
const TABLES: &[&str] = &[
    "key_verifications_v1",
    "key_verifications_per_minute_v1",
    "key_verifications_per_hour_v1",
    "key_verifications_per_day_v1",
    "key_verifications_per_month_v1",
];
const FORBIDDEN: &[&str] = &[
    "system.tables",
    "sqlite_master",
    "t0",
    "w1",
    "json_each('[1]')",
    "pragma_table_info('t0')",
    "ratelimits_v1",
    "numbers(1000000000)",
    "generate_series(1, 9)",
    "dbstat",
    "(SELECT 1)",
    "information_schema.columns",
];
const LITERALS: &[&str] = &[
    "1",
    "-1",
    "0",
    "1e308",
    "9223372036854775807",
    "99999999999999999999",
    "0.1",
    "'VALID'",
    "''",
    "'a''b'",
    "'\\'; DROP TABLE t0; --'",
    "'2026-10-01'",
    "now()",
    "today()",
    "NULL",
    "true",
    "['a', 'b']",
    "[]",
    "'%'",
    "now() - INTERVAL 3 DAY",
    "toUnixTimestamp64Milli(now())",
    "INTERVAL 1 MONTH",
    "?1",
    ":a",
    "$1",
    "0x1",
];
const CALLS: &[&str] = &[
    "count({})",
    "sum({})",
    "avg({})",
    "min({})",
    "max({})",
    "any({})",
    "groupArray({})",
    "groupUniqArray(3)({})",
    "uniq({})",
    "quantile(0.9)({})",
    "countIf({})",
    "sumIf({}, {})",
    "toDate({})",
    "toDateTime({})",
    "toStartOfHour({})",
    "toStartOfMonth({})",
    "date_trunc('week', {})",
    "formatDateTime({}, '%Y')",
    "fromUnixTimestamp64Milli({})",
    "toUnixTimestamp64Milli({})",
    "toIntervalDay({})",
    "lower({})",
    "substring({}, {}, {})",
    "concat({}, {})",
    "length({})",
    "trim({})",
    "startsWith({}, {})",
    "JSONExtractString({}, {})",
    "round({}, {})",
    "floor({})",
    "abs({})",
    "if({}, {}, {})",
    "coalesce({}, {})",
    "toString({})",
    "toInt32({})",
    "toFloat64({})",
    "has({}, {})",
    "hasAny({}, {})",
    "arrayJoin({})",
    "arrayFilter(x -> x = {}, {})",
    "CAST({} AS String)",
    "load_extension({})",
    "randomblob({})",
    "sleep({})",
    "count(DISTINCT {})",
    "now64({})",
];
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "=", "!=", "<", ">=", "AND", "OR", "||", "LIKE", "NOT LIKE", "IN", "XOR", "->",
    "::",
];

fn expression(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 2 } else { 9 }) {
        0 => random.pick(COLUMNS).to_owned(),
        1 => random.pick(LITERALS).to_owned(),
        2 | 3 => {
            let mut call = random.pick(CALLS).to_owned();
            while call.contains("{}") {
                call = call.replacen("{}", &expression(random, depth - 1), 1);
            }
            call
        }
        4 | 5 => {
            let operator = random.pick(OPERATORS);
            format!("({} {operator} {})", expression(random, depth - 1), expression(random, depth - 1))
        }
        6 => format!(
            "CASE WHEN {} THEN {} ELSE {} END",
            expression(random, depth - 1),
            expression(random, depth - 1),
            expression(random, depth - 1)
        ),
        7 if random.once_in(4) => format!("({})", query(random, depth - 1)),
        7 => format!("{} IN ({}, {})", random.pick(COLUMNS), random.pick(LITERALS), random.pick(LITERALS)),
        _ => format!(
            "{} BETWEEN {} AND {}",
            random.pick(COLUMNS),
            random.pick(LITERALS),
            random.pick(LITERALS)
        ),
    }
}

fn table(random: &mut Random, depth: usize) -> String {
    if random.once_in(12) {
        return random.pick(FORBIDDEN).to_owned();
    }
    if depth > 0 && random.once_in(4) {
        return format!("({})", query(random, depth - 1));
    }
    random.pick(TABLES).to_owned()
}

fn query(random: &mut Random, depth: usize) -> String {
    let mut items = Vec::new();
    for alias in ["n", "m", "o"].iter().take(1 + random.below(3)) {
        let item = if random.once_in(9) { "*".to_owned() } else { expression(random, depth) };
        items.push(if item == "*" || random.once_in(3) { item } else { format!("{item} AS {alias}") });
    }
    let distinct = if random.once_in(8) { "DISTINCT " } else { "" };
    let mut text = format!("SELECT {distinct}{} FROM {} AS a", items.join(", "), table(random, depth));
    if random.once_in(5) {
        let kind = random.pick(&["JOIN", "LEFT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL JOIN"]);
        let on = random.pick(&["", "ON a.key_id = b.key_id AND a.time = b.time", "USING (key_id, time)"]);
        text.push_str(&format!(" {kind} {} AS b {on}", table(random, 0)));
    }
    if random.once_in(2) {
        text.push_str(&format!(" WHERE {}", expression(random, depth)));
    }
    if random.once_in(2) {
        text.push_str(&format!(
            " GROUP BY {}",
            random.pick(&["n", "1", "key_id", "outcome, n", "1, 2", "toDate(time)"])
        ));
    }
    if random.once_in(6) {
        text.push_str(&format!(" HAVING {}", expression(random, depth)));
    }
    if random.once_in(3) {
        text.push_str(&format!(" ORDER BY {} DESC", random.pick(&["n", "1", "time", "count()", "9"])));
    }
    if random.once_in(3) {
        text.push_str(&format!(
            " LIMIT {}",
            random.pick(&["1", "10", "-5", "99999999999999999999", "x", "1 BY n", "2 OFFSET 1"])
        ));
    }
    if random.once_in(12) {
        let word = random.pick(&["UNION ALL", "UNION", "EXCEPT", "INTERSECT"]);
        text.push_str(&format!(" {word} {}", query(random, 0)));
    }
    text
}

const GROUPS: &[&str] = &[
    "key_id",
    "outcome",
    "tags",
    "external_id",
    "toDate({t})",
    "toStartOfHour({t})",
    "toStartOfWeek({t})",
    "arrayJoin(tags)",
    "if(outcome = 'VALID', 1, 0)",
    "upper(key_id)",
    "formatDateTime({t}, '%Y-%m')",
];
const MEASURES: &[&str] = &[
    "{n}",
    "sum(spent_credits)",
    "uniq(key_id)",
    "max({t})",
    "min(external_id)",
    "any(tags)",
    "groupUniqArray(outcome)",
    "round(avg(spent_credits), 2)",
    "max(length(tags))",
    "sumIf(spent_credits, outcome = 'VALID') / {n}",
    "quantile(0.9)(spent_credits)",
];
const CONDITIONS: &[&str] = &[
    "{t} >= now() - INTERVAL 7 DAY",
    "{t} < today()",
    "outcome = 'VALID'",
    "outcome IN ('VALID', 'RATE_LIMITED')",
    "external_id != ''",
    "key_id LIKE 'key%'",
    "has(tags, 'path=/v1')",
    "spent_credits > 1",
    "(outcome = 'VALID' OR 1 = 1)",
    "workspace_id != 'ws_other'",
    "key_id IN (SELECT key_id FROM key_verifications_per_day_v1)",
    "NOT has(tags, 'region=eu')",
];

/// A query that makes sense, in one of its many forms.
fn plausible(random: &mut Random) -> String {
    let table = random.pick(TABLES);
    let is_raw = table == "key_verifications_v1";
    let (time, count) =
        if is_raw { ("fromUnixTimestamp64Milli(time)", "count()") } else { ("time", "sum(count)") };
    let filled = |text: &str| text.replace("{t}", time).replace("{n}", count);
    let mut conditions: Vec<String> = Vec::new();
    for _ in 0..random.below(3) {
        conditions.push(filled(random.pick(CONDITIONS)));
    }
    let filter =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let (group, measure) = (filled(random.pick(GROUPS)), filled(random.pick(MEASURES)));
    let base = match random.below(4) {
        0 => format!("SELECT {measure} AS m FROM {table}{filter}"),
        1 => {
            format!("SELECT key_id, outcome, tags, {time} AS t FROM {table}{filter} ORDER BY t DESC LIMIT 50")
        }
        2 => format!("SELECT DISTINCT {group} AS g FROM {table}{filter} ORDER BY 1"),
        _ => format!(
            "SELECT {group} AS g, {measure} AS m FROM {table}{filter} GROUP BY g ORDER BY 2 DESC, g LIMIT 100"
        ),
    };
    match random.below(5) {
        0 => format!("SELECT count() AS n FROM ({base}) AS sub"),
        1 => format!("WITH sub AS ({base}) SELECT * FROM sub LIMIT 5"),
        2 => format!("{base} UNION ALL {base}"),
        _ => base,
    }
}

/// Leaves out, repeats, swaps and puts in words of a query.
fn shuffled(random: &mut Random) -> String {
    let base = if random.once_in(2) { query(random, 2) } else { plausible(random) };
    let mut words: Vec<&str> = base.split_inclusive([' ', '(', ')', ',']).collect();
    for _ in 0..1 + random.below(4) {
        let place = random.below(words.len());
        match random.below(4) {
            0 if words.len() > 1 => drop(words.remove(place)),
            1 => words.insert(place, words[random.below(words.len())]),
            2 => {
                let other = random.below(words.len());
                words.swap(place, other);
            }
            _ => words.insert(
                place,
                random.pick(&[
                    "'",
                    "\"",
                    "`",
                    "/*",
                    "--",
                    ";",
                    "((",
                    "SETTINGS a = 1",
                    "FORMAT JSON",
                    "WITH RECURSIVE",
                    "\0",
                    "\u{202e}",
                    "OVER ()",
                    "ATTACH 'x' AS y",
                    "PRAGMA x",
                ]),
            ),
        }
    }
    words.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn random_queries_stay_in_their_workspace_and_in_the_envelope() {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment to run longer")]
    let queries = if std::env::var("LONG_TESTS").is_ok() { 5000 } else { 500 };
    // Joins of anything with anything may run for long: that they end is the point.
    let seeded = Seeded::around(TestApp::start_with(|config| config.analytics_seconds = 3).await).await;
    let mut random = Random(0x5eed_0007);
    let (mut answered, mut refused) = (0, 0);
    for number in 0..queries {
        let text = match number % 4 {
            0 => shuffled(&mut random),
            1 => query(&mut random, 1),
            2 => query(&mut random, 2),
            _ => plausible(&mut random),
        };
        if number % 900 == 899 {
            seeded.test.advance_ms(3_600_000);
        }
        let answer = seeded.test.call("analytics.getVerifications", json!({ "query": text })).await;
        let body = answer.body.to_string();
        assert!(!body.contains(FOREIGN), "{text}\n{body}");
        match answer.status.as_u16() {
            200 => {
                let data = answer.body["data"].as_array().unwrap();
                let foreign = FOREIGN_NUMBER.to_string();
                assert!(!data.iter().any(|row| row.to_string().contains(&foreign)), "{text}\n{body}");
                answered += 1;
            }
            status @ (400 | 422) => {
                let error = &answer.body["error"];
                assert_eq!(error["status"], status, "{text}\n{body}");
                // A text with a NUL is no text of a body, whatever query it is.
                let place = if text.contains('\0') { "/application/invalid_input" } else { "/errors/user/" };
                let own = error["type"].as_str().is_some_and(|kind| kind.contains(place));
                assert!(own && error["title"].is_string(), "{text}\n{body}");
                // Names of ours would show that rewritten SQL got out.
                assert!(!body.contains("c_key_id") && !body.contains("ch_"), "{text}\n{body}");
                refused += 1;
            }
            status => panic!("{status}: {text}\n{body}"),
        }
        assert!(answer.body["meta"]["requestId"].is_string());
    }
    assert!(answered > queries / 20 && refused > queries / 20, "{answered} answered, {refused} refused");
}
