//! The table.

use std::fmt;

/// The middle of some numbers, and their ends.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    /// There must be one number at least.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (half, last) = (sorted.len() / 2, sorted.len() - 1);
        let median = if last % 2 == 0 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
        Self { median, least: sorted[0], most: sorted[last] }
    }

    /// With the median told elsewhere.
    pub fn new(median: f64, least: f64, most: f64) -> Self {
        Self { median, least, most }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median < 20.0 { 2 } else { 0 };
        let Self { median, least, most } = self;
        write!(f, "{median:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}

/// The figures of one side of a row.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// MB/s.
    pub rate: Spread,
    /// Seconds of processor time a GiB.
    pub processor: Spread,
    /// MB.
    pub memory: Spread,
}

/// The ratios to the other side that a row must reach.
#[derive(Debug, Clone, Copy, Default)]
pub struct Goals {
    pub rate: Option<f64>,
    pub processor: Option<f64>,
    pub memory: Option<f64>,
    /// The rate that a link allows, in MB/s, and the share of it that is to be reached.
    pub reachable: Option<(f64, f64)>,
}

impl Goals {
    fn judge(&self, rate: f64, processor: f64, memory: f64) -> String {
        let verdict = |met: bool| if met { "met" } else { "**missed**" };
        let mut words = Vec::new();
        words.extend(self.rate.map(|goal| format!("rate ≥ {goal}: {}", verdict(rate >= goal))));
        words.extend(self.processor.map(|goal| format!("CPU ≤ {goal}: {}", verdict(processor <= goal))));
        words.extend(self.memory.map(|goal| format!("memory ≤ {goal}: {}", verdict(memory <= goal))));
        if words.is_empty() { "–".to_owned() } else { words.join("; ") }
    }
}

pub fn print_head() {
    println!(
        "| Row | Beside | Its rate, MB/s | bitsup's | Ratio | Its CPU, s/GiB | bitsup's | Ratio | Its peak, MB | bitsup's | Goals |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|");
}

pub fn print(row: &str, beside: &str, its: &Figures, ours: &Figures, goals: &Goals) {
    let ratio = |of: fn(&Figures) -> Spread| of(ours).median / of(its).median;
    let mut verdict = goals.judge(ratio(|side| side.rate), ratio(|side| side.processor), ratio(|side| side.memory));
    if let Some((rate, least)) = goals.reachable {
        let share = ours.rate.median / rate;
        let met = if share >= least { "met" } else { "**missed**" };
        verdict = format!("{verdict}; of stop-and-wait ≥ {least}: {met} ({share:.3})");
    }
    print_judged(row, beside, its, ours, &verdict);
}

/// A row whose goal is no ratio.
pub fn print_judged(row: &str, beside: &str, its: &Figures, ours: &Figures, verdict: &str) {
    let rate = ours.rate.median / its.rate.median;
    let processor = ours.processor.median / its.processor.median;
    println!(
        "| {row} | {beside} | {} | {} | {rate:.3} | {:.2} | {:.2} | {processor:.2} | {:.1} | {:.1} | {verdict} |",
        its.rate, ours.rate, its.processor.median, ours.processor.median, its.memory.median, ours.memory.median,
    );
}

/// Milliseconds of processor time that each file cost, and the most that it may.
pub fn judge_each(ours: f64, its: f64, most: f64) -> String {
    let verdict = if ours <= most { "met" } else { "**missed**" };
    format!("CPU a file ≤ {most} ms: {verdict} ({ours:.2}, its {its:.2})")
}

/// A row of bitsup alone: milliseconds and MB, with the most that each may be.
pub fn print_start(row: &str, time: Spread, most_time: f64, memory: f64, most_memory: f64) {
    let verdict = |met: bool| if met { "met" } else { "**missed**" };
    println!(
        "| {row} | – | – | {time} ms | – | – | – | – | – | {memory:.1} | < {most_time} ms: {}; < {most_memory} MB: {} |",
        verdict(time.median < most_time),
        verdict(memory < most_memory)
    );
}

/// A row that could not be measured: no number stands in it.
pub fn print_failed(row: &str, error: &str) {
    println!("| {row} | **FAILED** | – | – | – | – | – | – | – | – | {} |", error.replace(['|', '\n'], " "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_median() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).to_string(), "2.00 (1.00–3.00)");
        assert_eq!(Spread::of([30.0, 10.0]).to_string(), "20 (10–30)");
    }

    #[test]
    fn a_goal_is_met_or_missed() {
        let goals = Goals { rate: Some(1.4), processor: Some(0.7), memory: None, reachable: None };
        assert_eq!(goals.judge(1.4, 0.71, 9.0), "rate ≥ 1.4: met; CPU ≤ 0.7: **missed**");
        assert_eq!(judge_each(1.0, 0.2, 1.0), "CPU a file ≤ 1 ms: met (1.00, its 0.20)");
        assert_eq!(judge_each(1.01, 0.2, 1.0), "CPU a file ≤ 1 ms: **missed** (1.01, its 0.20)");
    }
}
