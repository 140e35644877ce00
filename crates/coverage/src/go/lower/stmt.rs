//! Statements.

use tree_sitter::Node;

use super::{Lower, children, in_field};
use crate::go::ast::{Block, Case, Expr, ExprKind, Later, Stmt, StmtKind, TypeCase};

impl<'t> Lower<'t> {
    /// The statements of a block or of a case.
    pub(super) fn block(&mut self, node: Node<'t>) -> Block {
        let mut block = Vec::new();
        for child in children(node) {
            if child.kind() == "statement_list" {
                block.extend(self.block(child));
            } else if matches!(child.kind(), "const_declaration" | "var_declaration" | "type_declaration") {
                self.size += 1;
                block.extend(self.local_declarations(child));
            } else {
                block.push(self.stmt(child));
            }
        }
        block
    }

    fn stmt(&mut self, node: Node<'t>) -> Stmt {
        self.size += 1;
        let kind = self.deeper(node, StmtKind::Nothing, |lower| lower.stmt_kind(node));
        Stmt { pos: self.pos(node), kind }
    }

    fn boxed(&mut self, node: Node<'t>, field: &str) -> Option<Box<Stmt>> {
        node.child_by_field_name(field).map(|inner| Box::new(self.stmt(inner)))
    }

    fn value(&mut self, node: Node<'t>, field: &str) -> Option<Expr> {
        node.child_by_field_name(field).map(|inner| self.expr(inner))
    }

    fn values(&mut self, node: Node<'t>, field: &str) -> Vec<Expr> {
        node.child_by_field_name(field).map(|list| self.exprs(list)).unwrap_or_default()
    }

    fn body(&mut self, node: Node<'t>, field: &str) -> Block {
        node.child_by_field_name(field).map(|body| self.block(body)).unwrap_or_default()
    }

    fn stmt_kind(&mut self, node: Node<'t>) -> StmtKind {
        let first = |node: Node<'t>| children(node).first().copied();
        match node.kind() {
            "expression_statement" => first(node).map_or(StmtKind::Nothing, |inner| StmtKind::Expr(self.expr(inner))),
            "assignment_statement" => {
                let operator = self.owned(node.child_by_field_name("operator"));
                let operator = Some(operator.trim_end_matches('=').to_owned()).filter(|operator| !operator.is_empty());
                let left = self.values(node, "left");
                StmtKind::Assign { left, right: self.values(node, "right"), define: false, operator }
            }
            "short_var_declaration" | "receive_statement" => {
                let left = self.values(node, "left");
                StmtKind::Assign { left, right: self.values(node, "right"), define: true, operator: None }
            }
            "inc_statement" | "dec_statement" => {
                let by = if node.kind() == "inc_statement" { 1 } else { -1 };
                first(node).map_or(StmtKind::Nothing, |inner| StmtKind::Step(self.expr(inner), by))
            }
            "return_statement" => StmtKind::Return(first(node).map(|list| self.exprs(list)).unwrap_or_default()),
            "if_statement" => self.if_statement(node),
            "expression_switch_statement" => {
                let init = self.boxed(node, "initializer");
                let subject = self.value(node, "value");
                StmtKind::Switch { init, subject, cases: self.cases(node) }
            }
            "type_switch_statement" => self.type_switch(node),
            "for_statement" => self.for_statement(node),
            "select_statement" => StmtKind::Select(children(node).into_iter().map(|case| self.block(case)).collect()),
            "communication_case" => StmtKind::Block(self.block(node)),
            "block" => StmtKind::Block(self.block(node)),
            "break_statement" => StmtKind::Break(first(node).map(|label| self.text(label).to_owned())),
            "continue_statement" => StmtKind::Continue(first(node).map(|label| self.text(label).to_owned())),
            "fallthrough_statement" => StmtKind::Fallthrough,
            "go_statement" => first(node).map_or(StmtKind::Nothing, |call| StmtKind::Later(self.expr(call), Later::Go)),
            "defer_statement" => {
                first(node).map_or(StmtKind::Nothing, |call| StmtKind::Later(self.expr(call), Later::Defer))
            }
            "send_statement" => {
                node.child_by_field_name("value").map_or(StmtKind::Nothing, |value| StmtKind::Expr(self.expr(value)))
            }
            "labeled_statement" => {
                let label = self.owned(node.child_by_field_name("label"));
                let inner = children(node).into_iter().find(|child| child.kind() != "label_name");
                inner.map_or(StmtKind::Nothing, |inner| StmtKind::Labeled(label, Box::new(self.stmt(inner))))
            }
            _ => StmtKind::Nothing,
        }
    }

