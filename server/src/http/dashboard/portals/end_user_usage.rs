//! What end users see of the use of their keys. Times are in UTC: nothing is known
//! of the reader.

use chrono_tz::Tz;
use web::charts::{Bars, Bucket};
use web::components::Outcome;
use web::pages::portal::{PortalUsageView, usage as usage_page};
use web::paths::{self, Here};
use web::texts::{portal as text, time};
use web::time::{Stamp, Zone, local};

use super::branding::page_of;
use super::end_user_session::{EndUser, no_session};
use crate::http::dashboard::charts::zoom;
use crate::http::dashboard::outcome_counts::count_of;
use crate::http::dashboard::presenters::spending::spent_month;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use crate::http::dashboard::visitor_request::VisitorRequest;
use base::error::Result;
use insight::analytics::Series;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// `GET /portal/:slug/usage`.
pub async fn usage(request: VisitorRequest) -> Result<Reply> {
    let Some(user) = EndUser::of(&request).await? else { return Ok(no_session(&request)) };
    let span = TimeSpan::read(&request.input.query, Tz::UTC, request.cx.now_ms, "7d");
    let series = request.app.portals.own_series(&user.cx, None, span.start_ms, span.end_ms).await?;
    let here = Here::new(paths::portal_usage(&user.portal.slug), request.input.query.pairs().to_vec());
    let spending = request.app.portals.own_spending(&user.cx).await?;
    let now_ms = request.cx.now_ms;
    let stamp = |at_ms: i64| Stamp::new(at_ms, now_ms, &Zone::utc());
    let month = spending.map(|spending| spent_month(spending, now_ms, stamp));
    let view = PortalUsageView { requests: bars(&here, &series), here, range: span.range, month };
    Ok(page_of(&user.portal, usage_page(&user.frame(&request), &view)))
}

fn bars(here: &Here, series: &Series) -> Bars {
    let outcomes: Vec<Outcome> =
        Outcome::VERIFICATIONS.into_iter().filter(|outcome| *outcome != Outcome::NotFound).collect();
    let form = if series.bucket_ms < DAY_MS { time::DAY_AND_TIME } else { time::DAY };
    let bucket = |bucket: &insight::analytics::Bucket| {
        let end_ms = bucket.time_ms + series.bucket_ms;
        Bucket {
            label: local(bucket.time_ms, &Zone::utc(), form),
            counts: outcomes.iter().map(|outcome| count_of(&bucket.counts, *outcome)).collect(),
            zoom: (bucket.counts.total() > 0).then(|| zoom(here, bucket.time_ms, end_ms)),
            start_ms: bucket.time_ms,
            end_ms,
        }
    };
    let buckets = series.total.iter().map(bucket).collect();
    Bars {
        id: "requests",
        title: text::REQUESTS_UTC.to_owned(),
        outcomes,
        buckets,
        of_outcome: None,
        before: None,
    }
}
