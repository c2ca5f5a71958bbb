//! The one thread that writes: what waits while a commit is on its way goes into the next.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection;
use super::desk::{Desk, Effects};
use super::fault::Fault;
use super::group::{Group, Regroup};
use super::schema;
use super::wake::{Hubs, Lookout};
use crate::clock;
use crate::driver::Synchronous;

/// Something to be done in a transaction.
pub(super) trait Work: Send {
    /// How many jobs it touches at most.
    fn weight(&self) -> usize;
    /// Whether its commit waits for the disk.
    fn durable(&self) -> bool;
    /// Does it. May be called again if the transaction was rolled back.
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), Fault>;
    /// Answers who waits: it is committed, or has no effect.
    fn finish(self: Box<Self>, result: Result<(), Fault>);
}

/// Work as a closure, with somebody who waits for its value.
struct Errand<F, T> {
    weight: usize,
    durable: bool,
    run: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<F, T> Work for Errand<F, T>
where
    F: FnMut(&mut Desk<'_>) -> Result<T, Fault> + Send,
    T: Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn durable(&self) -> bool {
        self.durable
    }

    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), Fault> {
        self.value = Some((self.run)(desk)?);
        Ok(())
    }

    fn finish(self: Box<Self>, result: Result<(), Fault>) {
        let value = self.value;
        let answer = result.map(|()| value.expect("work that succeeded has a value"));
        // Nobody waits any more: the work is done nonetheless.
        let _ = self.reply.send(answer);
    }
}

/// What is done with the connection itself, or with why there is none.
type Act = Box<dyn FnOnce(Result<&mut Connection, Fault>) + Send>;

pub(super) enum Order {
    Work(Box<dyn Work>),
    Connection(Act),
    Look,
    Close(oneshot::Sender<()>),
}

/// Where to hand in work. Dropping it ends the thread once what was handed in is done.
#[derive(Debug)]
pub(super) struct Writer {
    orders: Sender<Order>,
}

/// The answer to come.
pub(super) type Answer<T> = oneshot::Receiver<Result<T, Fault>>;

impl Writer {
    /// Starts the thread; the file is opened with the first work.
    pub(super) fn start(
        path: PathBuf,
        synchronous: Synchronous,
        hubs: Arc<Hubs>,
    ) -> Result<Self, Fault> {
        let (sender, orders) = channel();
        let clerk = Clerk {
            path,
            synchronous,
            current: None,
            connection: None,
            regroup: Regroup::default(),
            lookout: Lookout::new(Arc::clone(&hubs)),
            hubs,
        };
        thread::Builder::new()
            .name("bus-sqlite-writer".to_owned())
            .spawn(move || clerk.work(&orders))
            .map_err(|error| Fault::Threads(Arc::new(error)))?;
        Ok(Self { orders: sender })
    }

    /// Hands in work that touches at most `weight` jobs; `durable`: its commit waits for the disk.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        weight: usize,
        durable: bool,
        run: impl FnMut(&mut Desk<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Order::Work(Box::new(Errand {
            weight,
            durable,
            run,
            value: None,
            reply,
        })));
        answer
    }

    /// Does something with the connection outside any transaction.
    pub(super) fn with_connection<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Order::Connection(Box::new(move |connection| {
            let _ = reply.send(connection.and_then(act));
        })));
        answer
    }

    /// Somebody listens from now on: changes by other processes are looked out for.
    pub(super) fn look(&self) {
        self.send(Order::Look);
    }

    /// Does what was handed in before, then ends.
    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        self.send(Order::Close(reply));
        // An error means that it had ended before.
        let _ = closed.await;
    }

    fn send(&self, order: Order) {
        // If the thread has ended, the order is dropped and who waits for it sees that.
        let _ = self.orders.send(order);
    }
}

/// What an answer that never came means.
pub(super) fn received<T>(
    answer: Result<Result<T, Fault>, oneshot::error::RecvError>,
) -> Result<T, Fault> {
    answer.unwrap_or(Err(Fault::Closed))
}

/// The thread's own.
struct Clerk {
    path: PathBuf,
    synchronous: Synchronous,
    /// What the connection is set to.
    current: Option<Synchronous>,
    connection: Option<Connection>,
    regroup: Regroup,
    lookout: Lookout,
    hubs: Arc<Hubs>,
}

impl Clerk {
    fn work(mut self, orders: &Receiver<Order>) {
        loop {
            let (order, idle) = match orders.try_recv() {
                Ok(order) => (order, false),
                Err(TryRecvError::Empty) => match self.next(orders) {
                    Some(order) => (order, true),
                    None => return,
                },
                Err(TryRecvError::Disconnected) => return,
            };
            let mut order = Some(order);
            while let Some(next) = order.take() {
                match next {
                    Order::Work(first) => order = self.group(first, idle, orders),
                    Order::Connection(act) => act(self.open()),
                    Order::Look => {}
                    Order::Close(reply) => {
                        // Closing the last connection copies the WAL into the file.
                        drop(self.connection.take());
                        let _ = reply.send(());
                        return;
                    }
                }
            }
            self.lookout.look(self.connection.as_ref());
        }
    }

