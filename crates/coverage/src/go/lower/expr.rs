//! Expressions.

use tree_sitter::Node;

use super::{Lower, children, text::unquoted};
use crate::go::ast::{Call, Element, Expr, ExprKind, Type};

impl<'t> Lower<'t> {
    /// Remembers a name that is used.
    pub(super) fn mention(&mut self, name: &str) {
        if !self.mentions.contains(name) {
            self.mentions.insert(name.to_owned());
        }
    }

    /// An expression.
    pub(super) fn expr(&mut self, node: Node<'t>) -> Expr {
        let kind = self.deeper(node, ExprKind::Other, |lower| lower.expr_kind(node));
        Expr { pos: self.pos(node), kind }
    }

    fn part(&mut self, node: Node<'t>, field: &str) -> Expr {
        match node.child_by_field_name(field) {
            Some(inner) => self.expr(inner),
            None => Expr { pos: self.pos(node), kind: ExprKind::Other },
        }
    }

    fn maybe(&mut self, node: Node<'t>, field: &str) -> Option<Box<Expr>> {
        node.child_by_field_name(field).map(|inner| Box::new(self.expr(inner)))
    }

    fn expr_kind(&mut self, node: Node<'t>) -> ExprKind {
        match node.kind() {
            "identifier" | "true" | "false" | "nil" | "iota" | "blank_identifier" | "field_identifier"
            | "package_identifier" | "type_identifier" => {
                let name = self.text(node);
                self.mention(name);
                ExprKind::Name(name.to_owned())
            }
            "interpreted_string_literal" | "raw_string_literal" => ExprKind::Text(unquoted(self.text(node))),
            "int_literal" => whole(self.text(node)).map_or(ExprKind::Number, ExprKind::Int),
            "float_literal" | "imaginary_literal" | "rune_literal" => ExprKind::Number,
            "parenthesized_expression" | "expression_statement" | "literal_element" | "type_elem" => {
                children(node).first().map_or(ExprKind::Other, |inner| self.expr(*inner).kind)
            }
            "selector_expression" => {
                let of = self.part(node, "operand");
                let name = self.owned(node.child_by_field_name("field"));
                self.mention(&name);
                ExprKind::Select(Box::new(of), name)
            }
            "index_expression" => {
                let of = self.part(node, "operand");
                ExprKind::Index(Box::new(of), vec![self.part(node, "index")])
            }
            "type_instantiation_expression" => {
                let mut parts = children(node).into_iter();
                let Some(of) = parts.next() else { return ExprKind::Other };
                let of = self.expr(of);
                ExprKind::Index(Box::new(of), parts.map(|part| self.expr(part)).collect())
            }
            "slice_expression" => {
                let of = self.part(node, "operand");
                ExprKind::Slice(Box::new(of), self.maybe(node, "start"), self.maybe(node, "end"))
            }
            "call_expression" => self.call(node),
            "unary_expression" => {
                let operator = self.owned(node.child_by_field_name("operator"));
                ExprKind::Unary(operator, Box::new(self.part(node, "operand")))
            }
            "binary_expression" => {
                let operator = self.owned(node.child_by_field_name("operator"));
                let left = self.part(node, "left");
                ExprKind::Binary(operator, Box::new(left), Box::new(self.part(node, "right")))
            }
            "func_literal" => ExprKind::Func(Box::new(self.function(node))),
            "composite_literal" => {
                let ty = node.child_by_field_name("type").map(|ty| self.ty(ty));
                let elements = node.child_by_field_name("body").map(|body| self.elements(body)).unwrap_or_default();
                ExprKind::Composite(ty, elements)
            }
            "literal_value" => ExprKind::Composite(None, self.elements(node)),
            "type_assertion_expression" => {
                let of = self.part(node, "operand");
                ExprKind::Assert(Box::new(of), node.child_by_field_name("type").map_or(Type::Other, |ty| self.ty(ty)))
            }
            "type_conversion_expression" => {
                let pos = self.pos(node);
                let ty = node.child_by_field_name("type").map_or(Type::Other, |ty| self.ty(ty));
                let function = Expr { pos, kind: ExprKind::Type(ty) };
                let args = vec![self.part(node, "operand")];
                ExprKind::Call(Box::new(Call { function, types: Vec::new(), args, spread: false }))
            }
            "pointer_type"
            | "slice_type"
            | "array_type"
            | "map_type"
            | "struct_type"
            | "interface_type"
            | "function_type"
            | "qualified_type"
            | "generic_type"
            | "channel_type"
            | "parenthesized_type"
            | "implicit_length_array_type" => ExprKind::Type(self.ty(node)),
            _ => ExprKind::Other,
        }
    }

    fn call(&mut self, node: Node<'t>) -> ExprKind {
        let function = self.part(node, "function");
        let types = node.child_by_field_name("type_arguments").map(|args| self.type_args(args)).unwrap_or_default();
        let mut args = Vec::new();
        let mut spread = false;
        for arg in node.child_by_field_name("arguments").map(children).unwrap_or_default() {
            if arg.kind() == "variadic_argument" {
                spread = true;
                args.extend(children(arg).first().map(|inner| self.expr(*inner)));
            } else {
                args.push(self.expr(arg));
            }
        }
        ExprKind::Call(Box::new(Call { function, types, args, spread }))
    }

    fn elements(&mut self, body: Node<'t>) -> Vec<Element> {
        let mut found = Vec::new();
        for node in children(body) {
            if node.kind() == "keyed_element" {
                let key = node.child_by_field_name("key").map(|key| self.expr(key));
                found.push(Element { key, value: self.part(node, "value") });
            } else {
                found.push(Element { key: None, value: self.expr(node) });
            }
        }
        found
    }
}

fn whole(text: &str) -> Option<i64> {
    let text = text.replace('_', "").to_ascii_lowercase();
    let radix = [("0x", 16), ("0b", 2), ("0o", 8)]
        .into_iter()
        .find_map(|(prefix, radix)| Some((text.strip_prefix(prefix)?, radix)));
    match radix {
        Some((digits, radix)) => i64::from_str_radix(digits, radix).ok(),
        None => text.parse().ok(),
    }
}
