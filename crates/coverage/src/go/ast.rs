//! The part of Go's syntax that the reader needs, as plain data.
//!
//! Parentheses, comments and everything that cannot matter to a route are gone. Each expression that can be a place of
//! interest keeps the line it stands on.

/// A place in the source: file (by its number in the load) and line (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pos {
    /// Number of the file.
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
    /// Byte within the file: two things on one line are two places.
    pub byte: u32,
}

/// One file.
#[derive(Debug, Default)]
pub struct File {
    /// Name in the `package` clause.
    pub package: String,
    /// What it imports.
    pub imports: Vec<Import>,
    /// Functions and methods.
    pub functions: Vec<Function>,
    /// Types, also those declared inside functions (hoisted, see [`TypeDecl::local`]).
    pub types: Vec<TypeDecl>,
    /// Constants and variables of the package.
    pub values: Vec<ValueDecl>,
}

/// One import.
#[derive(Debug)]
pub struct Import {
    /// The name given to it, when one is.
    pub alias: Option<String>,
    /// Its path.
    pub path: String,
}

/// A function, a method or a function literal.
#[derive(Debug)]
pub struct Function {
    /// Its name; empty for a literal.
    pub name: String,
    /// Name and type of the receiver.
    pub receiver: Option<Param>,
    /// Names of its type parameters.
    pub type_params: Vec<String>,
    /// Its parameters and results.
    pub signature: Signature,
    /// What it does; absent for one without a body.
    pub body: Option<Block>,
    /// Where it stands.
    pub pos: Pos,
    /// Statements in it, nested ones included: how large it is.
    pub size: usize,
    /// Every name that is used in it, sorted: what it can possibly reach.
    pub mentions: Vec<String>,
}

/// Parameters and results.
#[derive(Debug, Default)]
pub struct Signature {
    /// Parameters, one each name.
    pub params: Vec<Param>,
    /// The last parameter takes the rest.
    pub variadic: bool,
    /// Results.
    pub results: Vec<Param>,
}

/// One parameter or result.
#[derive(Debug)]
pub struct Param {
    /// Its name; empty or `_` when it has none.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A type declaration.
#[derive(Debug)]
pub struct TypeDecl {
    /// Its name.
    pub name: String,
    /// What it is.
    pub ty: Type,
}

/// A type as written.
#[derive(Debug)]
pub enum Type {
    /// A name of this package, a builtin or a type parameter.
    Name(String),
    /// `pkg.Name`.
    Qualified(String, String),
    /// `*T`.
    Pointer(Box<Type>),
    /// `[]T`, `[n]T`.
    Slice(Box<Type>),
    /// `map[K]V`.
    Map(Box<Type>, Box<Type>),
    /// `struct { … }`.
    Struct(Vec<Field>),
    /// `func(…) …`.
    Func(Box<Signature>),
    /// `interface { … }` with the names of its methods.
    Interface(Vec<String>),
    /// `T[A, B]`, of which the arguments do not matter here.
    Generic(Box<Type>),
    /// A channel or something that was not understood.
    Other,
}

/// One field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Its name; for an embedded field the name of its type.
    pub name: String,
    /// It is embedded.
    pub embedded: bool,
    /// Its type.
    pub ty: Type,
    /// Its tag without quotes.
    pub tag: String,
}

/// `const` or `var`, one name each.
#[derive(Debug)]
pub struct ValueDecl {
    /// The names on the left.
    pub names: Vec<String>,
    /// The type, when one is written.
    pub ty: Option<Type>,
    /// The values on the right.
    pub values: Vec<Expr>,
    /// It is a constant.
    pub constant: bool,
    /// Position in a `const (…)` group, the value of `iota`.
    pub iota: i64,
}

/// Statements in braces.
pub type Block = Vec<Stmt>;

