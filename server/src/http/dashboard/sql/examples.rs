//! Queries to begin with.

use web::texts::query as text;

/// Name and text.
pub const EXAMPLES: [(&str, &str); 6] = [
    (
        text::VERIFICATIONS_BY_OUTCOME,
        "SELECT outcome, SUM(count) AS verifications\nFROM key_verifications_per_hour_v1\n\
         WHERE time >= now() - INTERVAL 24 HOUR\nGROUP BY outcome\nORDER BY verifications DESC",
    ),
    (
        text::VERIFICATIONS_BY_HOUR,
        "SELECT time, SUM(count) AS verifications\nFROM key_verifications_per_hour_v1\n\
         WHERE time >= now() - INTERVAL 7 DAY\nGROUP BY time\nORDER BY time",
    ),
    (
        text::KEYS_WITH_MOST_REFUSALS,
        "SELECT key_id, SUM(count) AS refused\nFROM key_verifications_per_day_v1\n\
         WHERE outcome != 'VALID' AND time >= now() - INTERVAL 7 DAY\nGROUP BY key_id\nORDER BY refused DESC\n\
         LIMIT 20",
    ),
    (
        text::CREDITS_BY_USER_AND_DAY,
        "SELECT toStartOfDay(time) AS day, external_id, SUM(spent_credits) AS credits\n\
         FROM key_verifications_per_day_v1\nWHERE time >= now() - INTERVAL 30 DAY\nGROUP BY day, external_id\n\
         ORDER BY day DESC, credits DESC\nLIMIT 100",
    ),
    (
        text::RATE_LIMITS_BY_HOUR,
        "SELECT time, SUM(passed) AS passed, SUM(total) - SUM(passed) AS denied\nFROM ratelimits_per_hour_v1\n\
         WHERE time >= now() - INTERVAL 24 HOUR\nGROUP BY time\nORDER BY time",
    ),
    (
        text::LATEST_VERIFICATIONS,
        "SELECT time, request_id, key_id, outcome, latency\nFROM key_verifications_v1\nORDER BY time DESC\n\
         LIMIT 50",
    ),
];
