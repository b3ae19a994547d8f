//! The preflight report as text.

use std::fmt;

use super::Preflight;

impl fmt::Display for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  {:<17} {:<18} {:>12} {:>12} {:>16}",
            "part", "plugin", "parameters", "trained", "forward FLOPs"
        )?;
        for part in &self.cost.parts {
            let (all, trained) = (short(part.parameters as f64), short(part.trained as f64));
            let flops = short(part.forward_flops as f64);
            writeln!(f, "  {:<17} {:<18} {all:>12} {trained:>12} {flops:>16}", part.name, part.plugin)?;
        }
        let each = self.cost.train_flops_per_sample as f64;
        let texts = match self.cost.tokens {
            0 => String::new(),
            tokens => format!(" (texts of {tokens} tokens)"),
        };
        writeln!(
            f,
            "  training    {} FLOPs per sample{texts}, {} per update, {} in total",
            short(each),
            short(each * self.batch as f64),
            short(each * self.samples as f64)
        )?;
        writeln!(
            f,
            "  length      {} updates of {}: {} samples, {:.1} epochs",
            self.updates,
            self.batch,
            short(self.samples as f64),
            self.epochs
        )?;
        let memory = &self.cost.memory;
        writeln!(
            f,
            "  memory      about {} at peak: program and lists {}, weights {}, gradients {}, optimizer {}, tricks {}, batches {}, \
             a training step {} (measured on the CPU, {} per sample) or an evaluation {}, and fragmentation {}",
            bytes(memory.total()),
            bytes(memory.program),
            bytes(memory.weights),
            bytes(memory.gradients),
            bytes(memory.optimizer),
            bytes(memory.tricks),
            bytes(memory.batches),
            bytes(memory.activations),
            bytes(memory.activations_per_sample),
            bytes(memory.evaluation),
            bytes(memory.fragmentation)
        )?;
        if let Some(first) = self.first_loss {
            writeln!(f, "  first loss  about {first:.4} (untrained model)")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "  warning: {warning}"))
    }
}

/// A count with an SI prefix: `23.5 M`.
fn short(count: f64) -> String {
    let units = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    match units.iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{:.2} {unit}", count / size),
        None => format!("{count:.0}"),
    }
}

/// Bytes with a binary prefix: `1.5 GiB`.
fn bytes(count: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.iter().find(|(bits, _)| count >> bits > 0) {
        Some((bits, unit)) => format!("{:.1} {unit}", count as f64 / f64::from(1u32 << bits)),
        None => format!("{count} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_prefixes() {
        assert_eq!([0.0, 999.0, 1500.0, 4.09e9].map(short), ["0", "999", "1.50 k", "4.09 G"]);
        assert_eq!([7, 2048, 3 << 29].map(bytes), ["7 B", "2.0 KiB", "1.5 GiB"]);
    }
}
