//! Types during evaluation: names of local types and type parameters come before those of the package.

use std::{cell::RefCell, collections::HashMap};

use crate::{
    facts::Kind,
    go::{
        Packages, Ref, Resolved, Ty,
        ast::{Field, Function, Type},
        packages::Import,
    },
};

/// Looks types up.
#[derive(Debug)]
pub struct Types<'p> {
    /// What is declared.
    pub packages: &'p Packages,
    locals: RefCell<HashMap<(u32, &'p str), Ty<'p>>>,
}

impl<'p> Types<'p> {
    /// Types of these packages.
    pub fn new(packages: &'p Packages) -> Self {
        Self { packages, locals: RefCell::new(HashMap::new()) }
    }

    /// Gives a name a meaning in one file, and gives back the one it had.
    pub fn bind(&self, file: u32, name: &'p str, ty: Ty<'p>) -> Option<Ty<'p>> {
        self.locals.borrow_mut().insert((file, name), ty)
    }

    /// Takes a meaning back.
    pub fn unbind(&self, file: u32, name: &'p str, earlier: Option<Ty<'p>>) {
        match earlier {
            Some(ty) => self.locals.borrow_mut().insert((file, name), ty),
            None => self.locals.borrow_mut().remove(&(file, name)),
        };
    }

    /// What a type is.
    pub fn resolve(&self, ty: Ty<'p>) -> Resolved<'p> {
        let mut ty = ty;
        // A type parameter can be bound to another one that is bound in turn.
        for _ in 0..8 {
            let name = match ty.written() {
                Ref::Name(name) => name,
                Ref::Type(Type::Name(name)) => name.as_str(),
                _ => break,
            };
            let bound = self.locals.borrow().get(&(ty.file, name)).copied();
            match bound {
                Some(bound) => ty = bound,
                None => break,
            }
        }
        self.packages.resolve(ty)
    }

    /// What a type is made of: names and pointers gone through.
    pub fn shape(&self, ty: Ty<'p>) -> Resolved<'p> {
        let mut resolved = self.resolve(ty);
        for _ in 0..16 {
            resolved = match resolved {
                Resolved::Declared(_, decl, file) => self.resolve(Ty::new(&decl.ty, file)),
                Resolved::Pointer(inner) => self.resolve(inner),
                other => return other,
            };
        }
        Resolved::Unknown
    }

    /// A method of a type, looked for through names, pointers and embedded structs.
    pub fn method(&self, ty: Ty<'p>, name: &str) -> Option<&'p Function> {
        self.method_at(ty, name, 0)
    }

    fn method_at(&self, ty: Ty<'p>, name: &str, depth: usize) -> Option<&'p Function> {
        if depth > 8 {
            return None;
        }
        match self.resolve(ty) {
            Resolved::Pointer(inner) => self.method_at(inner, name, depth + 1),
            Resolved::Declared(package, decl, file) => {
                let own = self.packages.method(package, &decl.name, name);
                own.or_else(|| self.method_at(Ty::new(&decl.ty, file), name, depth + 1))
            }
            Resolved::Struct(fields, file) => {
                let embedded = fields.iter().filter(|field| field.embedded);
                embedded.into_iter().find_map(|field| self.method_at(Ty::new(&field.ty, file), name, depth + 1))
            }
            Resolved::Interface(methods) if methods.iter().any(|method| method == name) => {
                self.packages.only_method(name).map(|(_, _, function)| function)
            }
            _ => None,
        }
    }

    /// The fields of a struct type, with their file.
    pub fn fields(&self, ty: Ty<'p>) -> Option<(&'p [Field], u32)> {
        match self.shape(ty) {
            Resolved::Struct(fields, file) => Some((fields, file)),
            _ => None,
        }
    }

    /// A field of a struct type, embedded structs included, with its type.
    pub fn field(&self, ty: Ty<'p>, name: &str) -> Option<(&'p Field, Ty<'p>)> {
        self.field_at(ty, name, 0)
    }

    fn field_at(&self, ty: Ty<'p>, name: &str, depth: usize) -> Option<(&'p Field, Ty<'p>)> {
        let (fields, file) = self.fields(ty).filter(|_| depth < 8)?;
        if let Some(field) = fields.iter().find(|field| field.name == name) {
            return Some((field, Ty::new(&field.ty, file)));
        }
        let embedded = fields.iter().filter(|field| field.embedded);
        embedded.into_iter().find_map(|field| self.field_at(Ty::new(&field.ty, file), name, depth + 1))
    }

    /// The element type of a list or map.
    pub fn element(&self, ty: Ty<'p>) -> Option<Ty<'p>> {
        match self.shape(ty) {
            Resolved::Slice(inner) | Resolved::Map(_, inner) => Some(inner),
            _ => None,
        }
    }

    /// Import path and name of a type of somebody else, pointers gone through.
    pub fn external(&self, ty: Ty<'p>) -> Option<(&'p str, &'p str)> {
        let mut resolved = self.resolve(ty);
        for _ in 0..8 {
            match resolved {
                Resolved::External(path, name) => return Some((path, name)),
                Resolved::Pointer(inner) => resolved = self.resolve(inner),
                Resolved::Declared(_, decl, file) => resolved = self.resolve(Ty::new(&decl.ty, file)),
                _ => return None,
            }
        }
        None
    }

    /// Whether a type is `error`.
    pub fn is_error(&self, ty: Ty<'p>) -> bool {
        let name = match ty.written() {
            Ref::Name(name) => name,
            Ref::Type(Type::Name(name)) => name,
            _ => return false,
        };
        name == "error"
    }

    /// Name of a declared type, pointers gone through.
    pub fn name(&self, ty: Ty<'p>) -> Option<&'p str> {
        match self.resolve(ty) {
            Resolved::Declared(_, decl, _) => Some(&decl.name),
            Resolved::External(_, name) | Resolved::Basic(name) => Some(name),
            Resolved::Pointer(inner) => self.name(inner),
            _ => None,
        }
    }

    /// The JSON type that a Go type is decoded from.
    pub fn kind(&self, ty: Ty<'p>) -> Kind {
        if let Some((path, name)) = self.external(ty) {
            return match (path, name) {
                ("encoding/json", "Number") => Kind::Number,
                ("time", "Duration") => Kind::Integer,
                ("time", "Time") => Kind::String,
                _ => Kind::Any,
            };
        }
        match self.shape(ty) {
            Resolved::Basic(name) => basic(name),
            Resolved::Struct(..) => Kind::Object,
            Resolved::Slice(item) if matches!(self.shape(item), Resolved::Basic("byte" | "uint8")) => Kind::String,
            Resolved::Slice(_) => Kind::Array,
            Resolved::Map(..) => Kind::Map,
            _ => Kind::Any,
        }
    }

    /// What the name of an import means in a file.
    pub fn import(&self, file: u32, name: &str) -> Option<&'p Import> {
        self.packages.import(file, name)
    }
}

fn basic(name: &str) -> Kind {
    match name {
        "string" => Kind::String,
        "bool" => Kind::Boolean,
        "float32" | "float64" => Kind::Number,
        "complex64" | "complex128" => Kind::Any,
        _ => Kind::Integer,
    }
}
