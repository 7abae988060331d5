//! Serves the same routes by HTTP/2, over one connection of which a browser opens hundreds of
//! streams, not six. Browsers speak it within TLS only.

use std::error::Error;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::serve::Listener as _;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tower::Layer;

use crate::connection::Listener;

/// Streams open at once on a connection.
const MAX_STREAMS: u32 = 2_000;

/// Does the handshakes, with a certificate for this machine that is made anew at each start.
pub fn acceptor() -> Result<TlsAcceptor, Box<dyn Error>> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let own = rcgen::generate_simple_self_signed(names)?;
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.into()], key.into())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves each connection in a task of its own, for ever.
pub async fn serve(mut listener: Listener, acceptor: TlsAcceptor, app: Router) {
    let mut http = auto::Builder::new(TokioExecutor::new()).http2_only();
    http.http2().max_concurrent_streams(MAX_STREAMS);
    loop {
        let (stream, _) = listener.accept().await;
        let service = Extension(ConnectInfo(stream.connection())).layer(app.clone());
        let (acceptor, http) = (acceptor.clone(), http.clone());
        tokio::spawn(async move {
            // An error in either is the end of this connection, of which its client knows.
            if let Ok(stream) = acceptor.accept(stream).await {
                let service = TowerToHyperService::new(service);
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            }
        });
    }
}
