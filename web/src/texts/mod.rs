//! What a person reads in the dashboard, one file for each area: whoever translates it opens
//! these files and no other.
//!
//! A fixed text is a constant, named after what it says or where it stands. A text with values
//! in it is a function, which knows the plurals of its language. A sentence that markup cuts is
//! its pieces, next to each other and in their order.
//!
//! Deliberately absent:
//!
//! * Markup, decisions and views: pages decide what is said, here is how.
//! * What is no language: names of members of the API, addresses, classes, icons, examples of
//!   code, and what goes to the log.

pub mod apis;
pub mod bulk;
pub mod home;
pub mod identities;
pub mod key_form;
pub mod keys;
pub mod ratelimits;
