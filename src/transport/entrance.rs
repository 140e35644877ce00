//! The ways in, which say how it is known who comes.

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// Whoever started this program: the principal `local`.
    Stdio,
    /// Whoever the layer in front has found out; a request without that is a fault.
    Http,
}
