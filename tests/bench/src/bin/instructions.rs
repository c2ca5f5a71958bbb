//! Runs one case so many times, for a tool that counts instructions: `instructions CASE N`.
//! Without arguments it lists the cases.

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(wanted), Some(n)) = (arguments.next(), arguments.next()) else {
        for (name, _) in bus_bench::cases() {
            println!("{name}");
        }
        return;
    };
    let case = bus_bench::cases()
        .into_iter()
        .find(|(name, _)| *name == wanted);
    let (_, run) = case.expect("a case as this program lists them");
    run(1);
    run(n.parse().expect("a number of runs"));
}
