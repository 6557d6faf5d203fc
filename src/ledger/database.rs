//! The database under the ledger: SQLite or PostgreSQL behind one small interface. The SQL is the
//! same for both; what differs is here and in `schema.rs`.
//!
//! Parameters are `$1`, `$2`, …, and each number first appears in its order: PostgreSQL reads the
//! number, and SQLite, which takes `$1` for a name, counts appearances.

use std::borrow::Cow;
use std::path::PathBuf;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::fault::Fault;
use super::remote::Remote;
use crate::clock;

/// How many statements a connection keeps prepared.
pub(super) const PREPARED: usize = 256;
/// How many rows are written or asked for in one statement.
pub(super) const ROWS: usize = 500;

/// What a parameter or a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bool(bool),
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    /// The value of a column, from 0.
    ///
    /// # Errors
    /// When it is of another type.
    pub(super) fn get<T: Column>(&self, column: usize) -> Result<T, Fault> {
        let value = self.0.get(column).and_then(T::of);
        value.ok_or_else(|| Fault::unreadable(column, "it is of another type"))
    }
}

/// What can be read from a column.
pub(super) trait Column: Sized {
    fn of(value: &Value) -> Option<Self>;
}

impl Column for i64 {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }
}

impl Column for u32 {
    fn of(value: &Value) -> Option<Self> {
        Self::try_from(i64::of(value)?).ok()
    }
}

impl Column for bool {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(yes) => Some(*yes),
            // SQLite has no type of its own for it.
            Value::Int(n) => Some(*n != 0),
            _ => None,
        }
    }
}

impl Column for String {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::of(value).map(Some),
        }
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(n.into())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        match stored(&text) {
            Cow::Borrowed(_) => Self::Text(text),
            Cow::Owned(text) => Self::Text(text),
        }
    }
}

/// Text as it is stored. PostgreSQL stores no NUL: with one in a prompt, a workspace could stop the
/// ledger.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        return text.replace('\0', "\u{fffd}").into();
    }
    text.into()
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        text.as_deref().into()
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => rusqlite::types::Null.into(),
            Self::Int(n) => (*n).into(),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bool(yes) => (*yes).into(),
        })
    }
}

/// The connection.
#[derive(Debug)]
pub(super) enum Database {
    /// A file, or memory.
    Sqlite {
        connection: Connection,
        /// For messages.
        path: PathBuf,
    },
    /// A server.
    Postgres(Box<Remote>),
}

/// A statement with `?1` for `$1`. To SQLite `$1` is a name, which it looks for among all names so far:
/// with the thousands of a long list that takes longer than all else.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl Database {
    /// Runs a statement; returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, Fault> {
        debug_assert!(in_order(sql, values.len()), "{sql}");
        match self {
            Self::Sqlite { connection, .. } => {
                let mut statement = connection.prepare_cached(&numbered(sql))?;
                let changed = statement.execute(params_from_iter(values))?;
                Ok(u64::try_from(changed).unwrap_or(u64::MAX))
            }
            Self::Postgres(remote) => remote.execute(sql, values),
        }
    }

    /// Asks for rows.
    pub(super) fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, Fault> {
        debug_assert!(in_order(sql, values.len()), "{sql}");
        match self {
            Self::Sqlite { connection, .. } => {
                let mut statement = connection.prepare_cached(&numbered(sql))?;
                let columns = statement.column_count();
                let mut rows = statement.query(params_from_iter(values))?;
                let mut all = Vec::new();
                while let Some(row) = rows.next()? {
                    let values = (0..columns).map(|n| value(n, row.get_ref(n)?));
                    all.push(Row(values.collect::<Result<_, _>>()?));
                }
                Ok(all)
            }
            Self::Postgres(remote) => remote.query(sql, values),
        }
    }

    /// Runs statements without parameters, one after the other.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        match self {
            Self::Sqlite { connection, .. } => Ok(connection.execute_batch(sql)?),
            Self::Postgres(remote) => remote.batch(sql),
        }
    }

    /// Makes one change, whole or not at all. Changes of all processes come one after the other:
    /// what is read in one cannot change before it is committed.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self {
            Self::Sqlite { connection, .. } => connection.execute_batch("BEGIN IMMEDIATE")?,
            Self::Postgres(remote) => remote.begin()?,
        }
        let done = change(self).and_then(|done| match self {
            Self::Sqlite { connection, .. } => {
                connection.execute_batch("COMMIT")?;
                Ok(done)
            }
            Self::Postgres(remote) => remote.commit().map(|()| done),
        });
        if done.is_err() {
            match self {
                // After some faults SQLite has done so itself.
                Self::Sqlite { connection, .. } if !connection.is_autocommit() => {
                    connection.execute_batch("ROLLBACK")?;
                }
                Self::Sqlite { .. } => {}
                Self::Postgres(remote) => remote.rollback(),
            }
        }
        done
    }

    /// What the ledger's clock says, epoch milliseconds: the machine's for a file, and the server's
    /// for PostgreSQL, so that clocks of replicas do not matter.
    pub(super) fn now_ms(&self) -> Result<i64, Fault> {
        match self {
            Self::Sqlite { .. } => Ok(clock::now_ms()),
            Self::Postgres(_) => {
                let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
                one(&self.query(sql, Vec::new())?)?.get(0)
            }
        }
    }
}

