//! Surrounds every `/events` request, from its arrival to the last byte of its response: it is
//! logged, can be dropped or refused by the name of its client, and lives at most ten minutes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::Fuse;
use http_body::{Frame, SizeHint};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::app::App;
use crate::connection::Connection;
use crate::control::Registration;
use crate::log::Record;
use crate::params::{BadRequest, Params};

/// After this time a request's connection is reset, whatever it does.
const MAX_LIFE: Duration = Duration::from_secs(600);

/// Middleware over every `/events` route.
///
/// - `key`: what `/log` finds the request by; at most 200 bytes
/// - `client`: what `/drop` and `/refuse` find the request by; at most 200 bytes
pub async fn surround(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    params: Params,
    request: Request,
    next: Next,
) -> Result<Response, BadRequest> {
    let client = params.name("client")?;
    let record = app.log.begin(params.name("key")?, &request, &connection);
    if client.is_some_and(|client| app.control.refuses(client)) {
        return Ok(connection.refuse());
    }

    let (registration, end) = app.control.register(client, &connection);
    let mut end = end.fuse();
    // Not part of the body: hyper does not poll that while the client reads nothing.
    let watchdog = AbortOnDropHandle::new(tokio::spawn({
        let connection = connection.clone();
        async move {
            tokio::time::sleep(MAX_LIFE).await;
            connection.cut();
        }
    }));

    let response = tokio::select! {
        response = next.run(request) => response,
        _ = &mut end => connection.refuse(),
    };
    let response = response.map(|inner| {
        Body::new(Exchange {
            inner,
            end,
            _record: record,
            _registration: registration,
            _watchdog: watchdog,
        })
    });
    Ok(response.into_response())
}

/// A response body, with what has to live exactly as long as it does.
struct Exchange {
    inner: Body,
    end: Fuse<oneshot::Receiver<()>>,
    _record: Record,
    _registration: Registration,
    _watchdog: AbortOnDropHandle<()>,
}

impl HttpBody for Exchange {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.end.poll_unpin(context).is_ready() {
            self.inner = Body::empty();
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
