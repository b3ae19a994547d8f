//! Panel kinds. To add one: a line here, a file in `dashboard/src/panels/` that draws it, and a match arm in
//! `dashboard/src/panel.rs`.

macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident: $name:literal, $heading:literal, $wide:literal x $high:literal;)+) => {
        /// What a panel shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$doc])+ $kind,)+
        }

        impl Kind {
            /// Every kind with its name in layouts.
            pub const ALL: &[(Kind, &str)] = &[$((Kind::$kind, $name),)+];

            /// Its default heading.
            pub fn heading(self) -> &'static str {
                match self { $(Kind::$kind => $heading,)+ }
            }

            /// Minimum useful width and height, borders included.
            pub fn least(self) -> (u16, u16) {
                match self { $(Kind::$kind => ($wide, $high),)+ }
            }
        }
    };
}

kinds! {
    /// The table of runs.
    Runs: "runs", "Runs", 40 x 5;
    /// Metrics over time.
    Line: "line", "Chart", 50 x 9;
    /// hit@k in both directions, and zero-shot accuracy.
    Retrieval: "retrieval", "Retrieval, %", 44 x 6;
    /// Events of the runs.
    Events: "events", "Events", 34 x 6;
    /// Settings in which the drawn runs differ.
    Diff: "diff", "Config diff", 50 x 6;
    /// Details of the selected run.
    Run: "run", "Run", 48 x 8;
    /// Console log of the selected run.
    Log: "log", "Console log", 40 x 6;
    /// Similarity matrix of a few fixed captions and images.
    Similarity: "similarity", "Similarity", 44 x 12;
    /// Top images for fixed queries.
    Images: "images", "Best images for fixed queries", 60 x 12;
    /// The logit scale and its clamp.
    Temperature: "temperature", "Temperature", 40 x 5;
    /// Learning rate by layer.
    Layers: "layers", "Learning rate by layer", 34 x 6;
    /// Step time by phase.
    Phases: "phases", "Step time", 40 x 6;
    /// CPU, memory and GPU load.
    System: "system", "System", 40 x 5;
    /// Metrics of EMA against raw weights.
    Ema: "ema", "EMA against raw weights", 40 x 5;
}

impl Kind {
    /// Whether the arrow keys scroll it. In other panels they select a run.
    pub fn scrolls(self) -> bool {
        matches!(self, Kind::Events | Kind::Diff | Kind::Run | Kind::Log)
    }

    /// Whether it initially shows its end, the newest lines.
    pub fn ends_first(self) -> bool {
        matches!(self, Kind::Events | Kind::Log)
    }

    /// The names of all kinds as text: `runs, line or events`.
    pub fn names() -> String {
        let names: Vec<&str> = Kind::ALL.iter().map(|(_, name)| *name).collect();
        match names.split_last() {
            Some((last, before)) => format!("{} or {last}", before.join(", ")),
            None => String::new(),
        }
    }
}
