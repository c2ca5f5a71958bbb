//! Figures of several rounds, as a table for people and as a line of JSON for scripts.
use std::fmt::Write as _;

/// One thing that was measured, once a round.
#[derive(Debug, Clone)]
struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
}

/// All figures of a run, in the order in which they were first measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    ratios: Vec<(String, String, String)>,
}

impl Report {
    /// Adds what one round measured.
    pub(crate) fn add(&mut self, name: impl Into<String>, unit: &'static str, value: f64) {
        let name = name.into();
        eprintln!("  {name}: {} {unit}", short(value));
        match self.figures.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => self.figures.push(Figure {
                name,
                unit,
                values: vec![value],
            }),
        }
    }

    /// Has the table show how the median of one figure stands to that of another, if both were
    /// measured.
    pub(crate) fn ratio(&mut self, name: &str, of: &str, to: &str) {
        let ratio = (name.to_owned(), of.to_owned(), to.to_owned());
        if !self.ratios.contains(&ratio) {
            self.ratios.push(ratio);
        }
    }

    /// The median of a figure.
    pub(crate) fn median(&self, name: &str) -> Option<f64> {
        let figure = self.figures.iter().find(|figure| figure.name == name)?;
        Some(figure.spread().1)
    }

    fn ratios(&self) -> impl Iterator<Item = (&str, f64)> {
        self.ratios.iter().filter_map(|(name, of, to)| {
            let to = self.median(to).filter(|&to| to > 0.0)?;
            Some((name.as_str(), self.median(of)? / to))
        })
    }

    /// The table: median, least and greatest of the rounds.
    pub(crate) fn table(&self) -> String {
        let names = self.figures.iter().map(|figure| figure.name.len());
        let ratios = self.ratios.iter().map(|(name, ..)| name.len());
        let width = names.chain(ratios).max().unwrap_or_default();
        let mut table = String::new();
        for figure in &self.figures {
            let (least, median, greatest) = figure.spread();
            let (name, unit, median) = (&figure.name, figure.unit, short(median));
            let _ = write!(table, "{name:width$}  {median:>9} {unit}");
            if figure.values.len() > 1 {
                let _ = write!(table, "  [{}–{}]", short(least), short(greatest));
            }
            table.push('\n');
        }
        for (name, ratio) in self.ratios() {
            let _ = writeln!(table, "{name:width$}  {ratio:>9.2} ×");
        }
        table
    }

    /// One line of JSON. `about` is what the run was, as pairs.
    pub(crate) fn json(&self, about: &[(&str, String)]) -> String {
        let mut line = String::from("{");
        for (key, value) in about {
            let _ = write!(line, "{key:?}:{value:?},");
        }
        line.push_str("\"figures\":[");
        for (at, figure) in self.figures.iter().enumerate() {
            let (least, median, greatest) = figure.spread();
            let comma = if at == 0 { "" } else { "," };
            let _ = write!(
                line,
                "{comma}{{\"name\":{:?},\"unit\":{:?},\"median\":{median},\"min\":{least},\
                 \"max\":{greatest},\"values\":{:?}}}",
                figure.name, figure.unit, figure.values
            );
        }
        line.push_str("],\"ratios\":{");
        for (at, (name, ratio)) in self.ratios().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let _ = write!(line, "{comma}{name:?}:{ratio}");
        }
        line.push_str("}}");
        line
    }
}

impl Figure {
    /// Least, median and greatest.
    fn spread(&self) -> (f64, f64, f64) {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        (values[0], median, values[values.len() - 1])
    }
}

/// Three digits or so: more would be pretence.
fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 1e6 => format!("{:.2} M", value / 1e6),
        v if v >= 1e4 => format!("{:.1} k", value / 1e3),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// The value below which this share of all lies.
pub(crate) fn quantile(values: &mut [u64], share: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable();
    let last = (values.len() - 1) as f64;
    values[(last * share).round() as usize] as f64
}
