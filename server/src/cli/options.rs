//! Options that several commands have.

use clap::{Arg, ArgMatches};

use super::command::ListFormat;
use base::access::OpCtx;
use base::clock::DAY_MS;
use base::config::SETTINGS;

/// The flag of a setting, with the variable that says the same, and what holds without.
pub(super) fn setting_flag(name: &'static str) -> Option<Arg> {
    let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
    let mut help = format!("{} [env: {}]", setting.help, setting.variable());
    if !setting.default.is_empty() {
        help.push_str(&format!(" [default: {}]", setting.default));
    }
    Some(Arg::new(setting.name).long(setting.flag()).value_name("VALUE").help(help))
}

/// How the list that was asked for is to be written.
pub(super) fn list_format(given: &ArgMatches) -> ListFormat {
    given.get_one::<ListFormat>("format").copied().unwrap_or_default()
}

/// The span that `--days` asks for: its first moment and the one after its last,
/// Unix milliseconds.
pub(super) fn span(cx: &OpCtx, given: &ArgMatches) -> (i64, i64) {
    let days = given.get_one::<i64>("days").copied().unwrap_or_default();
    (cx.now_ms - days * DAY_MS, cx.now_ms + 1)
}
