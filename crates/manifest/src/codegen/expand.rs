//! Every `of` of the manifest filled in with the keys of the type that it names. The name stays beside the keys: the
//! generated code has one struct and one table for a type, however many fields use it.

use super::Error;
use crate::{
    Manifest,
    model::{Domain, Field, Unique},
};

/// The domains in file order, with all types written out; `types` of each holds the shared ones too.
pub fn domains(manifest: &Manifest) -> Result<Vec<Domain>, Error> {
    manifest.domains.iter().map(|domain| Expansion { manifest, domain }.domain()).collect()
}

struct Expansion<'a> {
    manifest: &'a Manifest,
    domain: &'a Domain,
}

impl Expansion<'_> {
    fn domain(&self) -> Result<Domain, Error> {
        let mut domain = self.domain.clone();
        let shared = self.manifest.shared.types.iter().filter(|(name, _)| self.domain.types.get(name).is_none());
        let types = self.domain.types.iter().chain(shared).map(|(name, shape)| (name.to_owned(), shape.clone()));
        domain.types = types.collect();
        for entry in &mut domain.routes {
            if let Some(request) = &mut entry.request {
                request.fields = self.fields(&request.fields, &mut Vec::new())?;
                if let Some(body) = &mut request.body {
                    **body = self.field(body, &mut Vec::new())?;
                }
            }
            if let Some(data) = entry.response.as_mut().and_then(|response| response.data.as_mut()) {
                **data = self.field(data, &mut Vec::new())?;
            }
        }
        Ok(domain)
    }

    fn fields(&self, fields: &Unique<Field>, way: &mut Vec<String>) -> Result<Unique<Field>, Error> {
        fields.iter().map(|(name, field)| Ok((name.to_owned(), self.field(field, way)?))).collect()
    }

    /// `way` holds the types that the field stands in, from the outside.
    fn field(&self, field: &Field, way: &mut Vec<String>) -> Result<Field, Error> {
        let mut whole = field.clone();
        if let Some(name) = &field.of {
            if way.contains(name) {
                let path = format!("{} -> {name}", way.join(" -> "));
                return Err(Error::Endless { file: format!("{}.yaml", self.domain.domain), name: name.clone(), path });
            }
            way.push(name.clone());
            whole.fields = self.fields(self.manifest.fields_of(self.domain, field), way)?;
            way.pop();
        } else {
            whole.fields = self.fields(&field.fields, way)?;
        }
        if let Some(items) = &field.items {
            whole.items = Some(Box::new(self.field(items, way)?));
        }
        Ok(whole)
    }
}
