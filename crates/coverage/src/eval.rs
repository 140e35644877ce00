//! Evaluates Go without running it.
//!
//! One machine serves three questions. *Which routes are registered?* Every function that can reach a registration is
//! evaluated, with loops over known lists really going round. *Who may call a route?* The middleware is evaluated for
//! its path, once for every way the caller's credential can turn out. *What does a handler take?* It is evaluated once
//! for every method, and what it asks of the request is noted. Where a condition cannot be known both sides are walked.

mod builtin;
mod call;
mod compare;
mod composite;
mod condition;
mod decode;
mod expr;
mod frame;
mod index;
mod library;
mod loops;
mod machine;
mod merge;
mod request;
pub mod run;
mod select;
mod stmt;
mod switch;
mod texts;
pub mod types;
pub mod value;

pub use machine::{Machine, Registration};
pub use run::{Mode, Run};
pub use value::{Closure, Env, Lib, Value};
