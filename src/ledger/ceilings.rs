//! Configured ceilings, as last read.

use std::collections::BTreeMap;

use super::Ledger;
use super::database::{ROWS, Value, places};
use crate::error::Error;
use crate::turn::CeilingSetting;

/// For so long a ceiling that was read is taken as what it still is, milliseconds.
pub const CEILINGS_MS: i64 = 3_600_000;

impl Ledger {
    /// Remembers configured ceilings, so that a fleet's need not be asked again each time.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remember_ceilings(
        &mut self,
        platform: &str,
        at_ms: i64,
        ceilings: &BTreeMap<String, CeilingSetting>,
    ) -> Result<(), Error> {
        if ceilings.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = ceilings.iter().collect();
        self.change(|database| {
            for rows in rows.chunks(ROWS) {
                let sql = format!(
                    "INSERT INTO ceilings (platform, workspace_id, seconds, wrong, read_ms) \
                     VALUES {} ON CONFLICT (platform, workspace_id) DO UPDATE SET \
                       seconds = excluded.seconds, wrong = excluded.wrong, \
                       read_ms = excluded.read_ms",
                    places(1, rows.len(), 5)
                );
                let values = rows
                    .iter()
                    .flat_map(|(id, ceiling)| row(platform, at_ms, id, ceiling));
                database.execute(&sql, values.collect())?;
            }
            Ok(())
        })
    }

    /// The ceilings read since an instant.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn ceilings(
        &self,
        platform: &str,
        since_ms: i64,
    ) -> Result<BTreeMap<String, CeilingSetting>, Error> {
        self.read(|database| {
            let sql = "SELECT workspace_id, seconds, wrong FROM ceilings \
                       WHERE platform = $1 AND read_ms >= $2";
            let rows = database.query(sql, vec![platform.into(), since_ms.into()])?;
            let ceilings = rows.iter().map(|row| {
                let seconds: Option<i64> = row.get(1)?;
                let wrong: Option<String> = row.get(2)?;
                let ceiling = match (seconds, wrong) {
                    (_, Some(what)) => CeilingSetting::Wrong(what),
                    (Some(n), None) => CeilingSetting::Seconds(n.unsigned_abs()),
                    (None, None) => CeilingSetting::Absent,
                };
                Ok((row.get(0)?, ceiling))
            });
            ceilings.collect()
        })
    }
}

fn row(platform: &str, at_ms: i64, id: &str, ceiling: &CeilingSetting) -> [Value; 5] {
    let (seconds, wrong) = match ceiling {
        CeilingSetting::Absent => (None, None),
        // More than the column holds is 292 thousand million years.
        CeilingSetting::Seconds(n) => (Some(i64::try_from(*n).unwrap_or(i64::MAX)), None),
        CeilingSetting::Wrong(what) => (None, Some(what)),
    };
    [
        platform.into(),
        id.into(),
        seconds.into(),
        wrong.into(),
        at_ms.into(),
    ]
}
