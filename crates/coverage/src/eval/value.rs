//! What an expression can stand for while Go is evaluated without being run.
//!
//! Only what matters to a route is known exactly: texts, small numbers, functions, routers, the request and what is
//! read from it. Everything else is [`Opaque`], which still remembers where it came from.

use std::{
    cell::{Cell, RefCell},
    ops::BitOr,
    rc::Rc,
};

use crate::{
    go::{Ty, ast::Function},
    keys::Node,
};

/// What an unknown value depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taint(u8);

impl Taint {
    /// On nothing of interest.
    pub const NONE: Self = Self(0);
    /// On the caller's credential.
    pub const TOKEN: Self = Self(1);
    /// On the caller's role.
    pub const ROLE: Self = Self(2);

    /// All but these.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it depends on any of these.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Taint {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Something that is not known.
#[derive(Debug, Clone, Default)]
pub struct Opaque<'p> {
    /// Its type, when that is known.
    pub ty: Option<Ty<'p>>,
    /// What it depends on.
    pub taint: Taint,
    /// As a condition: the side on which what it looks at is missing or wrong.
    pub absent: Option<bool>,
    /// As a condition: it holds when this part of the request is missing.
    pub missing: Vec<Node>,
    /// It is the second thing a call gave: an error, or whether it went well.
    pub second: bool,
    /// It came from somebody else's package.
    pub foreign: bool,
    /// It came from a package that only computes: what is done with it changes nothing.
    pub plain: bool,
}

/// A part of the request.
#[derive(Debug, Clone)]
pub struct Data<'p> {
    /// Which.
    pub node: Node,
    /// The Go type that it was decoded into.
    pub ty: Option<Ty<'p>>,
    /// It was converted to a single value: nothing is inside any more.
    pub scalar: bool,
}

/// A variable.
#[derive(Debug)]
pub struct Slot<'p> {
    /// What it holds.
    pub value: RefCell<Value<'p>>,
    /// Its declared type.
    pub ty: Option<Ty<'p>>,
    /// How many undecided conditions it was declared under.
    pub branch: usize,
}

/// Variables of a block, and those around it.
#[derive(Debug)]
pub struct Scope<'p> {
    vars: RefCell<Vec<(&'p str, Rc<Slot<'p>>)>>,
    parent: Option<Env<'p>>,
}

/// A scope that closures can keep.
pub type Env<'p> = Rc<Scope<'p>>;

/// A function with what it captured.
#[derive(Debug, Clone)]
pub struct Closure<'p> {
    /// What it does.
    pub function: &'p Function,
    /// Captured variables of a literal.
    pub env: Option<Env<'p>>,
    /// Bound receiver of a method.
    pub receiver: Option<Box<Value<'p>>>,
    /// Type arguments.
    pub types: Vec<(&'p str, Ty<'p>)>,
    /// The type it was converted to, which can have methods.
    pub converted: Option<Ty<'p>>,
    /// Which function value it is, whatever it was converted to.
    pub id: usize,
    /// The handler that this wrapper was made around.
    pub core: Option<Rc<Closure<'p>>>,
    /// Names of the functions that wrapped it, outermost first.
    pub wrappers: Vec<String>,
}

/// A struct.
#[derive(Debug)]
pub struct Object<'p> {
    /// Its type.
    pub ty: Option<Ty<'p>>,
    /// Its fields, as far as they were set.
    pub fields: RefCell<Vec<(&'p str, Value<'p>)>>,
}

/// What libraries give a handler, and what they make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lib {
    /// `*http.Request`.
    Request,
    /// `http.ResponseWriter`.
    Response,
    /// `r.Header`.
    RequestHeader,
    /// `w.Header()`.
    ResponseHeader,
    /// `r.URL`.
    Url,
    /// `r.URL.Query()`.
    Query,
    /// `r.Form`, `r.PostForm`.
    Form,
    /// The bytes of the body, or a reader of them.
    Body,
    /// A JSON encoder that writes the answer.
    Encoder,
    /// `r.Context()`.
    Context,
    /// gin's context.
    Gin,
    /// echo's context.
    Echo,
}

