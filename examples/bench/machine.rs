//! What the system says about processes: processor time and memory. Linux only; elsewhere nothing
//! is known and those figures are left out.
use std::fs;

/// The kernel counts processor time for users in these.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor that a process used so far, its threads that ended included.
pub(crate) fn cpu_of(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<f64>);
    Some((times.next()?.ok()? + times.next()?.ok()?) / TICKS_PER_SECOND)
}

/// Seconds of processor that this process used so far.
pub(crate) fn own_cpu() -> Option<f64> {
    cpu_of(std::process::id())
}

/// Seconds of processor that the whole machine used so far.
pub(crate) fn all_cpu() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let times = stat.lines().next()?.split_whitespace().skip(1);
    let times: Vec<f64> = times.filter_map(|time| time.parse().ok()).collect();
    // user, nice, system; then idle and waiting; then interrupts.
    let busy = times.get(..3)?.iter().sum::<f64>() + times.get(5..7)?.iter().sum::<f64>();
    Some(busy / TICKS_PER_SECOND)
}

/// The most memory that this process ever had, in MiB.
pub(crate) fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

/// The name of a running process.
pub(crate) fn name_of(process: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim().to_owned())
}
