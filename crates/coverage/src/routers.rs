//! Routers of the libraries that panels and their forks use, and what their methods mean.
//!
//! A router is a prefix, what runs before its routes, and a kind. Each kind has its own file: which methods register,
//! which make a group, how parameters are written.

mod chi;
mod echo;
mod gin;
mod gorilla;
mod mount;
mod mux;
pub mod pattern;
mod register;

pub use mount::{Mounts, Way, full_path};

use crate::eval::Value;

/// Which library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `net/http`.
    Mux,
    /// gin.
    Gin,
    /// chi.
    Chi,
    /// echo.
    Echo,
    /// gorilla/mux.
    Gorilla,
}

/// A router, or a group of one.
#[derive(Debug, Clone)]
pub struct Router<'p> {
    /// Its library.
    pub kind: Kind,
    /// What stands before its paths; none when that is not known.
    pub prefix: Option<String>,
    /// What runs before its routes.
    pub before: Vec<Value<'p>>,
    /// The router that it is a group of.
    pub parent: Option<usize>,
}

impl Router<'_> {
    /// An empty `net/http` mux.
    pub fn mux() -> Self {
        Self::of(Kind::Mux)
    }

    /// An empty router.
    pub fn of(kind: Kind) -> Self {
        Self { kind, prefix: Some(String::new()), before: Vec::new(), parent: None }
    }
}

/// The router that a function of a library makes.
pub fn made_by(path: &str, name: &str) -> Option<Kind> {
    match (library(path)?, name) {
        (Kind::Mux, "NewServeMux") => Some(Kind::Mux),
        (Kind::Gin, "New" | "Default") => Some(Kind::Gin),
        (Kind::Chi, "NewRouter" | "NewMux") => Some(Kind::Chi),
        (Kind::Echo, "New") => Some(Kind::Echo),
        (Kind::Gorilla, "NewRouter") => Some(Kind::Gorilla),
        _ => None,
    }
}

/// The router that a type of a library is.
pub fn of_type(path: &str, name: &str) -> Option<Kind> {
    match (library(path)?, name) {
        (Kind::Mux, "ServeMux") => Some(Kind::Mux),
        (Kind::Gin, "Engine" | "RouterGroup" | "IRouter" | "IRoutes") => Some(Kind::Gin),
        (Kind::Chi, "Router" | "Mux") => Some(Kind::Chi),
        (Kind::Echo, "Echo" | "Group") => Some(Kind::Echo),
        (Kind::Gorilla, "Router") => Some(Kind::Gorilla),
        _ => None,
    }
}

/// Whether a type of a library is the router as a whole, rather than a group whose prefix somebody else knows.
pub fn is_whole(name: &str) -> bool {
    matches!(name, "ServeMux" | "Engine" | "Echo" | "Mux")
}

fn library(path: &str) -> Option<Kind> {
    match path {
        "net/http" => Some(Kind::Mux),
        "github.com/gin-gonic/gin" => Some(Kind::Gin),
        "github.com/gorilla/mux" => Some(Kind::Gorilla),
        _ if path.starts_with("github.com/go-chi/chi") => Some(Kind::Chi),
        _ if path.starts_with("github.com/labstack/echo") => Some(Kind::Echo),
        _ => None,
    }
}