/// A value.
#[derive(Debug, Clone)]
pub enum Value<'p> {
    /// Not known.
    Opaque(Box<Opaque<'p>>),
    /// `nil`.
    Nil,
    /// A text.
    Text(Rc<str>),
    /// A whole number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// The method of the request, in a run that tries one.
    Method(Rc<str>),
    /// The start of the request's path, in a route that leaves the rest open.
    OpenPath(Rc<str>),
    /// A function.
    Func(Rc<Closure<'p>>),
    /// A pointer to a variable.
    Pointer(Rc<Slot<'p>>),
    /// A struct.
    Object(Rc<Object<'p>>),
    /// A list.
    List(Rc<Vec<Value<'p>>>),
    /// A map.
    Map(Rc<RefCell<Vec<(Value<'p>, Value<'p>)>>>),
    /// A router, by its number.
    Router(usize),
    /// A registered route that can still be told more (`.Methods("POST")`), by its number.
    Registered(usize),
    /// A handler behind `http.StripPrefix`.
    Strip(Rc<str>, Rc<Value<'p>>),
    /// Something of a library.
    Lib(Lib),
    /// A JSON decoder of the body; whether it refuses unknown keys.
    Decoder(Box<Value<'p>>, Rc<Cell<bool>>),
    /// A part of the request.
    Data(Box<Data<'p>>),
    /// Several results.
    Tuple(Rc<Vec<Value<'p>>>),
    /// A type.
    Type(Ty<'p>),
    /// An imported package, by the name it has in a file.
    Package(&'p str, u32),
    /// A builtin function.
    Builtin(&'p str),
    /// A method of a library's value, not called yet.
    Bound(Box<Value<'p>>, &'p str),
    /// A function of a package that is not here: import path and name.
    Foreign(Rc<str>, &'p str),
}

impl<'p> Value<'p> {
    /// Something unknown.
    pub fn unknown() -> Self {
        Self::Opaque(Box::default())
    }

    /// Something unknown that depends on something.
    pub fn tainted(taint: Taint) -> Self {
        Self::Opaque(Box::new(Opaque { taint, ..Opaque::default() }))
    }

    /// Something unknown that somebody else's package gave.
    pub fn foreign(taint: Taint) -> Self {
        Self::Opaque(Box::new(Opaque { taint, foreign: true, ..Opaque::default() }))
    }

    /// Something unknown of a known type.
    pub fn of_type(ty: Ty<'p>, taint: Taint) -> Self {
        Self::Opaque(Box::new(Opaque { ty: Some(ty), taint, ..Opaque::default() }))
    }

    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Rc::from(text.as_ref()))
    }

    /// A list.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    /// The text, of a text or a method.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Method(text) => Some(text),
            _ => None,
        }
    }

    /// What it depends on.
    pub fn taint(&self) -> Taint {
        match self {
            Self::Opaque(opaque) => opaque.taint,
            Self::Lib(Lib::Context) => Taint::TOKEN,
            // A field of something that has no type here looks like a method that is not called.
            Self::Bound(of, ..) => of.taint(),
            Self::Tuple(items) => items.iter().fold(Taint::NONE, |taint, item| taint | item.taint()),
            Self::Pointer(slot) => match &*slot.value.borrow() {
                Self::Opaque(opaque) => opaque.taint,
                _ => Taint::NONE,
            },
            _ => Taint::NONE,
        }
    }

    /// The part of the request that it is.
    pub fn data(&self) -> Option<&Data<'p>> {
        match self {
            Self::Data(data) => Some(data),
            _ => None,
        }
    }

    /// The value behind pointers.
    pub fn deref(&self) -> Self {
        let mut value = self.clone();
        for _ in 0..8 {
            let Self::Pointer(slot) = &value else { break };
            let inner = slot.value.borrow().clone();
            value = inner;
        }
        value
    }

    /// Its type, when it carries one.
    pub fn ty(&self) -> Option<Ty<'p>> {
        match self {
            Self::Opaque(opaque) => opaque.ty,
            Self::Object(object) => object.ty,
            Self::Data(data) => data.ty,
            Self::Func(closure) => closure.converted,
            Self::Pointer(slot) => slot.value.borrow().ty().or(slot.ty),
            _ => None,
        }
    }

    /// The same, with a type put on what has none.
    #[must_use]
    pub fn typed(self, ty: Option<Ty<'p>>) -> Self {
        match self {
            Self::Opaque(mut opaque) if opaque.ty.is_none() => {
                opaque.ty = ty;
                Self::Opaque(opaque)
            }
            other => other,
        }
    }

    /// Whether following it into a function can tell something of a request.
    pub fn is_request(&self) -> bool {
        match self {
            Self::Lib(lib) => *lib != Lib::Context && *lib != Lib::ResponseHeader,
            Self::Data(data) => !data.scalar,
            Self::Decoder(..) => true,
            Self::Pointer(slot) => slot.value.try_borrow().is_ok_and(|value| value.is_request()),
            Self::List(items) => items.iter().any(Self::is_request),
            Self::Object(object) => {
                object.fields.borrow().iter().any(|(_, value)| matches!(value, Self::Lib(_) | Self::Data(_)))
            }
            _ => false,
        }
    }

    /// Whether it writes the answer.
    pub fn is_response(&self) -> bool {
        matches!(self, Self::Lib(Lib::Response | Lib::Gin | Lib::Echo | Lib::Encoder))
    }

    /// Whether it is a function or something that serves like one.
    pub fn is_handler(&self) -> bool {
        matches!(self, Self::Func(_) | Self::Router(_) | Self::Strip(..))
    }
}

impl<'p> Slot<'p> {
    /// A variable with a value.
    pub fn new(value: Value<'p>, ty: Option<Ty<'p>>, branch: usize) -> Rc<Self> {
        Rc::new(Self { value: RefCell::new(value), ty, branch })
    }
}

impl<'p> Scope<'p> {
    /// A scope inside another.
    pub fn inside(parent: Option<&Env<'p>>) -> Env<'p> {
        Rc::new(Self { vars: RefCell::new(Vec::new()), parent: parent.cloned() })
    }

    /// Declares a variable.
    pub fn declare(&self, name: &'p str, slot: Rc<Slot<'p>>) {
        if !name.is_empty() && name != "_" {
            self.vars.borrow_mut().push((name, slot));
        }
    }

    /// A variable of this very block.
    pub fn own(&self, name: &str) -> Option<Rc<Slot<'p>>> {
        self.vars.borrow().iter().rev().find(|(known, _)| *known == name).map(|(_, slot)| Rc::clone(slot))
    }

    /// A variable of this block or of one around it.
    pub fn find(&self, name: &str) -> Option<Rc<Slot<'p>>> {
        let mut scope = self;
        loop {
            if let Some(slot) = scope.own(name) {
                return Some(slot);
            }
            scope = scope.parent.as_deref()?;
        }
    }
}

impl<'p> Closure<'p> {
    /// The handler at the middle of all wrappers.
    pub fn innermost(&self) -> &Self {
        let mut closure = self;
        while let Some(core) = &closure.core {
            closure = core;
        }
        closure
    }
}
