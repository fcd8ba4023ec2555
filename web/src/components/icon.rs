//! Icons: thin lines on a 16 by 16 grid, drawn for this project.
//!
//! Always decoration next to a text, so hidden from assistive technology. Their
//! markup is constant, which is why it may be written as it stands.

use leptos::prelude::*;

use crate::View;

macro_rules! icons {
    ($($name:ident = $drawing:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Icon { $($name,)* }

        impl Icon {
            pub(crate) const ALL: &'static [(&'static str, Icon)] = &[$((stringify!($name), Icon::$name),)*];

            const fn drawing(self) -> &'static str {
                match self { $(Icon::$name => $drawing,)* }
            }
        }
    };
}

icons! {
    Home = r#"<path d="M2.5 7.5 8 2.75l5.5 4.75M4 6.5v6.75h8V6.5M6.75 13.25V9.5h2.5v3.75"/>"#;
    Api = r#"<path d="M5 3.5 1.75 8 5 12.5M11 3.5 14.25 8 11 12.5M9 3 7 13"/>"#;
    Key = r#"<circle cx="5" cy="11" r="2.75"/><path d="m7 9 6-6M10.5 5.5l2 2M12 4l1.5 1.5"/>"#;
    Gauge = r#"<path d="M2.5 12a6 6 0 1 1 11 0M8 9.5l2.75-3.25"/><circle cx="8" cy="9.75" r=".75"/>"#;
    Shield = r#"<path d="M8 1.75 3 3.5v4c0 3.25 2.1 5.6 5 6.75 2.9-1.15 5-3.5 5-6.75v-4zM5.75 7.75l1.6 1.6 3-3.1"/>"#;
    Role = r#"<circle cx="8" cy="5" r="2.5"/><path d="M3 13.5c.5-2.75 2.4-4 5-4s4.5 1.25 5 4M11 2.5l1.25 1.25L14.5 1.5"/>"#;
    Person = r#"<circle cx="8" cy="5" r="2.75"/><path d="M2.75 13.75c.5-3 2.5-4.25 5.25-4.25s4.75 1.25 5.25 4.25"/>"#;
    People = r#"<circle cx="6" cy="5.5" r="2.25"/><path d="M1.75 13c.4-2.5 2-3.75 4.25-3.75S9.85 10.5 10.25 13M10 3.5a2.25 2.25 0 0 1 0 4M11.75 9.5c1.4.5 2.25 1.7 2.5 3.5"/>"#;
    Log = r#"<path d="M2.5 3.5h11M2.5 6.5h7M2.5 9.5h11M2.5 12.5h5"/>"#;
    Audit = r#"<path d="M4 1.75h5.5L12.5 5v9.25H4zM9.5 1.75V5h3M6 8h4.5M6 10.75h3"/>"#;
    Settings = r#"<path d="M2 4.5h5.5M11 4.5h3M2 11.5h3M8.5 11.5H14"/><circle cx="9.25" cy="4.5" r="1.75"/><circle cx="6.75" cy="11.5" r="1.75"/>"#;
    Search = r#"<circle cx="7" cy="7" r="4.25"/><path d="m10.25 10.25 3.5 3.5"/>"#;
    Plus = r#"<path d="M8 3v10M3 8h10"/>"#;
    Check = r#"<path d="m3 8.5 3.25 3.25L13 4.75"/>"#;
    Cross = r#"<path d="m4 4 8 8M12 4l-8 8"/>"#;
    Warning = r#"<path d="M8 2.25 1.75 13.25h12.5zM8 6.5v3"/><circle cx="8" cy="11.25" r=".4"/>"#;
    Info = r#"<circle cx="8" cy="8" r="6"/><path d="M8 7.25v4"/><circle cx="8" cy="5" r=".4"/>"#;
    Copy = r#"<path d="M5.5 5.5h7.75v7.75H5.5zM10.5 5.5V2.75H2.75v7.75H5.5"/>"#;
    More = r#"<circle cx="3.5" cy="8" r=".75"/><circle cx="8" cy="8" r=".75"/><circle cx="12.5" cy="8" r=".75"/>"#;
    Down = r#"<path d="m4 6.25 4 4 4-4"/>"#;
    Up = r#"<path d="m4 9.75 4-4 4 4"/>"#;
    Sort = r#"<path d="m5 6 3-3 3 3M5 10l3 3 3-3"/>"#;
    Right = r#"<path d="m6 3.75 4.25 4.25L6 12.25"/>"#;
    Left = r#"<path d="M10 3.75 5.75 8 10 12.25"/>"#;
    Columns = r#"<path d="M2.5 3h11v10h-11zM6.25 3v10M9.75 3v10"/>"#;
    Filter = r#"<path d="M2 3.5h12M4.25 8h7.5M6.5 12.5h3"/>"#;
    Clock = r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>"#;
    Live = r#"<circle cx="8" cy="8" r="1.5"/><path d="M4.75 11.25a4.6 4.6 0 0 1 0-6.5M11.25 4.75a4.6 4.6 0 0 1 0 6.5M2.75 13.25a7.4 7.4 0 0 1 0-10.5M13.25 2.75a7.4 7.4 0 0 1 0 10.5"/>"#;
    Rotate = r#"<path d="M13.25 8a5.25 5.25 0 1 1-1.6-3.75M13.5 2v2.75h-2.75"/>"#;
    Edit = r#"<path d="m10.5 2.75 2.75 2.75-7.75 7.75-3.25.5.5-3.25zM9 4.25 11.75 7"/>"#;
    Trash = r#"<path d="M2.75 4.25h10.5M6 4.25V2.5h4v1.75M4 4.25l.75 9.25h6.5L12 4.25M6.75 7v3.75M9.25 7v3.75"/>"#;
    Pause = r#"<circle cx="8" cy="8" r="6"/><path d="M6.5 6v4M9.5 6v4"/>"#;
    Play = r#"<circle cx="8" cy="8" r="6"/><path d="M6.75 5.5 10.5 8l-3.75 2.5z"/>"#;
    Link = r#"<path d="M6.75 9.25 9.25 6.75M7 4.75l1.75-1.75a2.96 2.96 0 0 1 4.25 4.25L11.25 9M9 11.25 7.25 13A2.96 2.96 0 0 1 3 8.75L4.75 7"/>"#;
    Out = r#"<path d="M6.5 3.5h-4v10h10v-4M9.5 2.5h4v4M13.25 2.75 7.5 8.5"/>"#;
    Portal = r#"<path d="M1.75 3h12.5v10H1.75zM1.75 6h12.5"/><circle cx="4" cy="4.5" r=".4"/><circle cx="6" cy="4.5" r=".4"/>"#;
    Code = r#"<path d="M1.75 2.75h12.5v10.5H1.75zM4.5 6l2.25 2-2.25 2M8.25 10.25h3"/>"#;
    Chart = r#"<path d="M2 13.5h12M4 11V7.5M7 11V3.5M10 11V8.5M13 11V5.5"/>"#;
    Import = r#"<path d="M8 2v7.5M5 6.75 8 9.75l3-3M2.5 10.5v3h11v-3"/>"#;
    Export = r#"<path d="M8 9.75V2.25M5 5.25l3-3 3 3M2.5 10.5v3h11v-3"/>"#;
    Star = r#"<path d="m8 2 1.8 3.8 4.2.5-3.1 2.85.85 4.1L8 11.2l-3.75 2.05.85-4.1L2 6.3l4.2-.5z"/>"#;
    Help = r#"<circle cx="8" cy="8" r="6"/><path d="M6.25 6.5c0-1.1.75-1.75 1.75-1.75s1.75.6 1.75 1.5c0 1.25-1.75 1.3-1.75 2.5"/><circle cx="8" cy="11" r=".4"/>"#;
    Menu = r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#;
    Lock = r#"<path d="M3.5 7.25h9v6.25h-9zM5.5 7.25V5a2.5 2.5 0 0 1 5 0v2.25"/>"#;
    Sun = r#"<circle cx="8" cy="8" r="2.75"/><path d="M8 1.5v1.25M8 13.25v1.25M1.5 8h1.25M13.25 8h1.25M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"/>"#;
}

impl Icon {
    pub(crate) fn view(self) -> View {
        view! {
            <svg
                class="icon"
                viewBox="0 0 16 16"
                width="16"
                height="16"
                aria-hidden="true"
                inner_html=self.drawing()
            ></svg>
        }
        .into_any()
    }
}
