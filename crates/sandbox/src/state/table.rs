//! One database table: rows by id, and the counter that gives new rows their ids. Ids are never used again after a
//! delete (the panel's tables are AUTOINCREMENT), and a row that is written with an id of its own moves the counter.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// A table's row: it knows the id it is stored under.
pub trait Row {
    /// The primary key.
    fn id(&self) -> i64;
    /// Takes the primary key that the table gave.
    fn set_id(&mut self, id: i64);
}

/// Implements [`Row`] for structs with a public `id: i64`.
macro_rules! rows {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::state::Row for $name {
            fn id(&self) -> i64 { self.id }
            fn set_id(&mut self, id: i64) { self.id = id; }
        }
    )*};
}
pub(crate) use rows;

/// Rows in ascending id, as an unsorted `SELECT` on SQLite gives them.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: BTreeMap<i64, T>,
    last: i64,
}

/// A violated unique index, in the words of the SQLite driver that the panel ships with.
pub fn unique_violated(columns: &str) -> String {
    format!("constraint failed: UNIQUE constraint failed: {columns} (2067)")
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), last: 0 }
    }
}

impl<T: Serialize> Serialize for Table<T> {
    /// The rows, ascending by id.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.values())
    }
}

impl<T: Row> Table<T> {
    /// Stores a new row under the next id and returns that id.
    pub fn insert(&mut self, mut row: T) -> i64 {
        let id = self.last + 1;
        row.set_id(id);
        self.put(row);
        id
    }

    /// Stores a row under the id it carries, in place of what was there.
    pub fn put(&mut self, row: T) {
        let id = row.id();
        self.last = self.last.max(id);
        self.rows.insert(id, row);
    }

    /// Uses up the next id without a row, as SQLite does when an `ON CONFLICT` insert finds the row there already.
    pub fn burn_id(&mut self) {
        self.last += 1;
    }

    /// The row with this id.
    pub fn get(&self, id: i64) -> Option<&T> {
        self.rows.get(&id)
    }

    /// The row with this id, to be changed.
    pub fn get_mut(&mut self, id: i64) -> Option<&mut T> {
        self.rows.get_mut(&id)
    }

    /// Takes the row out.
    pub fn remove(&mut self, id: i64) -> Option<T> {
        self.rows.remove(&id)
    }

    /// Keeps the rows for which `keep` is true; the others are gone.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.rows.retain(|_, row| keep(row));
    }

    /// All rows, ascending by id.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }

    /// All rows, ascending by id, to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.rows.values_mut()
    }

    /// The first row for which `wanted` is true.
    pub fn find(&self, mut wanted: impl FnMut(&T) -> bool) -> Option<&T> {
        self.rows.values().find(|row| wanted(row))
    }

    /// The first row for which `wanted` is true, to be changed.
    pub fn find_mut(&mut self, mut wanted: impl FnMut(&T) -> bool) -> Option<&mut T> {
        self.rows.values_mut().find(|row| wanted(row))
    }

    /// Whether some row is wanted.
    pub fn any(&self, wanted: impl FnMut(&T) -> bool) -> bool {
        self.find(wanted).is_some()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