    fn if_statement(&mut self, node: Node<'t>) -> StmtKind {
        let init = self.boxed(node, "initializer");
        let condition = self.value(node, "condition").unwrap_or(Expr { pos: self.pos(node), kind: ExprKind::Other });
        let then = self.body(node, "consequence");
        let otherwise = node
            .child_by_field_name("alternative")
            .map(|other| if other.kind() == "if_statement" { vec![self.stmt(other)] } else { self.block(other) });
        StmtKind::If { init, condition, then, otherwise }
    }

    fn cases(&mut self, node: Node<'t>) -> Vec<Case> {
        let mut cases = Vec::new();
        for child in children(node) {
            let default = child.kind() == "default_case";
            if !default && child.kind() != "expression_case" {
                continue;
            }
            let values = self.values(child, "value");
            let body = self.case_body(child, "value");
            cases.push(Case { values, default, body, pos: self.pos(child) });
        }
        cases
    }

    /// What a case does: everything in it but its values or types.
    fn case_body(&mut self, case: Node<'t>, head: &str) -> Block {
        let heads: Vec<usize> = in_field(case, head).iter().map(Node::id).collect();
        let mut body = Vec::new();
        for child in children(case).into_iter().filter(|child| !heads.contains(&child.id())) {
            if child.kind() == "statement_list" {
                body.extend(self.block(child));
            } else {
                body.push(self.stmt(child));
            }
        }
        body
    }

    fn type_switch(&mut self, node: Node<'t>) -> StmtKind {
        let init = self.boxed(node, "initializer");
        let alias = node.child_by_field_name("alias").and_then(|list| children(list).first().copied());
        let name = alias.map(|name| self.text(name).to_owned());
        let subject = self.value(node, "value").unwrap_or(Expr { pos: self.pos(node), kind: ExprKind::Other });
        let mut cases = Vec::new();
        for child in children(node).into_iter().filter(|child| matches!(child.kind(), "type_case" | "default_case")) {
            let types = in_field(child, "type").into_iter().map(|ty| self.ty(ty)).collect();
            let body = self.case_body(child, "type");
            cases.push(TypeCase { types, body });
        }
        StmtKind::TypeSwitch { init, name, subject, cases }
    }

    fn for_statement(&mut self, node: Node<'t>) -> StmtKind {
        let clause = children(node).into_iter().find(|child| child.kind() != "block");
        match clause {
            Some(clause) if clause.kind() == "range_clause" => {
                let left = self.values(clause, "left");
                let over = self.value(clause, "right").unwrap_or(Expr { pos: self.pos(clause), kind: ExprKind::Other });
                StmtKind::Range { left, over, body: self.body(node, "body") }
            }
            Some(clause) if clause.kind() == "for_clause" => {
                let init = self.boxed(clause, "initializer");
                let condition = self.value(clause, "condition");
                let step = self.boxed(clause, "update");
                StmtKind::For { init, condition, step, body: self.body(node, "body") }
            }
            Some(condition) => {
                let condition = Some(self.expr(condition));
                StmtKind::For { init: None, condition, step: None, body: self.body(node, "body") }
            }
            None => StmtKind::For { init: None, condition: None, step: None, body: self.body(node, "body") },
        }
    }
}
