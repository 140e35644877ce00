//! The tables, version by version. A version that was once released is never edited; a change is a new text at the end.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// What leads from each version to the next.
const STEPS: &[&str] = &[include_str!("schema/1.sql")];

/// Brings a file to the newest version, in one transaction.
pub(super) fn bring_up_to_date(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let version =
        |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    if version(connection)? == known {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = (|| {
        // Another process may have done it meanwhile.
        let found = version(connection)?;
        if found > known {
            return Err(StoreError::Newer { path: path.to_owned(), found, known });
        }
        for step in STEPS.iter().skip(usize::try_from(found).unwrap_or_default()) {
            connection.execute_batch(step)?;
        }
        connection.pragma_update(None, "user_version", known)?;
        Ok(())
    })();
    match outcome {
        Ok(()) => Ok(connection.execute_batch("COMMIT")?),
        Err(error) => {
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}
