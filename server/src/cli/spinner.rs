//! A line on the terminal that says what a command does which takes longer than a second,
//! and how far it is. Nobody sees it but people: it is shown on standard error where that
//! is a terminal, and gone at the end.

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

/// From when on a command takes long.
const LONG: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// How far a command is; gone when dropped.
pub(super) struct Spinner {
    bar: ProgressBar,
    shown: JoinHandle<()>,
}

impl Spinner {
    /// Of the command with this name.
    pub fn of(command: String) -> Self {
        let style = ProgressStyle::with_template("{spinner} {prefix}: {elapsed} {msg}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            .with_style(style.expect("the template is one"))
            .with_prefix(command);
        let waiting = bar.clone();
        let shown = tokio::spawn(async move {
            tokio::time::sleep(LONG).await;
            waiting.set_draw_target(ProgressDrawTarget::stderr());
            waiting.enable_steady_tick(TICK);
        });
        Self { bar, shown }
    }

    /// Says how many of so many bytes are done; 0 where nobody knows how many there are.
    pub fn measure(&self, what: &str, bytes: u64, of: u64) {
        if of == 0 {
            return self.say(format!("{what}, {} MiB", bytes >> 20));
        }
        if self.bar.length().is_none() {
            let style =
                ProgressStyle::with_template("{spinner} {prefix}: {msg} [{bar:30}] {bytes} of {total_bytes}");
            self.bar.set_style(style.expect("the template is one"));
        }
        self.bar.set_length(of);
        self.bar.set_position(bytes);
        self.bar.set_message(what.to_owned());
    }

    /// Says how far it is.
    pub fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }

    /// Prints something else meanwhile, on a line of its own.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.shown.abort();
        self.bar.finish_and_clear();
    }
}