/// The one row of an answer.
pub(super) fn one(rows: &[Row]) -> Result<&Row, Fault> {
    rows.first()
        .ok_or_else(|| Fault::Unexpected("no row was answered".to_owned()))
}

/// `($3, $4), ($5, $6)`: parameters for so many rows of so many columns, from a number on.
pub(super) fn places(from: usize, rows: usize, columns: usize) -> String {
    let row = |n: usize| {
        let first = from + n * columns;
        let numbers: Vec<_> = (first..first + columns).map(|n| format!("${n}")).collect();
        format!("({})", numbers.join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    rows.join(", ")
}

/// How many turns are looked for in one statement: SQLite takes no more than 500 parts.
pub(super) const TURNS: usize = 100;

/// Looks for turns, each by itself, with two parameters for each from a number on. Asked for as one
/// list, PostgreSQL goes through the whole table as long as it has no statistics.
pub(super) fn for_turns(select: &str, from: usize, turns: usize) -> String {
    let part = |n: usize| {
        let n = from + 2 * n;
        format!("{select} AND workspace_id = ${n} AND turn_key = ${}", n + 1)
    };
    let parts: Vec<_> = (0..turns).map(part).collect();
    parts.join(" UNION ALL ")
}

fn value(column: usize, value: ValueRef<'_>) -> Result<Value, Fault> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(n) => Ok(Value::Int(n)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(e) => Err(Fault::unreadable(column, e)),
        },
        ValueRef::Real(_) | ValueRef::Blob(_) => {
            Err(Fault::unreadable(column, "it is of another type"))
        }
    }
}

/// Whether the parameters of a statement are so many, each first named in its order.
fn in_order(sql: &str, count: usize) -> bool {
    let mut named = 0;
    for part in sql.split('$').skip(1) {
        let digits = part.find(|c: char| !c.is_ascii_digit());
        match part[..digits.unwrap_or(part.len())].parse::<usize>() {
            Ok(n) if n == named + 1 => named = n,
            Ok(n) if (1..=named).contains(&n) => {}
            _ => return false,
        }
    }
    named == count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_alike_by_both() {
        assert!(in_order("SELECT 1", 0));
        assert!(in_order("SELECT $1, $2, $1, $3", 3));
        assert!(!in_order("SELECT $2, $1", 2));
        assert!(!in_order("SELECT $1, $1", 2));
        assert!(!in_order("SELECT $1, $x", 1));
        let places = places(2, 2, 2);
        assert_eq!(places, "($2, $3), ($4, $5)");
        assert!(in_order(&format!("SELECT $1 IN (VALUES {places})"), 5));
        assert!(in_order(&for_turns("SELECT 1 WHERE $1 = $2", 3, 2), 6));
    }

    #[test]
    fn no_nul_reaches_a_database() {
        assert_eq!(Value::from("a\0b"), Value::Text("a\u{fffd}b".to_owned()));
    }
}
