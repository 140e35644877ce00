//! Types and signatures.

use tree_sitter::Node;

use super::{Lower, children, in_field, text::unquoted};
use crate::go::ast::{Field, Param, Signature, Type};

impl<'t> Lower<'t> {
    /// A type.
    pub(super) fn ty(&mut self, node: Node<'t>) -> Type {
        self.deeper(node, Type::Other, |lower| lower.ty_inner(node))
    }

    fn ty_inner(&mut self, node: Node<'t>) -> Type {
        match node.kind() {
            "type_identifier" | "identifier" | "package_identifier" => {
                let name = self.text(node);
                self.mention(name);
                Type::Name(name.to_owned())
            }
            "qualified_type" => {
                let package = self.owned(node.child_by_field_name("package"));
                let name = self.owned(node.child_by_field_name("name"));
                self.mention(&name);
                Type::Qualified(package, name)
            }
            "pointer_type" => Type::Pointer(Box::new(self.first(node))),
            "slice_type" | "array_type" | "implicit_length_array_type" => {
                Type::Slice(Box::new(self.in_ty(node, "element")))
            }
            "map_type" => Type::Map(Box::new(self.in_ty(node, "key")), Box::new(self.in_ty(node, "value"))),
            "struct_type" => Type::Struct(self.fields(node)),
            "function_type" => Type::Func(Box::new(self.signature(node))),
            "interface_type" => Type::Interface(self.methods(node)),
            "generic_type" => Type::Generic(Box::new(self.in_ty(node, "type"))),
            "parenthesized_type" | "type_elem" | "type_constraint" => self.first(node),
            _ => Type::Other,
        }
    }

    fn first(&mut self, node: Node<'t>) -> Type {
        children(node).first().map_or(Type::Other, |inner| self.ty(*inner))
    }

    fn in_ty(&mut self, node: Node<'t>, field: &str) -> Type {
        node.child_by_field_name(field).map_or(Type::Other, |inner| self.ty(inner))
    }

    /// The types between brackets.
    pub(super) fn type_args(&mut self, node: Node<'t>) -> Vec<Type> {
        children(node).into_iter().map(|arg| self.ty(arg)).collect()
    }

    fn methods(&mut self, node: Node<'t>) -> Vec<String> {
        let names = children(node).into_iter().filter(|child| child.kind() == "method_elem");
        names.map(|child| self.owned(child.child_by_field_name("name"))).collect()
    }

    fn fields(&mut self, node: Node<'t>) -> Vec<Field> {
        let lists = children(node).into_iter().filter(|child| child.kind() == "field_declaration_list");
        let declarations: Vec<Node<'t>> = lists.flat_map(children).collect();
        let mut fields = Vec::new();
        for declaration in declarations.into_iter().filter(|node| node.kind() == "field_declaration") {
            let tag = declaration.child_by_field_name("tag").map(|tag| unquoted(self.text(tag))).unwrap_or_default();
            let names = in_field(declaration, "name");
            let Some(written) = declaration.child_by_field_name("type") else { continue };
            if names.is_empty() {
                let ty = self.ty(written);
                // `*T` embedded: the star is a token of its own in the grammar.
                fields.push(Field { name: type_name(&ty).to_owned(), embedded: true, ty, tag });
                continue;
            }
            for name in names {
                let ty = self.ty(written);
                fields.push(Field { name: self.text(name).to_owned(), embedded: false, ty, tag: tag.clone() });
            }
        }
        fields
    }

    /// Parameters and results of a function.
    pub(super) fn signature(&mut self, node: Node<'t>) -> Signature {
        let (params, variadic) =
            node.child_by_field_name("parameters").map(|list| self.params(list)).unwrap_or_default();
        let results = match node.child_by_field_name("result") {
            Some(list) if list.kind() == "parameter_list" => self.params(list).0,
            Some(one) => vec![Param { name: String::new(), ty: self.ty(one) }],
            None => Vec::new(),
        };
        Signature { params, variadic, results }
    }

    /// A list of parameters, one entry a name, and whether the last takes the rest.
    pub(super) fn params(&mut self, list: Node<'t>) -> (Vec<Param>, bool) {
        let mut params = Vec::new();
        let mut variadic = false;
        for declaration in children(list) {
            let Some(written) = declaration.child_by_field_name("type") else { continue };
            let rest = declaration.kind() == "variadic_parameter_declaration";
            variadic |= rest;
            let names = in_field(declaration, "name");
            let count = names.len().max(1);
            for position in 0..count {
                let ty = self.ty(written);
                let ty = if rest { Type::Slice(Box::new(ty)) } else { ty };
                params.push(Param { name: self.owned(names.get(position).copied()), ty });
            }
        }
        (params, variadic)
    }

    /// Names in `[A, B any]`.
    pub(super) fn type_params(&mut self, node: Node<'t>) -> Vec<String> {
        let Some(list) = node.child_by_field_name("type_parameters") else { return Vec::new() };
        let names: Vec<Node<'t>> =
            children(list).into_iter().flat_map(|declaration| in_field(declaration, "name")).collect();
        names.into_iter().map(|name| self.text(name).to_owned()).collect()
    }
}

/// The name by which an embedded type is a field.
fn type_name(ty: &Type) -> &str {
    match ty {
        Type::Name(name) | Type::Qualified(_, name) => name,
        Type::Pointer(inner) | Type::Generic(inner) => type_name(inner),
        _ => "",
    }
}