/// A statement with its place.
#[derive(Debug)]
pub struct Stmt {
    /// Where it starts.
    pub pos: Pos,
    /// What it is.
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Debug)]
pub enum StmtKind {
    /// An expression for its effect.
    Expr(Expr),
    /// `a, b = c`, `a, b := c`, `a += b`.
    Assign {
        /// Left side.
        left: Vec<Expr>,
        /// Right side.
        right: Vec<Expr>,
        /// `:=`.
        define: bool,
        /// The operator before `=`, for `+=` and its like.
        operator: Option<String>,
    },
    /// `i++` (1) and `i--` (-1).
    Step(Expr, i64),
    /// `var` or `const` inside a function.
    Declare(ValueDecl),
    /// A type declared inside a function.
    Type(TypeDecl),
    /// `return …`.
    Return(Vec<Expr>),
    /// `if`.
    If {
        /// Statement before the condition.
        init: Option<Box<Stmt>>,
        /// The condition.
        condition: Expr,
        /// Done when it holds.
        then: Block,
        /// Done when it does not.
        otherwise: Option<Block>,
    },
    /// `switch x { … }` and `switch { … }`.
    Switch {
        /// Statement before it.
        init: Option<Box<Stmt>>,
        /// What is looked at.
        subject: Option<Expr>,
        /// The cases; a `default` has no values.
        cases: Vec<Case>,
    },
    /// `switch x := y.(type) { … }`.
    TypeSwitch {
        /// Statement before it.
        init: Option<Box<Stmt>>,
        /// The name bound in the cases.
        name: Option<String>,
        /// What is looked at.
        subject: Expr,
        /// The cases with their types.
        cases: Vec<TypeCase>,
    },
    /// `for init; condition; step { … }`, `for condition { … }`, `for { … }`.
    For {
        /// Before the first round.
        init: Option<Box<Stmt>>,
        /// Goes on while it holds.
        condition: Option<Expr>,
        /// After each round.
        step: Option<Box<Stmt>>,
        /// What is repeated.
        body: Block,
    },
    /// `for a, b := range x { … }`.
    Range {
        /// Names or places that take key and value.
        left: Vec<Expr>,
        /// What is walked.
        over: Expr,
        /// What is repeated.
        body: Block,
    },
    /// `select { … }`: one block a case.
    Select(Vec<Block>),
    /// A block of its own.
    Block(Block),
    /// `break`, with a label or without.
    Break(Option<String>),
    /// `continue`, with a label or without.
    Continue(Option<String>),
    /// `fallthrough`.
    Fallthrough,
    /// `go f()` and `defer f()`.
    Later(Expr, Later),
    /// A statement with a label.
    Labeled(String, Box<Stmt>),
    /// A statement that cannot matter.
    Nothing,
}

/// When a call is made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// `go`.
    Go,
    /// `defer`.
    Defer,
}

/// One case of a `switch`.
#[derive(Debug)]
pub struct Case {
    /// Its values; none for `default`.
    pub values: Vec<Expr>,
    /// It is `default`.
    pub default: bool,
    /// What it does.
    pub body: Block,
    /// Where it stands.
    pub pos: Pos,
}

/// One case of a type switch.
#[derive(Debug)]
pub struct TypeCase {
    /// Its types; none for `default`.
    pub types: Vec<Type>,
    /// What it does.
    pub body: Block,
}

/// An expression with its place.
#[derive(Debug)]
pub struct Expr {
    /// Where it starts.
    pub pos: Pos,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExprKind {
    /// A name, `true`, `false`, `nil` and `iota` included.
    Name(String),
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number with a fraction, a rune, something huge.
    Number,
    /// `x.name`.
    Select(Box<Expr>, String),
    /// `x[i]`; with several it instantiates a generic function.
    Index(Box<Expr>, Vec<Expr>),
    /// `x[a:b]`.
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// `f(…)`.
    Call(Box<Call>),
    /// `!x`, `-x`, `&x`, `*x`, `<-x`.
    Unary(String, Box<Expr>),
    /// `a op b`.
    Binary(String, Box<Expr>, Box<Expr>),
    /// A function literal.
    Func(Box<Function>),
    /// `T{…}`, `[]T{…}`, `map[K]V{…}`, and `{…}` inside another.
    Composite(Option<Type>, Vec<Element>),
    /// `x.(T)`.
    Assert(Box<Expr>, Type),
    /// A type where an expression stands: `make([]T, 0)`, `[]byte(x)`.
    Type(Type),
    /// Something that was not understood.
    Other,
}

/// A call.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub function: Expr,
    /// Type arguments.
    pub types: Vec<Type>,
    /// Arguments.
    pub args: Vec<Expr>,
    /// The last argument is spread (`args...`).
    pub spread: bool,
}

/// One element of a composite literal.
#[derive(Debug)]
pub struct Element {
    /// Field name, map key or index.
    pub key: Option<Expr>,
    /// The value.
    pub value: Expr,
}
