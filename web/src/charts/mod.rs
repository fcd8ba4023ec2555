//! Charts as SVG made here, readable without script and without seeing them.
//!
//! Marks are drawn in units of the plot and stretched to the page; words stand
//! outside as HTML, so that they keep their size on a phone. What happened at
//! all is visible: no value above zero is drawn smaller than a few pixels. Each
//! chart has a title, a sentence and a table with every figure.

mod bars;
mod heat;
mod lines;
mod ranks;
mod scale;
mod spark;
mod table;

pub use bars::{Bars, Before, Bucket};
pub use heat::Heat;
pub use lines::{Line, Lines, Unit};
pub use ranks::{Rank, Ranks};
pub use spark::Spark;

pub(crate) use bars::bars;
pub(crate) use heat::heat;
pub(crate) use lines::lines;
pub(crate) use ranks::ranks;
pub(crate) use spark::spark;
