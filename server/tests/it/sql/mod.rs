//! SQL over events: what queries answer, what they may not do, and what ends them.

mod seed;
mod corpus;
