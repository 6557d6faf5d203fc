//! A PostgreSQL server for tests: installed when it is missing, with data and port of its own, and
//! gone with the test's process, however that ends.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// The user of every database.
const USER: &str = "cronctl";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);
/// Keeps the server while somebody holds the pipe's other end. A line means that it is to be started
/// again later; the end of the input, also by a crash of the test, that nobody needs it any more.
const KEEPER: &str = r#"
directory=$1; shift
"$@" >>"$directory/log" 2>&1 </dev/null &
server=$!
read -r line
kill -QUIT "$server" 2>/dev/null
wait "$server"
[ -n "$line" ] || rm -rf "$directory"
"#;

/// A server, running. It is stopped, and its data removed, when this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
    password: String,
    keeper: Mutex<Option<Child>>,
    /// Whose the server's process is, where the test is the superuser, whom it refuses.
    owner: Option<(u32, u32)>,
}

impl Cluster {
    /// Makes and starts one.
    pub(crate) fn start() -> Self {
        let programs = programs();
        let owner = is_superuser().then(|| {
            let name = ["postgres", "nobody"]
                .into_iter()
                .find(|n| number("-u", n).is_some());
            let name = name.expect("a user for PostgreSQL, which the superuser cannot run");
            (number("-u", name).unwrap(), number("-g", name).unwrap())
        });
        let directory = tempfile::Builder::new()
            .prefix("cronctl-postgres-")
            .tempdir()
            .expect("a directory for PostgreSQL")
            .keep();
        let password: String = (0..24).map(|_| fastrand::alphanumeric()).collect();
        std::fs::write(directory.join("password"), &password).unwrap();
        let mut cluster = Self {
            programs,
            directory,
            port: 0,
            password,
            keeper: Mutex::new(None),
            owner,
        };
        for path in [
            cluster.directory.clone(),
            cluster.directory.join("password"),
        ] {
            if let Some((user, group)) = owner {
                std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let made = cluster
            .program("initdb")
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .args(["--username", USER])
            .arg("--pwfile")
            .arg(cluster.directory.join("password"))
            .arg(cluster.data())
            .output()
            .expect("initdb");
        assert!(made.status.success(), "initdb: {}", said(&made.stderr));
        // Another may take the port before the server does.
        for attempt in 1.. {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            cluster.port = free.local_addr().unwrap().port();
            drop(free);
            match cluster.run() {
                Ok(()) => break,
                Err(why) => assert!(attempt < 3, "PostgreSQL does not start: {why}"),
            }
        }
        cluster
    }

    /// The address of a database, without the password.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// The password of the user.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Makes an empty database; returns its address.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// Says something to a database; returns the answer, a line for each row.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).expect(sql)
    }

    /// Where the server's files are: `data`, `log`, and the socket.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes a file that the server can read and nobody else.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.directory.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = self.owner {
            std::os::unix::fs::chown(&path, Some(user), Some(group)).unwrap();
        }
        path
    }

    /// Kills the server as a crash would; its data stays.
    pub(crate) fn kill(&self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap().take() {
            let mut input = keeper.stdin.take().unwrap();
            input.write_all(b"again\n").unwrap();
            drop(input);
            keeper.wait().unwrap();
        }
    }

    /// Starts it again, at the same port.
    pub(crate) fn again(&self) {
        self.run().expect("PostgreSQL starts again");
    }

    fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let port = self.port.to_string();
        let asked = self
            .program("psql")
            .env("PGPASSWORD", &self.password)
            .env("PGCONNECT_TIMEOUT", "5")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--host", "127.0.0.1", "--port", &port, "--username", USER])
            .args([
                "--set",
                "ON_ERROR_STOP=1",
                "--dbname",
                database,
                "--command",
                sql,
            ])
            .output()
            .map_err(|e| e.to_string())?;
        if asked.status.success() {
            Ok(said(&asked.stdout).trim_end().to_owned())
        } else {
            Err(said(&asked.stderr))
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        self.by_owner(&mut command);
        command
    }

    fn by_owner(&self, command: &mut Command) {
        command.current_dir(&self.directory);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
    }

    fn run(&self) -> Result<(), String> {
        let mut command = Command::new("sh");
        self.by_owner(&mut command);
        let directory = self.directory.display();
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.directory)
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={}", self.port)])
            .args(["-c", &format!("unix_socket_directories={directory}")])
            .args(["-c", "fsync=off", "-c", "shared_buffers=32MB"]);
        let mut keeper = command
            // What stops the test from a terminal must not stop the cleaning.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("sh: {e}"))?;
        let mut said = String::new();
        let pause = Duration::from_millis(50);
        for _ in 0..START.as_millis() / pause.as_millis() {
            match self.try_sql("postgres", "SELECT 1") {
                Ok(_) => {
                    *self.keeper.lock().unwrap() = Some(keeper);
                    return Ok(());
                }
                Err(why) => said = why,
            }
            let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            if log.contains("could not create any TCP/IP sockets") {
                said = log;
                break;
            }
            std::thread::sleep(pause);
        }
        let mut input = keeper.stdin.take().unwrap();
        input.write_all(b"again\n").map_err(|e| e.to_string())?;
        drop(input);
        keeper.wait().map_err(|e| e.to_string())?;
        drop(std::fs::remove_file(self.directory.join("log")));
        Err(said)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().ok().and_then(Option::take);
        if let Some(mut keeper) = keeper {
            drop(keeper.stdin.take());
            drop(keeper.wait());
        } else {
            drop(std::fs::remove_dir_all(&self.directory));
        }
    }
}

/// The directory of the server's programs.
fn programs() -> PathBuf {
    if let Some(found) = find() {
        return found;
    }
    // One test installs, the others wait for it.
    let lock = File::create(std::env::temp_dir().join("cronctl-postgres.lock")).ok();
    let held = lock.as_ref().map(File::lock);
    let found = find().unwrap_or_else(|| {
        let said = install();
        find().unwrap_or_else(|| {
            panic!("these tests need PostgreSQL, and it could not be installed: {said}")
        })
    });
    drop(held);
    found
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut versions: Vec<_> = versions.flatten().map(|e| e.path().join("bin")).collect();
    versions.sort();
    let usual = [
        "/usr/local/bin",
        "/usr/local/pgsql/bin",
        "/opt/homebrew/bin",
    ];
    std::env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .chain(usual.map(PathBuf::from))
        // What is in the path may be a link, or a wrapper that looks for something else.
        .filter_map(|directory| std::fs::canonicalize(directory.join("initdb")).ok())
        .filter_map(|initdb| initdb.parent().map(Path::to_owned))
        .find(|d| {
            ["postgres", "psql"]
                .iter()
                .all(|name| d.join(name).is_file())
        })
}

/// Installs it where there is apt-get; returns what went wrong.
fn install() -> String {
    let mut wrong = String::new();
    for arguments in [
        &["update", "-qq"][..],
        &[
            "install",
            "-qq",
            "-y",
            "--no-install-recommends",
            "postgresql",
        ],
    ] {
        let mut command = Command::new(if is_superuser() { "apt-get" } else { "sudo" });
        if !is_superuser() {
            command.args(["-n", "apt-get"]);
        }
        match command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments)
            .output()
        {
            Ok(done) if done.status.success() => {}
            Ok(done) => wrong = said(&done.stderr),
            Err(e) => wrong = format!("apt-get: {e}"),
        }
    }
    wrong
}

fn is_superuser() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    said(&output.stdout).trim() == "0"
}

/// The number of a user (`-u`) or of its group (`-g`).
fn number(what: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([what, user]).output().ok()?;
    said(&output.stdout).trim().parse().ok()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
