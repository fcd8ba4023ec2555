//! Every text that a person reads in the dashboard, one file for each area, in the order of
//! its pages. Who translates the dashboard opens these files and no other.
//!
//! A fixed text is a constant named after what it says or where it stands. A text with values
//! in it is a function, which also knows the plural; values come as whatever can be shown, so
//! numbers and times are written before they come here. A sentence that markup cuts, such as
//! one with a link inside, is constants for its pieces, one after the other. What several
//! areas say is in [`common`], what every page says by its parts in [`components`].
//!
//! Absent: markup, decisions and types of views. Not texts are names of the API, addresses,
//! classes, icons, examples of code, and what is written to the log. Errors of the APIs and of
//! the domain, which the dashboard shows as they come, stand where they are made.
//!
//! The door of the dashboard takes its texts from here, too. A test of the server
//! (`server/tests/it/texts.rs`) refuses texts elsewhere in the pages and in the door.

pub mod ai_tools;
pub mod apis;
pub mod audit;
pub mod bulk;
pub mod charts;
pub mod common;
pub mod components;
pub mod consent;
pub mod explain;
pub mod forms;
pub mod home;
pub mod identities;
pub mod key_form;
pub mod keys;
pub mod numbers;
pub mod outcomes;
pub mod parts;
pub mod permissions;
pub mod portal;
pub mod query;
pub mod ratelimits;
pub mod requests;
pub mod roles;
pub mod root_key_form;
pub mod root_keys;
pub mod search;
pub mod security;
pub mod settings;
pub mod shell;
pub mod sign_in;
pub mod time;
