//! Starts the test server: reads the arguments, listens, says where, and stops at once on a signal.

mod app;
mod connection;
mod control;
mod cors;
mod counters;
mod exchange;
mod log;
mod params;
mod routes;
mod secure;
mod static_files;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;

use crate::connection::{Connection, Listener, MAX_CONNECTIONS};

/// The server that eventsource-wasm is tested against, and that serves its demo page.
#[derive(Parser)]
struct Arguments {
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 8000)]
    port: u16,

    /// Port to listen on for HTTPS with HTTP/2, too; 0 takes any free one
    #[arg(long)]
    secure_port: Option<u16>,

    /// Address to listen on; the default is reachable from this machine only
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Folder that holds www/, dist/ and tests/pages/
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("test-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Many systems allow a process 1,024 open files, fewer than the connections promised here.
    // Where the limit cannot be raised the server still works, with fewer connections.
    let _ = rlimit::increase_nofile_limit(MAX_CONNECTIONS as u64 + 100);

    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let app = app::router(&arguments.root);

    if let Some(port) = arguments.secure_port {
        let (tcp, address) = listen(arguments.host, port)?;
        let acceptor = secure::acceptor()?;
        let listener = Listener::new(tcp, slots.clone());
        tokio::spawn(secure::serve(listener, acceptor, app.clone()));
        writeln!(io::stdout(), "listening on https://{address}")?;
    }

    let (tcp, address) = listen(arguments.host, arguments.port)?;
    let app = app.into_make_service_with_connect_info::<Connection>();
    let server = axum::serve(Listener::new(tcp, slots), app);

    writeln!(io::stdout(), "listening on http://{address}")?;
    io::stdout().flush()?;

    // No graceful shutdown: an event stream would keep the server from ever ending.
    tokio::select! {
        result = server => result?,
        result = stop_signal() => result?,
    }
    Ok(())
}

fn listen(host: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), Box<dyn Error>> {
    let address = SocketAddr::new(host, port);
    let tcp = bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = tcp.local_addr()?;
    Ok((tcp, address))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // So that a restart gets its port back at once. Windows does so anyway, and takes this option
    // for a permission to share the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    // The usual queue of 128 overflows when a load test connects all at once, and whoever does not
    // fit in has to wait for a second.
    socket.listen(MAX_CONNECTIONS as u32)
}

/// Resolves when the process is asked to stop.
async fn stop_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
