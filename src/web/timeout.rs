//! An end to waiting.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use gloo_timers::future::TimeoutFuture;

/// The time has passed, and there is no result.
pub struct Elapsed;

/// The result of `future`, if it is there within this time (ms); `None` is any time.
///
/// Where both are, as after a long time without a poll, the result counts.
pub async fn within<T>(time: Option<u32>, future: impl Future<Output = T>) -> Result<T, Elapsed> {
    let Some(time) = time else {
        return Ok(future.await);
    };
    let mut future = pin!(future);
    let mut timer = TimeoutFuture::new(time);
    poll_fn(|context| {
        if let Poll::Ready(result) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(result));
        }
        pin!(&mut timer).poll(context).map(|()| Err(Elapsed))
    })
    .await
}
