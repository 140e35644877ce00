//! The whole manifest, and the questions that its readers ask of it.

use crate::model::{Domain, Entry, Field, Shape, Shared, Unique};

/// All files of `routes/`, checked.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// `shared.yaml`.
    pub shared: Shared,
    /// The domains, in the order of their file names.
    pub domains: Vec<Domain>,
}

impl Manifest {
    /// Every entry that is a tool, with its domain, in written order.
    pub fn tools(&self) -> impl Iterator<Item = (&Domain, &Entry)> {
        self.domains
            .iter()
            .flat_map(|domain| domain.routes.iter().map(move |entry| (domain, entry)))
            .filter(|(_, entry)| entry.tool.is_some())
    }

    /// The entry of a tool, by its canonical (dotted) name.
    pub fn entry(&self, tool: &str) -> Option<&Entry> {
        self.tools().find(|(_, entry)| entry.tool.as_deref() == Some(tool)).map(|(_, entry)| entry)
    }

    /// The domain in whose file a tool stands.
    pub fn domain_of(&self, tool: &str) -> Option<&Domain> {
        self.tools().find(|(_, entry)| entry.tool.as_deref() == Some(tool)).map(|(domain, _)| domain)
    }

    /// The shape that `of` names in a file: its own, else the shared one.
    pub fn shape<'a>(&'a self, domain: &'a Domain, name: &str) -> Option<&'a Shape> {
        domain.types.get(name).or_else(|| self.shared.types.get(name))
    }

    /// The keys of an object: its own, or those of the shape that it names with `of`.
    pub fn fields_of<'a>(&'a self, domain: &'a Domain, field: &'a Field) -> &'a Unique<Field> {
        match &field.of {
            Some(name) => self.shape(domain, name).map_or(&field.fields, |shape| &shape.fields),
            None => &field.fields,
        }
    }
}
