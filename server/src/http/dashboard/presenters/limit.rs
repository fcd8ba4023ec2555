//! Rate limits as pages show them.

use web::components::LimitRule;

use domain::ratelimit::limits::Limit;

/// A stored limit as it is read. `used` is what counts in its window now.
pub fn limit_rule(limit: &Limit, used: Option<i64>, inherited: bool) -> LimitRule {
    LimitRule {
        name: limit.name.clone(),
        limit: limit.limit,
        duration_ms: limit.duration_ms,
        auto_apply: limit.auto_apply,
        used,
        inherited,
    }
}
