//! Faults: processes killed and stopped, servers gone, disks full, rows that nobody can read.
//!
//! The worker of these tests is the real one, and what is killed is a real process: this test
//! program again, see [`crew`]. What must hold at the end is in [`audit`].
mod audit;
mod crew;
mod effects;
mod full;
mod hostile;
mod kill;
mod load;
mod place;
mod poison;
mod restart;
mod share;
mod stale;
mod terminate;
