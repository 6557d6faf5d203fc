//! Writes the seeds into `fuzz/corpus`, a directory for each target.
#![expect(
    clippy::disallowed_methods,
    reason = "a tool of the project, which reads and writes its own files"
)]
#![allow(dead_code, reason = "the targets themselves are not run here")]

mod bodies;
mod seeds;

fn main() -> std::io::Result<()> {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, name, bytes) in seeds::seeds() {
        let directory = corpus.join(target);
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join(format!("seed-{name}")), bytes)?;
    }
    Ok(())
}
