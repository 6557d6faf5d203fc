//! TLS: a certificate that nobody vouches for is said, and can be trusted by name.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::server::json;
use super::{token, told};
use crate::checkpoint::{Body, Reason, Reply};
use crate::molecule::{Platform, Settings};

/// A server with a certificate of its own making. Returns its port and the certificate as PEM.
async fn self_signed() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let does = Arc::new(|_: &super::server::Request| json("[]"));
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen, does) = (acceptor.clone(), seen.clone(), does.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    super::server::serve(stream, seen, does).await;
                }
            });
        }
    });
    (port, made.cert.pem())
}

fn at(url: &str, ca: Option<&str>) -> Platform {
    Platform::new(Settings {
        ca_pem: Some(
            ca.map_or_else(other_certificate, str::to_owned)
                .into_bytes(),
        ),
        timeout_ms: 5_000,
        ..Settings::at(url, Some(token()))
    })
    .unwrap()
}

/// A certificate that has nothing to do with the server: the machine may have no store of its own.
fn other_certificate() -> String {
    let mut params = rcgen::CertificateParams::new(["other".to_owned()]).unwrap();
    let name = rcgen::DnType::CommonName;
    params.distinguished_name.push(name, "other");
    let key = rcgen::KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_said() {
    let (port, pem) = self_signed().await;
    let url = format!("https://localhost:{port}");
    let text = told(&at(&url, None).workspaces().await.unwrap_err());
    let expected = format!("1 GET {url}/workspaces: its TLS certificate is not trusted");
    assert!(text.starts_with(&expected), "{text}");
    assert!(text.contains("--ca-file FILE"), "{text}");
    assert!(!text.contains("tried"), "{text}");
    let asked = at(&url, Some(&pem));
    asked.workspaces().await.unwrap();
    // Trusted, but another name.
    let url = format!("https://127.0.0.1:{port}");
    let text = told(&at(&url, Some(&pem)).workspaces().await.unwrap_err());
    assert!(
        text.contains("its TLS certificate is not trusted"),
        "{text}"
    );
    assert!(text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn nothing_is_sent_without_trust() {
    let (port, _) = self_signed().await;
    let asked = at(&format!("https://localhost:{port}"), None);
    let url = asked.checkpoint_url("w", None).unwrap();
    let body = Body {
        workspace_id: "w".to_owned(),
        turn_id: None,
        reason: Reason::Operator,
        note: None,
        ceiling_seconds: None,
        turn_age_seconds: None,
        drain_seconds: 0,
        request_id: "r".to_owned(),
    };
    let reply = asked.checkpoint(&url, &body, asked.admission().await).await;
    assert!(
        matches!(reply, Reply::Broken { sent: false, .. }),
        "{reply:?}"
    );
}

#[tokio::test]
async fn tls_where_there_is_none_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        // As web servers do with what they do not understand.
        while let Ok((mut stream, _)) = listener.accept().await {
            let says = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(says).await.ok();
            stream.read_u8().await.ok();
        }
    });
    let url = format!("https://localhost:{port}");
    let text = told(&at(&url, None).workspaces().await.unwrap_err());
    let expected = format!("1 GET {url}/workspaces: no TLS connection\n");
    assert!(text.starts_with(&expected), "{text}");
    assert!(text.contains("is it http:// there?"), "{text}");

    let (port, _) = self_signed().await;
    let url = format!("http://localhost:{port}");
    let text = told(&at(&url, None).workspaces().await.unwrap_err());
    assert!(
        text.starts_with(&format!("4 GET {url}/workspaces: ")),
        "{text}"
    );
}
