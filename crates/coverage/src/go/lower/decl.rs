//! Declarations: imports, functions, types, constants and variables.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::{Lower, children, in_field, text::unquoted};
use crate::go::ast::{Expr, File, Function, Import, Stmt, StmtKind, Type, TypeDecl, ValueDecl};

impl<'t> Lower<'t> {
    /// One declaration at the top of a file.
    pub(super) fn top(&mut self, node: Node<'t>, file: &mut File) {
        match node.kind() {
            "package_clause" => file.package = self.owned(children(node).first().copied()),
            "import_declaration" => self.imports(node, file),
            "function_declaration" | "method_declaration" => {
                let function = self.function(node);
                file.functions.push(function);
            }
            "type_declaration" => file.types.extend(self.type_declarations(node)),
            "const_declaration" | "var_declaration" => file.values.extend(self.value_declarations(node)),
            _ => {}
        }
    }

    fn imports(&mut self, node: Node<'t>, file: &mut File) {
        for child in children(node) {
            match child.kind() {
                "import_spec_list" => self.imports(child, file),
                "import_spec" => {
                    let path =
                        child.child_by_field_name("path").map(|path| unquoted(self.text(path))).unwrap_or_default();
                    let alias = child.child_by_field_name("name").map(|name| self.text(name).to_owned());
                    file.imports.push(Import { alias, path });
                }
                _ => {}
            }
        }
    }

    /// A function, method or literal; what it uses is gathered on the way.
    pub(super) fn function(&mut self, node: Node<'t>) -> Function {
        let outer_mentions = std::mem::take(&mut self.mentions);
        let outer_size = std::mem::take(&mut self.size);
        let receiver = node.child_by_field_name("receiver").and_then(|list| self.params(list).0.into_iter().next());
        let type_params = self.type_params(node);
        let signature = self.signature(node);
        let body = node.child_by_field_name("body").map(|body| self.block(body));
        let inner: BTreeSet<String> = std::mem::replace(&mut self.mentions, outer_mentions);
        let size = std::mem::replace(&mut self.size, outer_size);
        self.size += size;
        let mentions: Vec<String> = inner.into_iter().collect();
        self.mentions.extend(mentions.iter().cloned());
        let name = self.owned(node.child_by_field_name("name"));
        Function { name, receiver, type_params, signature, body, pos: self.pos(node), size, mentions }
    }

    /// The types of one `type` declaration.
    pub(super) fn type_declarations(&mut self, node: Node<'t>) -> Vec<TypeDecl> {
        let specs = children(node).into_iter().filter(|spec| matches!(spec.kind(), "type_spec" | "type_alias"));
        let specs: Vec<Node<'t>> = specs.collect();
        let mut found = Vec::new();
        for spec in specs {
            let name = self.owned(spec.child_by_field_name("name"));
            let ty = spec.child_by_field_name("type").map_or(Type::Other, |ty| self.ty(ty));
            found.push(TypeDecl { name, ty });
        }
        found
    }

    /// The values of one `const` or `var` declaration. In a `const` group a name without a value repeats the last.
    pub(super) fn value_declarations(&mut self, node: Node<'t>) -> Vec<ValueDecl> {
        let constant = node.kind() == "const_declaration";
        let mut specs = Vec::new();
        for child in children(node) {
            match child.kind() {
                "const_spec" | "var_spec" => specs.push(child),
                "var_spec_list" => specs.extend(children(child).into_iter().filter(|spec| spec.kind() == "var_spec")),
                _ => {}
            }
        }
        let mut found = Vec::new();
        let mut repeated: Option<Node<'t>> = None;
        for (iota, spec) in specs.into_iter().enumerate() {
            let written = spec.child_by_field_name("value");
            if written.is_some() {
                repeated = written;
            }
            let values = if constant { repeated } else { written };
            let values = values.map(|list| self.exprs(list)).unwrap_or_default();
            let ty = spec.child_by_field_name("type").map(|ty| self.ty(ty));
            let names = in_field(spec, "name").into_iter().map(|name| self.text(name).to_owned()).collect();
            found.push(ValueDecl { names, ty, values, constant, iota: i64::try_from(iota).unwrap_or(0) });
        }
        found
    }

    /// A `const`, `var` or `type` inside a function, one statement each name.
    pub(super) fn local_declarations(&mut self, node: Node<'t>) -> Vec<Stmt> {
        let pos = self.pos(node);
        let kinds: Vec<StmtKind> = if node.kind() == "type_declaration" {
            self.type_declarations(node).into_iter().map(StmtKind::Type).collect()
        } else {
            self.value_declarations(node).into_iter().map(StmtKind::Declare).collect()
        };
        kinds.into_iter().map(|kind| Stmt { pos, kind }).collect()
    }

    /// The expressions of a list, or the one expression.
    pub(super) fn exprs(&mut self, node: Node<'t>) -> Vec<Expr> {
        if node.kind() == "expression_list" {
            return children(node).into_iter().map(|child| self.expr(child)).collect();
        }
        vec![self.expr(node)]
    }
}
