//! TCP connections that a handler can reset, also before the first byte of a response.
//!
//! axum handlers produce responses and nothing else, so the listener hands out streams with a
//! kill switch, which handlers reach as `ConnectInfo<Connection>`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Connections open at once; further ones wait in the operating system's queue.
pub const MAX_CONNECTIONS: usize = 2_000;

/// Accepts as many connections as there are slots, each with a kill switch and TCP_NODELAY.
pub struct Listener {
    tcp: TcpListener,
    slots: Arc<Semaphore>,
}

impl Listener {
    /// `slots` are the connections that may be open at once on all listeners that share them.
    pub fn new(tcp: TcpListener, slots: Arc<Semaphore>) -> Self {
        Self { tcp, slots }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        let slot = self.slots.clone().acquire_owned().await.ok();
        let (tcp, address) = axum::serve::Listener::accept(&mut self.tcp).await;
        // Fails only if the client is gone already, which the first read will tell.
        let _ = tcp.set_nodelay(true);
        (
            Stream {
                tcp,
                connection: Connection::default(),
                _slot: slot,
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A handler's grip on the connection that its request came in on.
#[derive(Clone, Default)]
pub struct Connection(Arc<Switch>);

#[derive(Default)]
struct Switch {
    cut: AtomicBool,
    /// Whether the client closed the connection, or it broke.
    gone: AtomicBool,
    /// Wakes the task that serves the connection, so that it notices the cut.
    task: AtomicWaker,
    /// Told whenever everything written so far has reached the operating system.
    flushed: Notify,
}

impl Connection {
    /// Resets the connection (RST): nothing more is sent, the client sees a network error.
    pub fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.0.task.wake();
    }

    /// Resets the connection; the response returned, which a handler has to have, is never sent.
    pub fn refuse(&self) -> Response {
        self.cut();
        ().into_response()
    }

    /// Whether [`Connection::cut`] was called.
    pub fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::Acquire)
    }

    /// Whether the client closed the connection, or it broke by itself.
    pub fn is_gone(&self) -> bool {
        self.0.gone.load(Ordering::Acquire)
    }

    /// Waits until everything that a response body has yielded so far was given to the operating
    /// system. For use inside that body only: hyper flushes when its body is pending.
    pub async fn flushed(&self) {
        self.0.flushed.notified().await;
    }
}

impl Connected<IncomingStream<'_, Listener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().connection()
    }
}

/// A TCP stream that fails at its next use once it is cut.
pub struct Stream {
    tcp: TcpStream,
    connection: Connection,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Stream {
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    fn check(&self, context: &mut Context<'_>) -> io::Result<()> {
        // Registers first: a cut between the two lines must not be missed.
        self.connection.0.task.register(context.waker());
        if self.connection.is_cut() {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }

    /// Notes when a read or write shows that the connection is over.
    fn note<T>(&self, result: Poll<io::Result<T>>, is_over: bool) -> Poll<io::Result<T>> {
        if is_over || matches!(result, Poll::Ready(Err(_))) {
            self.connection.0.gone.store(true, Ordering::Release);
        }
        result
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.connection.is_cut() {
            // Closing a socket that does not linger sends RST instead of FIN.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.tcp).poll_read(context, buffer);
        let is_end = matches!(result, Poll::Ready(Ok(()))) && buffer.filled().len() == before;
        self.note(result, is_end)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        let result = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.note(result, false)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        let result = Pin::new(&mut self.tcp).poll_write_vectored(context, slices);
        self.note(result, false)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        let result = Pin::new(&mut self.tcp).poll_flush(context);
        // hyper flushes the stream only after it has written all it had buffered.
        self.connection.0.flushed.notify_waiters();
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
