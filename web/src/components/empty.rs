//! Nothing to show yet, and the code that changes that.

use leptos::prelude::*;

use super::icon::Icon;
use crate::View;
use crate::texts::components as text;

/// A list without rows: what would be here and how to get there.
pub(crate) fn empty_state(icon: Icon, title: &str, hint: &str, body: Vec<View>) -> View {
    view! {
        <div class="empty">
            <span class="empty-icon">{icon.view()}</span>
            <p class="empty-title">{title.to_owned()}</p>
            <p class="hint">{hint.to_owned()}</p>
            {body}
        </div>
    }
    .into_any()
}

/// Code with a copy button. `name` says what it is.
pub(crate) fn code_block(name: &str, code: &str) -> View {
    view! {
        <figure class="code">
            <figcaption>
                <span>{name.to_owned()}</span>
                <button
                    type="button"
                    class="icon-button needs-js"
                    data-copy=code.to_owned()
                    aria-label=text::copy_the(name)
                    title=text::copy_the(name)
                >
                    {Icon::Copy.view()}
                </button>
            </figcaption>
            <pre tabindex="0"><code>{code.to_owned()}</code></pre>
        </figure>
    }
    .into_any()
}

/// A POST of JSON to an operation, as a shell command. `bearer` is shown as it
/// is: pass a placeholder unless the secret may be seen. Quotes in the body are
/// closed and reopened for the shell.
pub fn curl(origin: &str, operation: &str, bearer: &str, body: &str) -> String {
    let body = body.replace('\'', r"'\''");
    format!(
        "curl {origin}/v2/{operation} \\\n  -H 'Authorization: Bearer {bearer}' \\\n  \
         -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )
}