    /// The next order; while waiting it looks out for other processes, if anybody listens.
    fn next(&mut self, orders: &Receiver<Order>) -> Option<Order> {
        loop {
            if !self.lookout.is_needed() {
                return orders.recv().ok();
            }
            if self.connection.is_none() {
                // Without a connection nothing is seen; an error shows with the next work.
                let _ = self.open();
            }
            match orders.recv_timeout(Lookout::EVERY) {
                Ok(order) => return Some(order),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.lookout.look(self.connection.as_ref()),
            }
        }
    }

    /// Does what waits in one transaction, with what comes before its commit. Gives back an order
    /// that is no part of it.
    fn group(
        &mut self,
        first: Box<dyn Work>,
        idle: bool,
        orders: &Receiver<Order>,
    ) -> Option<Order> {
        let mut group = Group::of(first);
        let durable = group.gather(orders);
        let waits = durable && self.synchronous == Synchronous::Full;
        let mut regroup = std::mem::take(&mut self.regroup);
        if !waits {
            regroup.forget();
        }
        regroup.begin(group.works.len(), idle);
        let mut sealed = clock::instant();
        let result = self.attempt(durable, &mut group, |group| {
            let more = group.join(orders, &regroup);
            sealed = clock::instant();
            more
        });
        let took = clock::instant() - sealed;
        let size = group.works.len();
        let works = std::mem::take(&mut group.works);
        match result {
            Ok(()) => works.into_iter().for_each(|work| work.finish(Ok(()))),
            // The one that failed must not fail the others: each alone.
            Err(Failed::Work(_)) if size > 1 => {
                for work in works {
                    let durable = work.durable();
                    let mut alone = Group::of(work);
                    let result = self.attempt(durable, &mut alone, |_| false);
                    let result = result.map_err(Failed::fault);
                    for work in alone.works {
                        work.finish(result.clone());
                    }
                }
            }
            Err(failed) => {
                let fault = failed.fault();
                for work in works {
                    work.finish(Err(fault.clone()));
                }
            }
        }
        if waits {
            regroup.end(size, took);
        }
        self.regroup = regroup;
        group.into_other()
    }

    /// Does a group, and as long as there is more to do, that too, and commits it.
    fn attempt(
        &mut self,
        durable: bool,
        group: &mut Group,
        more: impl FnMut(&mut Group) -> bool,
    ) -> Result<(), Failed> {
        let hubs = Arc::clone(&self.hubs);
        let result = match self.prepare(durable) {
            Ok(connection) => transact(connection, group, more, &hubs),
            Err(fault) => Err(Failed::Store(fault)),
        };
        if let Err(Failed::Store(fault) | Failed::Work(fault)) = &result
            && fault.spoils_connection()
        {
            self.connection = None;
        }
        result
    }

    /// The connection, set to wait for the disk or not.
    fn prepare(&mut self, durable: bool) -> Result<&Connection, Fault> {
        self.open()?;
        let wanted = match durable {
            true => self.synchronous,
            false => Synchronous::Normal,
        };
        let connection = self.connection.as_ref().ok_or(Fault::Closed)?;
        if self.current != Some(wanted) {
            connection::wait_for_disk(connection, wanted)?;
            self.current = Some(wanted);
        }
        Ok(connection)
    }

    fn open(&mut self) -> Result<&mut Connection, Fault> {
        if self.connection.is_none() {
            let connection = connection::open(&self.path, self.synchronous)?;
            schema::check(&connection)?;
            self.current = Some(self.synchronous);
            self.connection = Some(connection);
            self.lookout.reconnected();
        }
        self.connection.as_mut().ok_or(Fault::Closed)
    }
}

/// Which part of a transaction failed.
enum Failed {
    /// A piece of work.
    Work(Fault),
    /// Its beginning or its end.
    Store(Fault),
}

impl Failed {
    fn fault(self) -> Fault {
        match self {
            Self::Work(fault) | Self::Store(fault) => fault,
        }
    }
}

/// Does all of it in one transaction and tells of its effects; or none of it.
fn transact(
    connection: &Connection,
    group: &mut Group,
    mut more: impl FnMut(&mut Group) -> bool,
    hubs: &Hubs,
) -> Result<(), Failed> {
    let mut desk = Desk::new(connection, hubs);
    let mut done = 0;
    while done < group.works.len() || more(group) {
        for work in &mut group.works[done..] {
            if let Err(fault) = work.run(&mut desk) {
                let refused = desk.is_refused();
                desk.abandon().undone(false);
                return Err(match refused {
                    true => Failed::Store(fault),
                    false => Failed::Work(fault),
                });
            }
        }
        done = group.works.len();
    }
    match desk.commit() {
        Ok(effects) => {
            effects.tell(hubs);
            Ok(())
        }
        Err((fault, effects)) => {
            Effects::undone(effects, true);
            Err(Failed::Store(fault))
        }
    }
}
