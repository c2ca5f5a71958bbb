//! Jobs in the binary format of `COPY`: the cheapest way to store many.

use super::rows::Entry;
use super::sql::NEW_COLUMNS;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// The whole stream for these entries, the columns as in [`NEW_COLUMNS`].
pub(super) fn encode(entries: &[Entry<'_>]) -> Vec<u8> {
    let bodies: usize = entries
        .iter()
        .map(|entry| entry.job.envelope.body.len())
        .sum();
    let mut stream = Vec::with_capacity(64 + entries.len() * 192 + bodies);
    stream.extend_from_slice(SIGNATURE);
    // Flags and the length of the header's extension: none.
    stream.extend_from_slice(&[0; 8]);
    let columns = i16::try_from(NEW_COLUMNS.split(',').count()).expect("a table has few columns");
    for entry in entries {
        stream.extend_from_slice(&columns.to_be_bytes());
        encode_row(entry, &mut stream);
    }
    stream.extend_from_slice(&(-1_i16).to_be_bytes());
    stream
}

fn encode_row(entry: &Entry<'_>, stream: &mut Vec<u8>) {
    let envelope = &entry.job.envelope;
    put(stream, Some(&entry.job.run_at.as_micros().to_be_bytes()));
    put(stream, Some(&entry.now.as_micros().to_be_bytes()));
    let claimed_at = entry.claimed_at().map(i64::to_be_bytes);
    put(stream, claimed_at.as_ref().map(<[u8; 8]>::as_slice));
    put(stream, Some(&entry.queue.to_be_bytes()));
    put(stream, Some(&entry.kind.to_be_bytes()));
    put(stream, Some(&entry.deliveries().to_be_bytes()));
    put(stream, Some(&entry.job.priority.rank().to_be_bytes()));
    put(stream, Some(&i16::from(entry.state().code()).to_be_bytes()));
    put(stream, Some(&entry.max_attempts().to_be_bytes()));
    put(stream, Some(entry.job.id.as_bytes()));
    let worker = entry.worker();
    put(
        stream,
        worker.as_ref().map(|worker| worker.as_bytes().as_slice()),
    );
    put(stream, envelope.key_id.as_deref().map(str::as_bytes));
    put(stream, entry.headers().as_deref().map(str::as_bytes));
    put(stream, entry.extras().as_deref().map(str::as_bytes));
    put(stream, Some(&envelope.body));
}

fn put(stream: &mut Vec<u8>, value: Option<&[u8]>) {
    let Some(value) = value else {
        stream.extend_from_slice(&(-1_i32).to_be_bytes());
        return;
    };
    let length = i32::try_from(value.len()).expect("bodies are limited far below 2 GiB");
    stream.extend_from_slice(&length.to_be_bytes());
    stream.extend_from_slice(value);
}
