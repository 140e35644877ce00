//! What the build makes of `routes/*.yaml`: the route tables, and a module a domain with typed requests, typed answers
//! and the client's methods. Here are only the few hands that the generated code reaches for.

use schemars::Schema;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::spec::{Field, Kind};

#[cfg(test)]
mod golden;

include!(concat!(env!("OUT_DIR"), "/domains.rs"));
include!(concat!(env!("OUT_DIR"), "/each.rs"));

/// The data of a route that answers with none; whatever comes all the same is passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoData;

impl<'de> Deserialize<'de> for NoData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// The plainest field, which the tables write the differences to.
pub(crate) const BLANK: Field = Field::new("", Kind::Any, "");

/// Keeps `null` apart from absence: serde alone reads both as `None`.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The schema in a text of the tables; they are written by the build, so one that cannot be read is none at all.
pub(crate) fn schema(text: &str) -> Schema {
    serde_json::from_str(text).unwrap_or_default()
}

/// Gives a type the JSON Schema in a text. A derive would say the same at several times the compile time, and could not
/// say ranges and meanings.
macro_rules! described {
    ($name:ident, $text:expr) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::generated::schema($text)
            }
        }
    };
}
pub(crate) use described;
