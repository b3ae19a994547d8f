//! The kinds of panels. A new one is a line here, a file in `screen/` that draws it, and an arm in `screen/panel.rs`.

macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident: $name:literal, $heading:literal, $wide:literal x $high:literal;)+) => {
        /// What a panel shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$doc])+ $kind,)+
        }

        impl Kind {
            /// Every kind with its name in a layout.
            pub const ALL: &[(Kind, &str)] = &[$((Kind::$kind, $name),)+];

            /// Its heading where the layout gives none.
            pub fn heading(self) -> &'static str {
                match self { $(Kind::$kind => $heading,)+ }
            }

            /// The least width and height at which it says something, borders included.
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
    /// Hits among the first k, both directions, and zero-shot accuracy.
    Retrieval: "retrieval", "Retrieval", 44 x 6;
    /// What happened in the runs.
    Events: "events", "Events", 34 x 6;
    /// In which settings the runs on the charts differ.
    Diff: "diff", "Config diff", 50 x 6;
    /// Everything about the selected run.
    Run: "run", "Run", 48 x 8;
    /// What the selected run has printed.
    Log: "log", "Console log", 40 x 6;
    /// The similarity of a few fixed captions and pictures.
    Similarity: "similarity", "Similarity", 44 x 12;
    /// The pictures that fit fixed queries best.
    Images: "images", "Best pictures for fixed queries", 60 x 12;
    /// The logit scale and its clamp.
    Temperature: "temperature", "Temperature", 40 x 5;
    /// The learning rate of every layer.
    Layers: "layers", "Learning rate by layer", 34 x 6;
    /// Where the time of a step goes.
    Phases: "phases", "Time of a step", 40 x 6;
    /// How busy the machine was.
    System: "system", "System", 40 x 5;
    /// Averaged weights against the raw ones.
    Ema: "ema", "EMA against raw weights", 40 x 5;
}

impl Kind {
    /// Whether it is a list that scrolls by itself. In the others the arrow keys select a run.
    pub fn scrolls(self) -> bool {
        matches!(self, Kind::Events | Kind::Diff | Kind::Run | Kind::Log)
    }

    /// Whether it shows its end at first, the newest, and scrolls back from there.
    pub fn ends_first(self) -> bool {
        matches!(self, Kind::Events | Kind::Log)
    }

    /// The names of all kinds as words: `runs, line or events`.
    pub fn names() -> String {
        let names: Vec<&str> = Kind::ALL.iter().map(|(_, name)| *name).collect();
        match names.split_last() {
            Some((last, before)) => format!("{} or {last}", before.join(", ")),
            None => String::new(),
        }
    }
}
