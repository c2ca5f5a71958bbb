//! What a dispatch allocates, counted by the allocator. In a program of its own: nothing
//! here reads its context, so dispatches go straight until a bus is made.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: it hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends may have no counter any more.
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of 100 runs of a case, after one that sets everything up.
fn of_a_hundred(name: &str) -> u64 {
    let case = bus_bench::cases()
        .into_iter()
        .find(|(case, _)| *case == name);
    let (_, run) = case.expect("a case of the benchmark");
    run(1);
    let before = COUNT.get();
    run(100);
    COUNT.get() - before
}

// One test: the order matters, as the cases with a bus come last.
#[test]
fn only_what_must_be_boxed_is() {
    assert!(
        of_a_hundred("tower BoxService") >= 100,
        "the counter counts"
    );
    for straight in [
        "dispatch",
        "dispatch, a String through, BoxError",
        "dispatch, validate + rate + timeout",
        "dispatch, remote fn",
        "dispatch, 1 middleware",
        "dispatch, 3 middleware",
    ] {
        let own = match straight {
            // The String itself, as in the direct call.
            "dispatch, a String through, BoxError" => {
                of_a_hundred("direct .await, a String through, BoxError")
            }
            _ => 0,
        };
        assert_eq!(of_a_hundred(straight), own, "{straight}");
    }
    assert_eq!(of_a_hundred("dispatch, remote async fn"), 100);
    // With a context: one for it, and one for all middleware of the bus together.
    // The context of a scope is one more, once.
    for (in_context, each, once) in [
        ("bus.dispatch", 1, 0),
        ("bus.dispatch, state", 1, 0),
        ("bus.dispatch, 3 middleware of the bus", 2, 0),
        ("dispatch in a scope", 2, 1),
        ("dispatch in a scope, 3 middleware of the bus", 3, 1),
    ] {
        let expected = 100 * each + once;
        assert_eq!(of_a_hundred(in_context), expected, "{in_context}");
    }
}
