//! A text input with a cursor.

/// The text and the cursor's position, in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    at: usize,
}

impl Input {
    /// An input with the cursor at the end of `text`.
    pub fn new(text: &str) -> Self {
        Self { at: text.chars().count(), text: text.to_owned() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.byte(self.at)]
    }

    /// Inserts a character before the cursor.
    pub fn insert(&mut self, c: char) {
        self.text.insert(self.byte(self.at), c);
        self.at += 1;
    }

    /// Deletes the character before the cursor.
    pub fn delete(&mut self) {
        if self.at > 0 {
            self.at -= 1;
            self.text.remove(self.byte(self.at));
        }
    }

    /// Deletes the word before the cursor.
    pub fn delete_word(&mut self) {
        let trimmed = self.before().trim_end();
        let from = trimmed.rfind(' ').map_or(0, |at| at + 1);
        let chars = self.text[..from].chars().count();
        self.text.replace_range(from..self.byte(self.at), "");
        self.at = chars;
    }

    /// Deletes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves the cursor by `by` characters, within the text.
    pub fn move_by(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.text.chars().count());
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte)
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn a_line_is_edited_at_the_cursor() {
        let mut input = Input::new("ein Bär am Strand");
        input.move_by(-7);
        input.delete_word();
        assert_eq!((input.before(), input.text()), ("ein Bär ", "ein Bär  Strand"));
        input.delete();
        input.insert('🐻');
        assert_eq!(input.text(), "ein Bär🐻 Strand");
        input.move_by(99);
        input.delete();
        assert_eq!(input.text(), "ein Bär🐻 Stran");
        input.move_by(-99);
        input.delete();
        input.delete_word();
        assert_eq!(input.before(), "");
        input.clear();
        assert_eq!(input, Input::default());
    }
}
