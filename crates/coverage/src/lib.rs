//! x
pub mod go;
