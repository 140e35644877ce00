//! Everything declared in the module, by package, and what a type written in one file means.
//!
//! There is no type checker here: names are looked up where Go would look them up, and what leads out of the module
//! ends as [`Resolved::External`] with its import path.

use std::collections::HashMap;

use super::{
    ast::{Field, Function, Pos, Type, TypeDecl, ValueDecl},
    parse::{Parsed, Trouble},
};

/// What an import leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// A package of the module.
    Package(usize),
    /// A package of somebody else, or of the standard library.
    External(String),
    /// A package of the module that is not there.
    Missing(String),
}

/// All packages.
#[derive(Debug)]
pub struct Packages {
    files: Vec<Parsed>,
    of_file: Vec<usize>,
    imports: Vec<HashMap<String, Import>>,
    packages: Vec<Package>,
    methods_named: HashMap<String, Vec<(usize, String)>>,
}

#[derive(Debug, Default)]
struct Package {
    name: String,
    files: Vec<usize>,
    functions: HashMap<String, (usize, usize)>,
    methods: HashMap<String, HashMap<String, (usize, usize)>>,
    types: HashMap<String, (usize, usize)>,
    values: HashMap<String, (usize, usize, usize)>,
    inits: Vec<(usize, usize)>,
}

/// A type as it was written somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Ty<'p> {
    written: Ref<'p>,
    /// The file whose imports and package give its names their meaning.
    pub file: u32,
}

