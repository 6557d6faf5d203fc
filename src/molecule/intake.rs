//! The body of an answer: held whole, or taken while it arrives.

use reqwest::Response;

use super::fault::{Fault, FaultKind, fault};
use super::transport::Call;

/// A list that is taken while it arrives is not read further than this.
const LIST_LIMIT: usize = 256 << 20;

/// So much of the beginning of such a list is kept to be shown.
const SHOWN: usize = 4 << 10;

/// Takes an answer while it arrives, so that it is never held whole.
pub(super) trait Intake: Send {
    /// A request is sent, perhaps another time: nothing has arrived.
    fn restart(&mut self);
    /// Whether it takes an answer that begins with this byte, blanks aside.
    fn opens(&self, first: u8) -> bool;
    /// Takes what arrived next.
    ///
    /// # Errors
    /// Why it takes no more.
    fn take(&mut self, chunk: &[u8]) -> Result<(), String>;
    /// How many bytes of it are no rows.
    fn rowless(&self) -> usize;
}

/// Whether a type is that of a page.
pub(super) fn is_html(content_type: &str) -> bool {
    content_type.to_ascii_lowercase().starts_with("text/html")
}

/// Reads a body: whole or up to a limit, or only its beginning where an intake takes it.
pub(super) async fn body(
    mut response: Response,
    call: &Call<'_>,
    mut intake: Option<&mut dyn Intake>,
) -> Result<(Vec<u8>, Option<Result<(), String>>), Fault> {
    let too_long = |limit| Fault {
        kind: FaultKind::TooLong(limit),
        why: "it was cut off there".to_owned(),
    };
    let limit = call.limit;
    let (mut body, mut length, mut opened) = (Vec::new(), 0_usize, false);
    if let Some(intake) = &mut intake {
        intake.restart();
    }
    while let Some(chunk) = response.chunk().await.map_err(|e| fault(&e))? {
        if let Some(taking) = &mut intake
            && !opened
            && let Some(first) = chunk.iter().find(|byte| !byte.is_ascii_whitespace())
        {
            if taking.opens(*first) {
                opened = true;
                // The blanks before it count: places are told by them.
                if let Err(why) = taking.take(&body) {
                    return Ok((body, Some(Err(why))));
                }
            } else {
                intake = None;
            }
        }
        if opened && let Some(intake) = &mut intake {
            body.extend_from_slice(&chunk[..chunk.len().min(SHOWN.saturating_sub(body.len()))]);
            length += chunk.len();
            if let Err(why) = intake.take(&chunk) {
                return Ok((body, Some(Err(why))));
            }
            if length > LIST_LIMIT {
                return Err(too_long(LIST_LIMIT));
            }
            if intake.rowless() > limit {
                return Err(too_long(limit));
            }
            continue;
        }
        if body.len() + chunk.len() > limit {
            if call.whole {
                return Err(too_long(limit));
            }
            body.extend_from_slice(&chunk[..limit - body.len()]);
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, opened.then_some(Ok(()))))
}
