//! The interactive search: keys, requests and their timing, and drawing at every size.

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_dashboard::{
    images::{Gallery, Images},
    search::{
        Options,
        app::{App, Focus, Next, Purpose},
        view,
    },
    theme::{Depth, Theme},
};
use clip_lab_search_protocol::{
    Answer, Found, Hit, Image, Item, Miss, Misses, Operation, Query, RankedItem, Ready, Reply,
};
use image::{ImageFormat, RgbImage};
use proptest::prelude::*;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    layout::Rect,
};

fn ready() -> Ready {
    Ready {
        gallery: "8091 images below photos".to_owned(),
        images: 8091,
        unreadable: 0,
        dim: 384,
        texts: true,
        index: "index".into(),
        approximate: None,
    }
}

/// A search screen with a simulated clock and backend.
struct Stage {
    app: App,
    now: Instant,
    sent: u64,
    pending: Vec<(u64, Operation)>,
}

impl Stage {
    fn new(first: Option<Query>, worst: Option<usize>) -> Self {
        let now = Instant::now();
        let options = Options { ready: ready(), first, top: 10, worst, images: Images::Halfblocks };
        let mut app = App::new(options, now);
        app.gallery = Gallery::halfblocks();
        Self { app, now, sent: 0, pending: Vec::new() }
    }

    fn press(&mut self, code: KeyCode) -> Next {
        self.app.press(KeyEvent::new(code, KeyModifiers::NONE), self.now)
    }

    fn type_text(&mut self, text: &str) {
        text.chars().for_each(|c| assert_eq!(self.press(KeyCode::Char(c)), Next::Stay));
    }

