//! A mistake as a check sees it: a spot in the tree and words. Lines and columns are looked up afterwards, because most
//! loads have no mistakes.

use crate::path::Spot;

/// One mistake, not yet looked up in the text.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Where.
    pub spot: Spot,
    /// What is wrong, in one line.
    pub message: String,
    /// What stands under the mark.
    pub label: String,
    /// The cure, when it is more than the label says.
    pub help: Option<String>,
    /// Text that would be right in place of the marked one.
    pub suggestion: Option<String>,
    /// A second place that explains the first.
    pub secondary: Option<(Spot, String)>,
}

impl Finding {
    /// A mistake at `spot`.
    pub fn new(spot: Spot, message: impl Into<String>) -> Self {
        Self { spot, message: message.into(), label: String::new(), help: None, suggestion: None, secondary: None }
    }

    /// Words under the mark.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What would be right in place of the marked text.
    #[must_use]
    pub fn instead(mut self, text: Option<impl Into<String>>) -> Self {
        self.suggestion = text.map(Into::into);
        self
    }

    /// A second place.
    #[must_use]
    pub fn also(mut self, spot: Spot, label: impl Into<String>) -> Self {
        self.secondary = Some((spot, label.into()));
        self
    }
}
