//! What can go wrong in a recipe. Before the change it means that nothing is sent; after it the proof is inconclusive.

use flvx_panel::client::PanelError;

/// Why a recipe could not run.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// The manifest's entry cannot be used; the build checks what would lead here.
    #[error("the recipe of {tool} cannot be used: {what}")]
    Manifest {
        /// Tool whose recipe it is.
        tool: String,
        /// What is wrong with it.
        what: String,
    },
    /// A read that the recipe needs failed.
    #[error("reading {tool} failed: {source}")]
    Read {
        /// Tool that was read.
        tool: &'static str,
        /// What happened.
        #[source]
        source: PanelError,
    },
    /// A read brought something else than the manifest says.
    #[error("what {tool} answered does not fit the manifest: {what}")]
    Shape {
        /// Tool that was read.
        tool: &'static str,
        /// What is different.
        what: String,
    },
    /// The thing to be changed is not there, and without it nothing can be kept of what was left out.
    #[error("there is no {kind} with {key}, so nothing was sent; look the id up first")]
    NoTarget {
        /// What a person calls such a thing.
        kind: String,
        /// What was looked for: `id 7`.
        key: String,
    },
    /// More than one row fits where the change is meant for one.
    #[error("{count} rows fit {key} where one {kind} is meant, so nothing was sent")]
    SeveralTargets {
        /// What a person calls such a thing.
        kind: String,
        /// What was looked for.
        key: String,
        /// How many there are.
        count: usize,
    },
}

impl RecipeError {
    /// The same in our own words alone: a sentence that is shown as ours must not carry the panel's.
    pub fn own_words(&self) -> String {
        match self {
            Self::Read { tool, source: PanelError::Refused(refusal) } => {
                format!("reading {tool} failed: the panel refused with code {}", refusal.code)
            }
            error => error.to_string(),
        }
    }
}
