//! The time of each case: `cargo bench -p bus-bench`.
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::{Duration, Instant};

fn dispatch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch");
    group
        .throughput(Throughput::Elements(1))
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    for (name, run) in bus_bench::cases() {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|n| {
                let begun = Instant::now();
                run(n);
                begun.elapsed()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
