//! The threads that read for people, so that a long list never stops the writer.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection;
use super::fault::Fault;
use super::schema;
use super::writer::received;

/// One for a long list, one for short questions beside it.
const READERS: usize = 2;

type Question = Box<dyn FnOnce(Result<&mut Connection, Fault>) + Send>;

/// Where to ask.
#[derive(Debug)]
pub(super) struct Readers {
    questions: Mutex<Option<Sender<Question>>>,
}

impl Readers {
    /// Starts the threads; each opens the file with its first question.
    pub(super) fn start(path: &Path) -> Result<Self, Fault> {
        let (sender, questions) = channel();
        let questions = Arc::new(Mutex::new(questions));
        for number in 1..=READERS {
            let (path, questions) = (path.to_owned(), Arc::clone(&questions));
            thread::Builder::new()
                .name(format!("bus-sqlite-reader-{number}"))
                .spawn(move || read(&path, &questions))
                .map_err(|error| Fault::Threads(Arc::new(error)))?;
        }
        Ok(Self {
            questions: Mutex::new(Some(sender)),
        })
    }

    /// Asks in a snapshot of its own.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            let answer = connection.and_then(|connection| {
                let snapshot = connection.transaction()?;
                look(&snapshot)
            });
            // Nobody waits any more.
            let _ = reply.send(answer);
        });
        self.send(question);
        received(answer.await)
    }

    fn send(&self, question: Question) {
        let questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*questions {
            // If the threads have ended, the question is dropped and the answer says so.
            let _ = sender.send(question);
        }
    }

    /// No more questions; those asked before are answered.
    pub(super) fn close(&self) {
        let mut questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        questions.take();
    }
}

fn read(path: &Path, questions: &Mutex<Receiver<Question>>) {
    let mut kept: Option<Connection> = None;
    loop {
        let next = {
            let questions = questions.lock().unwrap_or_else(PoisonError::into_inner);
            questions.recv()
        };
        let Ok(question) = next else {
            return;
        };
        if kept.is_none() {
            match open(path) {
                Ok(connection) => kept = Some(connection),
                Err(fault) => {
                    question(Err(fault));
                    continue;
                }
            }
        }
        question(kept.as_mut().ok_or(Fault::Closed));
    }
}

fn open(path: &Path) -> Result<Connection, Fault> {
    let connection = connection::open_reader(path)?;
    schema::check(&connection)?;
    Ok(connection)
}
