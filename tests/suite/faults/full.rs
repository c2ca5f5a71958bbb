//! A SQLite file with no room to grow: errors that say so, nothing half stored, and all goes on
//! once there is room.
use super::crew::Hand;
use super::place::Place;
use bus_tests::{Child, until};
use std::process::Command;
use std::time::Duration;

/// The room, in bytes.
const ROOM: usize = 3 * 1024 * 1024;

/// Runs a program whose files may not grow beyond the room. Without the trap the system would end
/// it where it tries.
const LIMITED: &str = r#"trap "" XFSZ; ulimit -S -f $((ROOM / 512)); exec "$@""#;

/// Runs a program that sees a small disk in the folder, full of ballast but for the room. The
/// ballast is more than SQLite's log and its copy in the file need later.
const SMALL_DISK: &str = r#"
mount -t tmpfs -o size=$((ROOM + 40000000)) none "$FOLDER" || exit 1
head -c 40000000 /dev/zero >"$FOLDER/ballast" || exit 1
exec "$@""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_refuses_jobs_and_goes_on_when_it_may() {
    let file = bus_tests::Sqlite::new();
    let place = Place::Sqlite(file);
    let script = LIMITED.replace("ROOM", &ROOM.to_string());
    let mut hand = hand(&place).under(&["sh", "-c", &script, "sh"]);
    let told = fill(&mut hand, "disk I/O error").await;
    let limits = ["--fsize=unlimited:", "--pid", &hand.id().to_string()];
    let raised = Command::new("prlimit").args(limits).status();
    assert!(raised.expect("`prlimit` is of util-linux").success());
    goes_on(hand, told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_jobs_and_goes_on_when_there_is_room() {
    let own = ["--user", "--map-root-user", "--mount"];
    let mut probe = Command::new("unshare");
    probe
        .args(own)
        .args(["mount", "-t", "tmpfs", "none", "/mnt"]);
    let may = probe.status().is_ok_and(|status| status.success());
    if !may {
        // Not everybody may mount; the test above is the same without a disk of its own.
        println!("no small disk can be made here: user namespaces are not permitted");
        return;
    }
    let file = bus_tests::Sqlite::new();
    let folder = file.folder().to_owned();
    let place = Place::Sqlite(file);
    let room = format!("ROOM={ROOM}; FOLDER={}; {SMALL_DISK}", folder.display());
    let mut program = vec!["unshare"];
    program.extend(own);
    program.extend(["sh", "-c", &room, "sh"]);
    let mut hand = hand(&place).under(&program);
    let told = fill(&mut hand, "database or disk is full").await;
    // The child's view of the folder.
    let seen = format!("/proc/{}/root{}", hand.id(), folder.display());
    std::fs::remove_file(format!("{seen}/ballast")).unwrap();
    goes_on(hand, told).await;
}

fn hand(place: &Place) -> Hand {
    Hand {
        url: place.url(),
        lease: Duration::from_secs(2),
        slots: 8,
        seed: None,
    }
}

/// Dispatches until that is refused, and looks at what the error says.
async fn fill(hand: &mut Child, cause: &str) -> usize {
    hand.said().count(1).await;
    let mut told = 0;
    let refused = until("a dispatch is refused", async || {
        hand.tell("bulk");
        told += 1;
        match answer(hand, told).await {
            refused if refused.starts_with("e ") => Ok(refused),
            _ => Err("it is stored".to_owned()),
        }
    })
    .await;
    assert!(refused.contains("sqlite: push failed for now"), "{refused}");
    assert!(refused.contains(cause), "{refused}");
    told
}

/// The answer to the dispatch of this number.
async fn answer(hand: &Child, number: usize) -> String {
    let is_answer = |line: &&String| line.starts_with("d ") || line.starts_with("e ");
    let enough = |said: &[String]| said.iter().filter(is_answer).count() >= number;
    let said = hand.said().eventually("an answer", enough).await;
    said.iter()
        .filter(is_answer)
        .nth(number - 1)
        .unwrap()
        .clone()
}

/// There is room again: dispatches are taken, and all that was stored is done.
async fn goes_on(mut hand: Child, mut told: usize) {
    for command in ["bulk", "dispatch"] {
        until("a dispatch is taken", async || {
            hand.tell(command);
            told += 1;
            match answer(&hand, told).await {
                refused if refused.starts_with("e ") => Err(refused),
                _ => Ok(()),
            }
        })
        .await;
    }
    hand.tell("audit");
    hand.tell("end");
    let (status, said) = hand.ended();
    let count = |kind: &str| said.iter().filter(|line| line.starts_with(kind)).count();
    assert!(status.success() && count("all is done") == 1, "{status}");
    println!(
        "{told} dispatches, {} refused, {} executions",
        count("e "),
        count("x ")
    );
}
