use super::*;
use std::io::Write;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn tail(&self) -> Tail {
        let config = TailConfig {
            paths: vec![self.path("logs")],
            labels: Labels::from_pairs([("job", "test")]),
            positions_file: self.path("positions.json"),
            poll: Duration::from_millis(1),
        };
        Tail::new(config, Clock::manual(1_000))
    }

    /// Looks once, acknowledges everything, and gives the texts.
    async fn look(&self, tail: &mut Tail) -> Vec<String> {
        tail.open_found();
        let (sender, mut receiver) = mpsc::channel::<Chunk>(64);
        let gather = tokio::spawn(async move {
            let mut texts = Vec::new();
            while let Some(chunk) = receiver.recv().await {
                texts.extend(chunk.lines.iter().map(|(_, text)| String::from_utf8(text.clone()).unwrap()));
                chunk.done.unwrap().send(()).unwrap();
            }
            texts
        });
        while tail.look(&sender).await {}
        tail.positions.save().unwrap();
        drop(sender);
        gather.await.unwrap()
    }
}

#[tokio::test]
async fn follows_growth_rotation_and_truncation() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("logs")).unwrap();
    bench.append("logs/a.log", "one\ntwo\nhal");
    let mut tail = bench.tail();
    assert_eq!(bench.look(&mut tail).await, ["one", "two"], "a line without end waits");
    bench.append("logs/a.log", "f\n");
    assert_eq!(bench.look(&mut tail).await, ["half"]);

    bench.append("logs/a.log", "last words\n");
    std::fs::rename(bench.path("logs/a.log"), bench.path("logs/a.log.1")).unwrap();
    bench.append("logs/a.log", "new file\n");
    let mut seen = bench.look(&mut tail).await;
    seen.extend(bench.look(&mut tail).await);
    assert_eq!(seen, ["last words", "new file"]);

    std::fs::write(bench.path("logs/a.log"), "cut\n").unwrap();
    let mut seen = bench.look(&mut tail).await;
    seen.extend(bench.look(&mut tail).await);
    assert_eq!(seen, ["cut"]);
}

#[tokio::test]
async fn goes_on_where_it_was_after_a_restart() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("logs")).unwrap();
    bench.append("logs/a.log", "one\n");
    assert_eq!(bench.look(&mut bench.tail()).await, ["one"]);
    bench.append("logs/a.log", "two\n");
    assert_eq!(bench.look(&mut bench.tail()).await, ["two"]);
}

#[tokio::test]
async fn leaves_out_what_is_no_log() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("logs")).unwrap();
    bench.append("logs/a.log.1", "old\n");
    bench.append("logs/b.gz", "packed\n");
    bench.append("logs/c", "binary\0\n");
    bench.append("logs/btmp", "");
    bench.append("logs/d", "text\n");
    assert_eq!(bench.tail().find(), [bench.path("logs/d")]);
}

#[tokio::test]
async fn a_line_larger_than_a_read_comes_in_pieces() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("logs")).unwrap();
    let long = "x".repeat(READ_BYTES * 2);
    bench.append("logs/a.log", &format!("{long}\nshort\n"));
    let texts = bench.look(&mut bench.tail()).await;
    assert_eq!(texts.last().unwrap(), "short");
    assert_eq!(texts.iter().take(texts.len() - 1).map(String::len).sum::<usize>(), long.len());
}
