//! The async runtime of the commands that talk to servers: made for the call, gone with it.

use std::future::Future;

use crate::error::Error;

/// Runs a future to its end on this thread.
///
/// # Errors
/// When the operating system gives no event queue, or as the future.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // The ledger is asked one thing at a time, and names are looked up beside it. Each further thread
        // would keep memory of its own.
        .max_blocking_threads(2)
        .build()
        .map_err(|e| Error::failed("no event queue for network connections").because(e))?;
    let answer = runtime.block_on(future);
    // A ledger that does not answer is not waited for once there is nothing more to say.
    runtime.shutdown_background();
    answer
}
