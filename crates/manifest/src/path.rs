//! Where in a file's tree something stands: keys and list positions from the top, independent of lines and columns.
//!
//! Checks walk the model with [`At`], which lives on the stack and costs nothing; only a mistake turns it into a
//! [`Spot`] that is looked up in the text afterwards.

/// One step down a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value under this key.
    Key(String),
    /// The item at this position of a list.
    Item(usize),
    /// The pair at this position of a mapping, for a key that is written twice.
    Pair(usize),
}

/// Which part of a pair is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The key (for a list item: its start).
    Key,
    /// The value; of a value that is itself a mapping or list, the key.
    Value,
}

/// A place in one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Position of the file in the load.
    pub file: usize,
    /// Way down its tree.
    pub steps: Vec<Step>,
    /// Key or value.
    pub part: Part,
}

#[derive(Debug, Clone, Copy)]
enum Link<'a> {
    File(usize),
    Key(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
    Pair(&'a At<'a>, usize),
}

/// A place while the tree is walked: a chain of borrowed steps.
#[derive(Debug, Clone, Copy)]
pub struct At<'a>(Link<'a>);

impl<'a> At<'a> {
    /// The top of a file.
    pub const fn file(file: usize) -> At<'static> {
        At(Link::File(file))
    }

    /// The value under `key`.
    pub const fn key(&'a self, key: &'a str) -> At<'a> {
        At(Link::Key(self, key))
    }

    /// The item at `position`.
    pub const fn item(&'a self, position: usize) -> At<'a> {
        At(Link::Item(self, position))
    }

    /// The pair at `position`, whatever its key.
    pub const fn pair(&'a self, position: usize) -> At<'a> {
        At(Link::Pair(self, position))
    }

    /// The spot of the key.
    pub fn at_key(&self) -> Spot {
        self.spot(Part::Key)
    }

    /// The spot of the value.
    pub fn at_value(&self) -> Spot {
        self.spot(Part::Value)
    }

    fn spot(&self, part: Part) -> Spot {
        let mut steps = Vec::new();
        let mut link = self.0;
        let file = loop {
            let (up, step) = match link {
                Link::File(file) => break file,
                Link::Key(up, key) => (up, Step::Key(key.to_owned())),
                Link::Item(up, position) => (up, Step::Item(position)),
                Link::Pair(up, position) => (up, Step::Pair(position)),
            };
            steps.push(step);
            link = up.0;
        };
        steps.reverse();
        Spot { file, steps, part }
    }
}

impl Spot {
    /// The same place with more steps down.
    #[must_use]
    pub fn down(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.steps.extend(steps);
        self
    }
}

/// The steps as a person writes them: `nodes[2].id`.
pub fn spelled(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Item(position) | Step::Pair(position) => text.push_str(&format!("[{position}]")),
        }
    }
    text
}
