//! Writes every page with sample data to files, to look at while designing:
//! `cargo run -p web --example gallery -- OUT [light|dark|contrast]`.
//! Serve `OUT` with any static server, as `/`.

use std::path::Path;
use std::{env, fs};

use web::shell::Theme;

#[path = "../tests/it/sample/mod.rs"]
mod sample;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let out = Path::new(arguments.get(1).map_or("gallery", String::as_str));
    let wanted = arguments.get(2).map_or("system", String::as_str);
    let theme = Theme::ALL.into_iter().find(|theme| theme.as_str() == wanted).unwrap_or(Theme::System);
    let statics = out.join("static");
    fs::create_dir_all(&statics)?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../static");
    for name in ["app.css", "app.js", "query.js", "favicon.svg"] {
        fs::copy(source.join(name), statics.join(name))?;
    }
    fs::write(statics.join("brand.css"), web::shell::portal_style("#7a2fd0").unwrap_or_default())?;
    for page in sample::every_page(&sample::Words::default(), theme) {
        fs::write(out.join(format!("{}.html", page.name)), page.html)?;
    }
    Ok(())
}
