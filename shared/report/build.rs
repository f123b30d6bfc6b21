//! Packs what pages need of the chart library, plotly.js as the `plotly` crate carries it.

#[path = "build/needed.rs"]
mod needed;

use std::borrow::Cow;
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Where the library itself begins and ends within the function around it.
const BEGIN: &str = "\"use strict\";var Plotly=";
const END: &str = "window.Plotly = Plotly;\nreturn Plotly;\n}));";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let sources = plotly::Plot::offline_js_sources();
    // The crate gives script elements; the first is plotly.js, the next one sets formulas, which no
    // page of ours has.
    let library = sources
        .split_once('>')
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map(|(library, _)| library)
        .filter(|library| library.contains("plotly.js v"))
        .ok_or("the plotly crate does not carry plotly.js where it was")?;
    let library = unwrapped(library);
    let library = needed::needed(&library).map_or(library, Cow::Owned);
    let out = std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    let file = File::create(Path::new(&out).join("plotly.js.gz"))?;
    let mut packer = GzEncoder::new(file, Compression::best());
    packer.write_all(library.as_bytes())?;
    packer.finish()?;
    Ok(())
}

/// The library without the function around it, which serves other module systems: a browser reads
/// what lies in a function once more for each such layer, and this one holds four megabytes. A
/// library that is wrapped otherwise stays as it is.
fn unwrapped(library: &str) -> Cow<'_, str> {
    let parts = library
        .split_once("(\n function(root, factory) {")
        .and_then(|(licence, rest)| Some((licence, rest.split_once(BEGIN)?.1)))
        .and_then(|(licence, rest)| Some((licence, rest.rsplit_once(END)?.0)));
    match parts {
        Some((licence, body)) => format!("{licence}{BEGIN}{body}").into(),
        None => library.into(),
    }
}
