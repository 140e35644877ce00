//! Composite literals: structs, lists, maps.

use std::{cell::RefCell, rc::Rc};

use super::{
    machine::Machine,
    value::{Env, Object, Slot, Value},
};
use crate::go::{
    Resolved, Ty,
    ast::{Element, Expr, ExprKind},
};

impl<'p> Machine<'p> {
    /// `T{…}`.
    pub(super) fn composite(&mut self, ty: Ty<'p>, elements: &'p [Element], env: &Env<'p>) -> Value<'p> {
        match self.types.shape(ty) {
            Resolved::Slice(item) => {
                let items = elements.iter().map(|element| self.element(&element.value, item, env)).collect();
                Value::list(items)
            }
            Resolved::Map(key, item) => {
                let mut pairs = Vec::with_capacity(elements.len());
                for element in elements {
                    let key = element.key.as_ref().map_or(Value::Nil, |expr| self.expr_as(expr, Some(key), env));
                    pairs.push((key, self.element(&element.value, item, env)));
                }
                Value::Map(Rc::new(RefCell::new(pairs)))
            }
            Resolved::Struct(fields, file) => {
                let mut set = Vec::with_capacity(elements.len());
                for (position, element) in elements.iter().enumerate() {
                    let field = match &element.key {
                        Some(Expr { kind: ExprKind::Name(name), .. }) => {
                            fields.iter().find(|field| field.name == *name)
                        }
                        Some(_) => None,
                        None => fields.get(position),
                    };
                    let Some(field) = field else { continue };
                    let value = self.element(&element.value, Ty::new(&field.ty, file), env);
                    set.push((field.name.as_str(), value));
                }
                Value::Object(Rc::new(Object { ty: Some(ty), fields: RefCell::new(set) }))
            }
            // A struct of somebody else, or one that is not here: its fields are kept by name.
            _ => {
                let mut set = Vec::new();
                for element in elements {
                    let value = self.expr(&element.value, env);
                    if let Some(Expr { kind: ExprKind::Name(name), .. }) = &element.key {
                        set.push((name.as_str(), value));
                    } else if let Some(key) = &element.key {
                        // gin.H{"code": 0}: a map by another name.
                        let key = self.expr(key, env);
                        return self.foreign_map(key, value, elements, env);
                    }
                }
                Value::Object(Rc::new(Object { ty: Some(ty), fields: RefCell::new(set) }))
            }
        }
    }

    fn foreign_map(&mut self, key: Value<'p>, value: Value<'p>, elements: &'p [Element], env: &Env<'p>) -> Value<'p> {
        let mut pairs = vec![(key, value)];
        for element in elements.iter().skip(1) {
            let key = element.key.as_ref().map_or(Value::Nil, |key| self.expr(key, env));
            pairs.push((key, self.expr(&element.value, env)));
        }
        Value::Map(Rc::new(RefCell::new(pairs)))
    }

    fn element(&mut self, expr: &'p Expr, ty: Ty<'p>, env: &Env<'p>) -> Value<'p> {
        if let ExprKind::Composite(None, elements) = &expr.kind {
            // In `[]*T{{…}}` the braces stand for a pointer.
            return match self.types.resolve(ty) {
                Resolved::Pointer(inner) => {
                    let value = self.composite(inner, elements, env);
                    Value::Pointer(Slot::new(value, Some(inner), self.branch))
                }
                _ => self.composite(ty, elements, env),
            };
        }
        self.expr(expr, env).typed(Some(ty))
    }
}
