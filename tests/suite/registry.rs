//! What is linked, how it is listed, and what `build` finds missing, all at once.
use bus::prelude::*;
use bus::{BoxError, Entry, Kind, NeedKind};

struct Ledger;
struct Printer;
struct Clerk;

/// An order as the registry lists it.
#[command(name = "registry.order", version = 3, output = Vec<u64>, rate = "5/m per account", timeout = "2s")]
struct Order {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    account: String,
}

const HANDLER: u32 = line!() + 3;

#[handler]
async fn take_order(
    order: Order,
    ledger: &Ledger,
    cx: &Context,
    printer: State<Printer>,
    clerk: Option<Principal<Clerk>>,
) -> Result<Vec<u64>, BoxError> {
    let _ = (ledger, cx, printer, clerk);
    Ok(vec![order.account.len() as u64])
}

#[command(remote)]
struct Shared;

const SHARED: u32 = line!() + 3;

#[handler]
fn shared(_: Shared, ledger: &Ledger) {
    let _ = ledger;
}

fn entry(name: &str) -> Entry {
    let entries = bus::registry().entries.into_iter();
    let mut found: Vec<Entry> = entries
        .filter(|entry| entry.descriptor.name.ends_with(name))
        .collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.remove(0)
}

#[test]
fn a_command_is_listed_with_all_that_it_declares() {
    let entry = entry("registry.order");
    let command = entry.descriptor;
    assert_eq!((command.name, command.version), ("registry.order", 3));
    assert_eq!((command.kind, command.remote), (Kind::Command, false));
    assert!(command.file.ends_with("registry.rs"), "{}", command.file);
    assert_eq!(entry.output, std::any::type_name::<Vec<u64>>());
    assert_eq!(entry.error, std::any::type_name::<BoxError>());
    assert_eq!(
        command.policies,
        [
            ("sanitize", "account"),
            ("validate", "all rules"),
            ("rate", "5/m per account"),
            ("timeout", "2s")
        ]
    );
    let [handler] = &entry.handlers[..] else {
        panic!("{:?}", entry.handlers);
    };
    assert!(handler.name.ends_with("take_order"), "{}", handler.name);
    assert_eq!(handler.line, HANDLER);
    let needs: Vec<_> = handler
        .needs
        .iter()
        .map(|need| (need.kind, need.optional))
        .collect();
    assert_eq!(
        needs,
        [
            (NeedKind::State, false),
            (NeedKind::Context, false),
            (NeedKind::State, false),
            (NeedKind::Principal, true)
        ]
    );
}

#[test]
fn the_list_is_ordered_found_by_name_and_readable() {
    let registry = bus::registry();
    let names: Vec<_> = registry
        .entries
        .iter()
        .map(|entry| entry.descriptor.name)
        .collect();
    assert!(names.is_sorted());
    assert!(registry.get("registry.order").is_some());
    assert!(registry.get("suite::registry::Shared").is_some());
    assert!(registry.get("nothing").is_none());
    let text = entry("registry.order").to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], "registry.order v3 -> Vec<u64>");
    assert_eq!(lines[3], "rate = 5/m per account");
    assert!(
        lines[5].starts_with("by ") && lines[5].contains("take_order ("),
        "{text}"
    );
    assert!(
        lines[5].ends_with(", takes Ledger, Context, Printer, principal Clerk?"),
        "{text}"
    );
    assert!(
        entry("registry::Shared")
            .to_string()
            .contains("Shared (remote) -> ()")
    );
    let all = registry.to_string();
    assert!(all.contains(&text));
    let last = all.lines().last().unwrap();
    assert!(
        last.starts_with(&format!("{} commands, ", names.len())),
        "{last}"
    );
}

#[tokio::test]
async fn build_names_every_missing_state_at_once_with_file_and_line() {
    let unwired = Bus::builder().build().await.unwrap_err();
    let problems: Vec<String> = unwired.problems().collect();
    let about = |handler: &str, line: u32, needs: &str| {
        problems.iter().any(|problem| {
            problem.contains(&format!("{handler}`"))
                && problem.contains(&format!("registry.rs:{line})"))
                && problem.contains(&format!("{needs}`"))
        })
    };
    assert!(about("take_order", HANDLER, "Ledger"), "{unwired}");
    assert!(about("take_order", HANDLER, "Printer"), "{unwired}");
    assert!(about("shared", SHARED, "Ledger"), "{unwired}");
    let optional = problems.iter().any(|problem| problem.contains("Clerk"));
    assert!(
        !optional,
        "what a handler can do without is not missing: {unwired}"
    );
    let text = unwired.to_string();
    assert!(text.starts_with(&format!("{} problems in the wiring\n", problems.len())));

    let given = Bus::builder().state(Ledger).build().await.unwrap_err();
    let left: Vec<String> = given.problems().collect();
    assert!(
        !left.iter().any(|problem| problem.contains("::Ledger`")),
        "{given}"
    );
    assert!(
        left.iter().any(|problem| problem.contains("::Printer`")),
        "{given}"
    );
    assert_eq!(left.len() + 2, problems.len());
}

#[tokio::test]
async fn a_partial_bus_builds_and_answers_with_what_is_missing() {
    let bus = Bus::builder().partial().build().await.unwrap();
    let order = Order {
        account: "a".into(),
    };
    match bus.dispatch(order).await {
        Err(bus::Error::Missing { needs, .. }) => assert!(needs.ends_with("::Ledger"), "{needs}"),
        other => panic!("{other:?}"),
    }
    let bus = Bus::builder().state(Ledger).state(Printer).partial();
    let order = Order {
        account: " ab ".into(),
    };
    assert_eq!(
        bus.build().await.unwrap().dispatch(order).await.unwrap(),
        [2]
    );
}

#[test]
fn the_wiring_of_this_program_is_whole() {
    bus::verify().unwrap();
}
