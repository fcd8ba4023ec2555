//! Options that several commands have.

use clap::{Arg, ArgMatches};

use base::access::OpCtx;
use base::clock::DAY_MS;
use base::config::SETTINGS;

/// The flag of a setting.
pub(super) fn setting_flag(name: &'static str) -> Option<Arg> {
    let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
    Some(Arg::new(setting.name).long(setting.flag()).help(setting.help))
}

/// The span that `--days` asks for: its first moment and the one after its last,
/// Unix milliseconds.
pub(super) fn span(cx: &OpCtx, given: &ArgMatches) -> (i64, i64) {
    let days = given.get_one::<i64>("days").copied().unwrap_or(7).clamp(1, 400);
    (cx.now_ms - days * DAY_MS, cx.now_ms + 1)
}