/// How a type was written.
#[derive(Debug, Clone, Copy)]
pub enum Ref<'p> {
    /// As a type.
    Type(&'p Type),
    /// As a name in an expression.
    Name(&'p str),
    /// As `pkg.Name` in an expression.
    Qualified(&'p str, &'p str),
}

/// What a type is.
#[derive(Debug, Clone, Copy)]
pub enum Resolved<'p> {
    /// Declared in the module.
    Declared(usize, &'p TypeDecl, u32),
    /// Declared elsewhere: import path and name.
    External(&'p str, &'p str),
    /// `*T`.
    Pointer(Ty<'p>),
    /// `[]T`.
    Slice(Ty<'p>),
    /// `map[K]V`.
    Map(Ty<'p>, Ty<'p>),
    /// `struct{…}`.
    Struct(&'p [Field], u32),
    /// `func(…)`.
    Func,
    /// `interface{…}` and `any`, with the names of the methods.
    Interface(&'p [String]),
    /// A builtin.
    Basic(&'p str),
    /// Not to be found.
    Unknown,
}

impl<'p> Ty<'p> {
    /// A type written in a file.
    pub const fn new(ty: &'p Type, file: u32) -> Self {
        Self { written: Ref::Type(ty), file }
    }

    /// A type named in an expression.
    pub const fn named(name: &'p str, file: u32) -> Self {
        Self { written: Ref::Name(name), file }
    }

    /// A type of another package named in an expression.
    pub const fn qualified(package: &'p str, name: &'p str, file: u32) -> Self {
        Self { written: Ref::Qualified(package, name), file }
    }

    /// How it was written.
    pub const fn written(self) -> Ref<'p> {
        self.written
    }
}

impl Packages {
    /// Gathers the declarations of all files. `module` is the module's path, empty when it is not known.
    pub fn new(files: Vec<Parsed>, module: &str) -> Self {
        let mut packages: Vec<Package> = Vec::new();
        let mut by_dir: HashMap<String, usize> = HashMap::new();
        let mut of_file = Vec::with_capacity(files.len());
        for (number, parsed) in files.iter().enumerate() {
            let dir = parsed.path.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.to_owned());
            let index = *by_dir.entry(dir).or_insert_with(|| {
                packages.push(Package::default());
                packages.len() - 1
            });
            of_file.push(index);
            if let Some(package) = packages.get_mut(index) {
                package.add(number, parsed);
            }
        }
        let imports = files.iter().map(|parsed| imports(parsed, module, &by_dir, &packages)).collect();
        let mut methods_named: HashMap<String, Vec<(usize, String)>> = HashMap::new();
        for (index, package) in packages.iter().enumerate() {
            for (ty, methods) in &package.methods {
                for name in methods.keys() {
                    methods_named.entry(name.clone()).or_default().push((index, ty.clone()));
                }
            }
        }
        Self { files, of_file, imports, packages, methods_named }
    }

    /// The file's path relative to the module.
    pub fn path(&self, file: u32) -> &str {
        self.parsed(file).map_or("", |parsed| parsed.path.as_str())
    }

    /// `file:line`.
    pub fn place(&self, pos: Pos) -> String {
        format!("{}:{}", self.path(pos.file), pos.line)
    }

    fn parsed(&self, file: u32) -> Option<&Parsed> {
        self.files.get(usize::try_from(file).ok()?)
    }

    /// The package of a file.
    pub fn package_of(&self, file: u32) -> usize {
        usize::try_from(file).ok().and_then(|file| self.of_file.get(file)).copied().unwrap_or(usize::MAX)
    }

    /// What could not be read in any file.
    pub fn troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.files.iter().flat_map(|parsed| &parsed.troubles)
    }

    /// How many files there are.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// What a name imported in a file leads to.
    pub fn import(&self, file: u32, name: &str) -> Option<&Import> {
        self.imports.get(usize::try_from(file).ok()?)?.get(name)
    }

    /// Whether a file imports a package whose path starts so.
    pub fn imports_path(&self, file: u32, prefix: &str) -> bool {
        let imports = usize::try_from(file).ok().and_then(|file| self.imports.get(file));
        imports.is_some_and(|imports| {
            imports.values().any(|import| matches!(import, Import::External(path) if path.starts_with(prefix)))
        })
    }

    /// Whether an import of a file leads to a package of the module that is not there.
    pub fn is_missing(&self, file: u32, path: &str) -> bool {
        let imports = usize::try_from(file).ok().and_then(|file| self.imports.get(file));
        imports.is_some_and(|imports| {
            imports.values().any(|import| matches!(import, Import::Missing(missing) if missing == path))
        })
    }

    /// Packages of the module that are imported but not there.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let all = self.imports.iter().flat_map(HashMap::values);
        all.filter_map(|import| match import {
            Import::Missing(path) => Some(path.as_str()),
            _ => None,
        })
    }

    fn function_at(&self, (file, index): (usize, usize)) -> Option<&Function> {
        self.files.get(file)?.file.functions.get(index)
    }

    /// A function of a package.
    pub fn function(&self, package: usize, name: &str) -> Option<&Function> {
        self.function_at(*self.packages.get(package)?.functions.get(name)?)
    }

    /// A method of a type of a package.
    pub fn method(&self, package: usize, ty: &str, name: &str) -> Option<&Function> {
        self.function_at(*self.packages.get(package)?.methods.get(ty)?.get(name)?)
    }

    /// The one type of the module that has a method of this name, when there is only one.
    pub fn only_method(&self, name: &str) -> Option<(usize, &str, &Function)> {
        match self.methods_named.get(name).map(Vec::as_slice) {
            Some([(package, ty)]) => Some((*package, ty, self.method(*package, ty, name)?)),
            _ => None,
        }
    }

    /// A type of a package, with its file.
    pub fn ty(&self, package: usize, name: &str) -> Option<(&TypeDecl, u32)> {
        let (file, index) = *self.packages.get(package)?.types.get(name)?;
        Some((self.files.get(file)?.file.types.get(index)?, u32::try_from(file).ok()?))
    }

    /// A constant or variable of a package: its declaration, which of its names, and its file.
    pub fn value(&self, package: usize, name: &str) -> Option<(&ValueDecl, usize, u32)> {
        let (file, index, position) = *self.packages.get(package)?.values.get(name)?;
        Some((self.files.get(file)?.file.values.get(index)?, position, u32::try_from(file).ok()?))
    }

    /// Every function with a body, `init` included.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.files.iter().flat_map(|parsed| &parsed.file.functions).filter(|function| function.body.is_some())
    }

    /// The `init` functions, package by package.
    pub fn inits(&self) -> impl Iterator<Item = &Function> {
        self.packages.iter().flat_map(|package| &package.inits).filter_map(|at| self.function_at(*at))
    }

    /// The variables of all packages.
    pub fn variables(&self) -> impl Iterator<Item = (usize, &ValueDecl)> {
        self.packages.iter().enumerate().flat_map(move |(index, package)| {
            let files = package.files.iter().filter_map(|file| self.files.get(*file));
            files
                .flat_map(|parsed| &parsed.file.values)
                .filter(|value| !value.constant)
                .map(move |value| (index, value))
        })
    }

    /// What a type is. Names of local types and type parameters must have been tried before.
    pub fn resolve<'p>(&'p self, ty: Ty<'p>) -> Resolved<'p> {
        match ty.written {
            Ref::Name(name) => self.by_name(name, ty.file),
            Ref::Qualified(package, name) => self.by_import(package, name, ty.file),
            Ref::Type(written) => match written {
                Type::Name(name) => self.by_name(name, ty.file),
                Type::Qualified(package, name) => self.by_import(package, name, ty.file),
                Type::Pointer(inner) => Resolved::Pointer(Ty::new(inner, ty.file)),
                Type::Slice(inner) => Resolved::Slice(Ty::new(inner, ty.file)),
                Type::Map(key, value) => Resolved::Map(Ty::new(key, ty.file), Ty::new(value, ty.file)),
                Type::Struct(fields) => Resolved::Struct(fields, ty.file),
                Type::Func(_) => Resolved::Func,
                Type::Interface(methods) => Resolved::Interface(methods),
                Type::Generic(of) => self.resolve(Ty::new(of, ty.file)),
                Type::Other => Resolved::Unknown,
            },
        }
    }

    fn by_name<'p>(&'p self, name: &'p str, file: u32) -> Resolved<'p> {
        let package = self.package_of(file);
        if let Some((decl, file)) = self.ty(package, name) {
            return Resolved::Declared(package, decl, file);
        }
        match name {
            "any" | "error" | "comparable" => Resolved::Interface(&[]),
            "string" | "bool" | "byte" | "rune" | "int" | "int8" | "int16" | "int32" | "int64" | "uint" | "uint8"
            | "uint16" | "uint32" | "uint64" | "uintptr" | "float32" | "float64" | "complex64" | "complex128" => {
                Resolved::Basic(name)
            }
            _ => Resolved::Unknown,
        }
    }

    fn by_import<'p>(&'p self, package: &str, name: &'p str, file: u32) -> Resolved<'p> {
        match self.import(file, package) {
            Some(Import::Package(package)) => match self.ty(*package, name) {
                Some((decl, file)) => Resolved::Declared(*package, decl, file),
                None => Resolved::Unknown,
            },
            Some(Import::External(path)) => Resolved::External(path, name),
            Some(Import::Missing(_)) | None => Resolved::Unknown,
        }
    }
}

impl Package {
    fn add(&mut self, number: usize, parsed: &Parsed) {
        if self.name.is_empty() {
            self.name.clone_from(&parsed.file.package);
        }
        self.files.push(number);
        for (index, function) in parsed.file.functions.iter().enumerate() {
            let at = (number, index);
            match &function.receiver {
                Some(receiver) => {
                    let methods = self.methods.entry(receiver_type(&receiver.ty).to_owned()).or_default();
                    methods.entry(function.name.clone()).or_insert(at);
                }
                None if function.name == "init" => self.inits.push(at),
                None => {
                    self.functions.entry(function.name.clone()).or_insert(at);
                }
            }
        }
        for (index, decl) in parsed.file.types.iter().enumerate() {
            self.types.entry(decl.name.clone()).or_insert((number, index));
        }
        for (index, decl) in parsed.file.values.iter().enumerate() {
            for (position, name) in decl.names.iter().enumerate() {
                self.values.entry(name.clone()).or_insert((number, index, position));
            }
        }
    }
}

/// The name of a receiver's type.
pub fn receiver_type(ty: &Type) -> &str {
    match ty {
        Type::Name(name) => name,
        Type::Pointer(inner) | Type::Generic(inner) => receiver_type(inner),
        _ => "",
    }
}

fn imports(
    parsed: &Parsed,
    module: &str,
    by_dir: &HashMap<String, usize>,
    packages: &[Package],
) -> HashMap<String, Import> {
    let mut found = HashMap::new();
    for import in &parsed.file.imports {
        let target = target(&import.path, module, by_dir);
        let usual = match &target {
            Import::Package(index) => packages.get(*index).map(|package| package.name.clone()).unwrap_or_default(),
            Import::External(path) | Import::Missing(path) => usual_name(path).to_owned(),
        };
        found.insert(import.alias.clone().unwrap_or(usual), target);
    }
    found
}

fn target(path: &str, module: &str, by_dir: &HashMap<String, usize>) -> Import {
    if !module.is_empty() {
        let dir = path.strip_prefix(module).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        return match dir.map(|rest| rest.trim_start_matches('/')) {
            Some(dir) => {
                by_dir.get(dir).map_or_else(|| Import::Missing(path.to_owned()), |index| Import::Package(*index))
            }
            None => Import::External(path.to_owned()),
        };
    }
    // Without `go.mod` the longest end of the path that is a folder tells; a bare name would match too much.
    let mut rest = path;
    while rest.contains('/') {
        if let Some(index) = by_dir.get(rest) {
            return Import::Package(*index);
        }
        rest = rest.split_once('/').map_or("", |(_, rest)| rest);
    }
    Import::External(path.to_owned())
}

/// The name under which a package is usually known: the last part that is not a version.
fn usual_name(path: &str) -> &str {
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
    };
    let last = path.rsplit('/').find(|part| !is_version(part)).unwrap_or(path);
    let last = last.split_once(".v").map_or(last, |(name, _)| name);
    last.strip_prefix("go-").unwrap_or(last)
}