    /// Advances the clock and collects requests; thumbnails are answered at once.
    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        let images = view::images_on_screen(&self.app, Rect::new(0, 0, 120, 40));
        for (purpose, operation) in self.app.requests(self.now, &images) {
            self.sent += 1;
            if !matches!(purpose, Purpose::Thumbnail(_)) {
                self.pending.push((self.sent, operation.clone()));
            }
            self.app.sent(self.sent, purpose);
            if let Operation::Thumbnail { .. } = operation {
                self.app.receive(Reply { id: self.sent, answer: Answer::Thumbnail { jpeg: jpeg() } });
            }
        }
    }

    /// Answers the oldest request.
    fn answer(&mut self, answer: Answer) {
        let (id, _) = self.pending.remove(0);
        self.app.receive(Reply { id, answer });
    }

    fn texts(&self) -> Vec<&str> {
        self.pending
            .iter()
            .filter_map(|(_, operation)| match operation {
                Operation::Nearest { to: Query::Text(text), .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    fn screen(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
        let theme = Theme::new(Depth::True);
        let mut draw = || {
            terminal
                .draw(|frame| view::draw(&self.app, &theme, frame.area(), frame.buffer_mut()))
                .expect("drawn");
        };
        draw();
        self.app.gallery.wait_until_ready();
        draw();
        terminal.backend().to_string()
    }
}

fn jpeg() -> String {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(8, 6, image::Rgb([200, 40, 40]))
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .expect("written");
    STANDARD.encode(bytes.into_inner())
}

fn found(count: usize) -> Answer {
    let hit = |image: usize| Hit {
        image,
        name: format!("photos/{image:04}.jpg"),
        score: 0.4 - 0.01 * image as f32,
    };
    Answer::Found(Found {
        hits: (0..count).map(hit).collect(),
        embed_seconds: 0.02,
        search_seconds: 0.003,
        recall: None,
    })
}

#[test]
fn answers_follow_what_is_typed_and_the_last_letter_waits_for_none() {
    let mut stage = Stage::new(None, None);
    stage.type_text("a do");
    stage.pass(10);
    assert!(stage.pending.is_empty(), "a pause first");
    stage.pass(60);
    assert_eq!(stage.texts(), ["a do"]);
    // The rest is typed while that is in flight: one more query, with the whole text.
    stage.type_text("g on ");
    stage.pass(60);
    stage.type_text("sand");
    stage.pass(60);
    assert_eq!(stage.texts(), ["a do"]);
    stage.answer(found(3));
    stage.pass(1);
    assert_eq!(stage.texts(), ["a dog on sand"]);
    assert!(stage.screen(80, 24).contains("3 of 8091 images in 23 ms (20 embedding, 3 searching) ..."));
    stage.answer(found(10));
    let screen = stage.screen(80, 24);
    assert!(
        screen.contains("› a dog on sand") && screen.contains("   1  0.4000  photos/0000.jpg"),
        "{screen}"
    );
    // An empty prompt shows no results, even if a reply arrives late.
    stage.type_text("!");
    stage.pass(60);
    stage.app.press(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), stage.now);
    stage.answer(found(10));
    assert_eq!(stage.app.lines(), 0);
}

#[test]
fn q_is_a_letter_in_the_prompt_and_leaves_from_the_list() {
    let mut stage = Stage::new(Some(Query::Text("a ".to_owned())), None);
    stage.type_text("q?");
    assert_eq!(stage.app.input.text(), "a q?");
    stage.pass(60);
    stage.answer(found(10));
    stage.press(KeyCode::Down);
    assert_eq!((stage.app.selected, stage.app.focus), (1, Focus::List));
    stage.type_text("?");
    assert!(stage.app.help && stage.screen(80, 24).contains("the nearest neighbours of the selected image"));
    assert_eq!(stage.press(KeyCode::Esc), Next::Stay, "closes the help");
    stage.press(KeyCode::Enter);
    assert!(stage.app.enlarged && stage.screen(80, 24).contains("2  0.3900  photos/0001.jpg"));
    assert_eq!(stage.press(KeyCode::Char('q')), Next::Stay, "closes the image");
    assert_eq!(stage.press(KeyCode::Char('q')), Next::Leave);
    stage.type_text("x");
    assert_eq!((stage.app.input.text(), stage.app.focus), ("a q?x", Focus::Prompt));
    assert_eq!((stage.press(KeyCode::Esc), stage.press(KeyCode::Esc)), (Next::Stay, Next::Leave));
}

#[test]
fn tab_goes_to_the_nearest_images_and_back() {
    let mut stage = Stage::new(Some(Query::Text("a dog".to_owned())), None);
    stage.pass(1);
    stage.answer(found(10));
    for _ in 0..4 {
        stage.press(KeyCode::Down);
    }
    stage.press(KeyCode::Tab);
    stage.pass(1);
    let (_, operation) = &stage.pending[0];
    assert_eq!(*operation, Operation::Nearest { to: Query::Image(Image::Gallery(4)), top: 10, check: false });
    stage.answer(found(10));
    assert!(stage.screen(80, 24).contains("nearest to photos/0004.jpg"));
    stage.press(KeyCode::Tab);
    stage.pass(1);
    assert_eq!(stage.texts(), ["a dog"]);
}

#[test]
fn an_error_is_shown_until_the_next_query() {
    let mut stage = Stage::new(Some(Query::Text("x".to_owned())), None);
    stage.pass(1);
    stage.answer(Answer::Failed("the model has no text tower".to_owned()));
    assert!(stage.screen(80, 24).contains("the model has no text tower"));
    stage.type_text("y");
    stage.pass(60);
    stage.answer(found(1));
    assert!(!stage.screen(80, 24).contains("no text tower"));
}

fn misses(of_texts: bool) -> Answer {
    let item = |number: usize| match of_texts {
        true => {
            Item::Text(format!("caption number {number} of a image that shows more than fits on one line"))
        }
        false => Item::Image { image: number, name: format!("{number}.jpg") },
    };
    let miss = |nth: u32| Miss {
        query: if of_texts {
            Item::Image { image: 77, name: "asks.jpg".to_owned() }
        } else {
            Item::Text("a man in a blue shirt climbs a steep rock face without a rope".to_owned())
        },
        rank: 900 - nth,
        answers: (0..11)
            .map(|answer| RankedItem {
                item: item(answer as usize),
                rank: if answer == 10 { 900 - nth } else { answer + 1 },
                score: 0.5 - 0.01 * answer as f32,
                right: answer == 10,
            })
            .collect(),
    };
    Answer::Misses(Misses {
        split: "test".to_owned(),
        direction: if of_texts { "i2t" } else { "t2i" }.to_owned(),
        weights: "raw".to_owned(),
        step: 500,
        queries: 1000,
        missed: 700,
        moved: 0,
        worst: (0..30).map(miss).collect(),
    })
}

#[test]
fn wrong_matches_show_what_was_found_and_the_right_one() {
    for of_texts in [false, true] {
        let mut stage = Stage::new(None, Some(30));
        stage.pass(1);
        assert_eq!(stage.pending[0].1, Operation::Misses { count: 30, top: 10 });
        stage.answer(misses(of_texts));
        stage.pass(1);
        for (width, height) in [(80, 24), (120, 40)] {
            let screen = stage.screen(width, height);
            assert!(screen.contains("step 500: 700 of 1000 queries missed"), "{screen}");
            assert!(screen.contains("right"), "the right answer is in sight: {screen}");
        }
        stage.press(KeyCode::Down);
        assert_eq!(stage.app.selected, 1);
        assert_eq!(stage.press(KeyCode::Char('q')), Next::Leave);
    }
}

#[test]
fn the_screens_match_their_snapshots() {
    let mut stage = Stage::new(Some(Query::Text("a dog on a beach".to_owned())), None);
    stage.pass(1);
    stage.answer(found(10));
    stage.pass(1);
    insta::assert_snapshot!("search_80", stage.screen(80, 24));
    stage.app.gallery = Gallery::off();
    insta::assert_snapshot!("search_names", stage.screen(60, 16));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn nothing_makes_it_panic(
        keys in proptest::collection::vec(0_usize..14, 0..30), width in 1_u16..140, height in 1_u16..50,
        count in 0_usize..25, kind in 0_u8..3,
    ) {
        const KEYS: [KeyCode; 14] = [
            KeyCode::Char('ä'), KeyCode::Char('q'), KeyCode::Char('?'), KeyCode::Char(' '), KeyCode::Enter,
            KeyCode::Tab, KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Home, KeyCode::End,
            KeyCode::Backspace, KeyCode::PageDown, KeyCode::F(1),
        ];
        let mut stage = Stage::new(None, (kind > 0).then_some(30));
        for key in keys {
            stage.press(KEYS[key]);
            stage.pass(60);
            if !stage.pending.is_empty() {
                stage.answer(if kind > 0 { misses(kind == 2) } else { found(count) });
            }
            stage.screen(width, height);
        }
    }
}

#[test]
fn nothing_found_reaches_the_terminal_raw() {
    const BAD: &str = "x\u{1b}]0;owned\u{7}\u{9b}2J\nline\u{202e}gpj\u{200d}b\u{200b}";
    let mut stage = Stage::new(None, None);
    stage.app.ready.gallery = BAD.to_owned();
    stage.type_text("a dog");
    stage.pass(60);
    let hit = |image| Hit { image, name: format!("{BAD}/{BAD}"), score: 0.5 };
    let hits = (0..3).map(hit).collect();
    stage.answer(Answer::Found(Found { hits, embed_seconds: 0.1, search_seconds: 0.1, recall: None }));
    let check = |stage: &Stage, what: &str| {
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).expect("memory");
        let theme = Theme::new(Depth::True);
        let draw =
            |frame: &mut ratatui::Frame| view::draw(&stage.app, &theme, frame.area(), frame.buffer_mut());
        terminal.draw(draw).expect("drawn");
        let hidden = |cell: &ratatui::buffer::Cell| cell.symbol().contains(clip_lab_escape::is_hidden);
        assert!(!terminal.backend().buffer().content().iter().any(hidden), "{what}\n{}", terminal.backend());
        assert!(terminal.backend().to_string().contains(r"\u001b"), "{what}\n{}", terminal.backend());
    };
    check(&stage, "a list");
    stage.press(KeyCode::Tab);
    check(&stage, "the nearest");
    stage.press(KeyCode::Enter);
    check(&stage, "one image");
    stage.app.error = Some(BAD.to_owned());
    check(&stage, "a fault");
}

#[test]
fn escape_leaves_only_when_pressed_twice() {
    let mut stage = Stage::new(None, None);
    stage.type_text("a dog");
    assert_eq!(stage.press(KeyCode::Esc), Next::Stay);
    assert!(stage.screen(100, 30).contains("press Esc again to leave"));
    stage.type_text("s");
    assert_eq!(stage.press(KeyCode::Esc), Next::Stay, "another key takes it back");
    assert_eq!(stage.press(KeyCode::Esc), Next::Leave);
}
