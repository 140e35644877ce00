//! The manifest with every `of` replaced by the fields that it names, for readers that follow no references.

use crate::{
    Manifest,
    model::{Domain, Entry, Field, Request, Response, Shape, Shared, Unique},
};

impl Manifest {
    /// The same manifest with every `of` expanded in place; `of` itself is gone afterwards.
    pub fn resolved(&self) -> Manifest {
        let shared = Shared { types: self.resolve_types(None, &self.shared.types), ..self.shared.clone() };
        Manifest { shared, domains: self.domains.iter().map(|domain| self.resolve_domain(domain)).collect() }
    }

    /// One field of a file (`None`: of the shared one) with every `of` in it expanded.
    pub(crate) fn resolve_field(&self, domain: Option<&Domain>, field: &Field) -> Field {
        Expander { manifest: self, domain, open: Vec::new() }.field(field)
    }

    fn resolve_domain(&self, domain: &Domain) -> Domain {
        Domain {
            types: self.resolve_types(Some(domain), &domain.types),
            routes: domain.routes.iter().map(|entry| self.resolve_entry(domain, entry)).collect(),
            ..domain.clone()
        }
    }

    fn resolve_types(&self, domain: Option<&Domain>, types: &Unique<Shape>) -> Unique<Shape> {
        let resolved = types.iter().map(|(name, shape)| {
            let mut expander = Expander { manifest: self, domain, open: vec![name] };
            (name.to_owned(), Shape { doc: shape.doc.clone(), fields: expander.fields(&shape.fields) })
        });
        resolved.collect()
    }

    fn resolve_entry(&self, domain: &Domain, entry: &Entry) -> Entry {
        let mut expander = Expander { manifest: self, domain: Some(domain), open: Vec::new() };
        let request = entry.request.as_ref().map(|request| Request {
            fields: expander.fields(&request.fields),
            body: request.body.as_ref().map(|body| Box::new(expander.field(body))),
            ..request.clone()
        });
        let response = entry.response.as_ref().map(|response| Response {
            data: response.data.as_ref().map(|data| Box::new(expander.field(data))),
            ..response.clone()
        });
        Entry { request, response, ..entry.clone() }
    }
}

/// Expands the references of one file.
struct Expander<'a> {
    manifest: &'a Manifest,
    /// `None`: a shared shape, which can only refer to shared shapes.
    domain: Option<&'a Domain>,
    /// Shapes that are being expanded. One that is met again inside itself stays a reference; the checks refuse such a
    /// manifest, but they need its expansion to end before they can say so.
    open: Vec<&'a str>,
}

impl<'a> Expander<'a> {
    fn shape(&self, name: &str) -> Option<&'a Shape> {
        match self.domain {
            Some(domain) => self.manifest.shape(domain, name),
            None => self.manifest.shared.types.get(name),
        }
    }

    fn fields(&mut self, fields: &'a Unique<Field>) -> Unique<Field> {
        fields.iter().map(|(name, field)| (name.to_owned(), self.field(field))).collect()
    }

    fn field(&mut self, field: &'a Field) -> Field {
        let items = field.items.as_ref().map(|items| Box::new(self.field(items)));
        let named = field.of.as_deref().and_then(|name| Some((name, self.shape(name)?)));
        match named.filter(|(name, _)| !self.open.contains(name)) {
            Some((name, shape)) => {
                self.open.push(name);
                let fields = self.fields(&shape.fields);
                self.open.pop();
                Field { of: None, fields, items, ..field.clone() }
            }
            None => Field { fields: self.fields(&field.fields), items, ..field.clone() },
        }
    }
}
