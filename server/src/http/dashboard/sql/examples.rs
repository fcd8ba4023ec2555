//! Queries to begin with.

/// Name and text.
pub const EXAMPLES: [(&str, &str); 6] = [
    (
        "Verifications by outcome, last 24 hours",
        "SELECT outcome, SUM(count) AS verifications\nFROM key_verifications_per_hour_v1\n\
         WHERE time >= now() - INTERVAL 24 HOUR\nGROUP BY outcome\nORDER BY verifications DESC",
    ),
    (
        "Verifications by hour, last 7 days",
        "SELECT time, SUM(count) AS verifications\nFROM key_verifications_per_hour_v1\n\
         WHERE time >= now() - INTERVAL 7 DAY\nGROUP BY time\nORDER BY time",
    ),
    (
        "Keys with the most refusals, last 7 days",
        "SELECT key_id, SUM(count) AS refused\nFROM key_verifications_per_day_v1\n\
         WHERE outcome != 'VALID' AND time >= now() - INTERVAL 7 DAY\nGROUP BY key_id\nORDER BY refused DESC\n\
         LIMIT 20",
    ),
    (
        "Credits spent by user and day, last 30 days",
        "SELECT toStartOfDay(time) AS day, external_id, SUM(spent_credits) AS credits\n\
         FROM key_verifications_per_day_v1\nWHERE time >= now() - INTERVAL 30 DAY\nGROUP BY day, external_id\n\
         ORDER BY day DESC, credits DESC\nLIMIT 100",
    ),
    (
        "Rate limits passed and denied by hour, last 24 hours",
        "SELECT time, SUM(passed) AS passed, SUM(total) - SUM(passed) AS denied\nFROM ratelimits_per_hour_v1\n\
         WHERE time >= now() - INTERVAL 24 HOUR\nGROUP BY time\nORDER BY time",
    ),
    (
        "The latest verifications",
        "SELECT time, request_id, key_id, outcome, latency\nFROM key_verifications_v1\nORDER BY time DESC\n\
         LIMIT 50",
    ),
];
