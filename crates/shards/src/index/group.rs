//! Groups the files of one key into a sample.

use std::collections::HashMap;

use super::{
    Fault, FaultKind, Sample,
    members::Member,
    parse::{self, Part},
};

/// The files of one key.
#[derive(Default)]
struct Draft {
    key: String,
    image: Option<Member>,
    text: Option<Member>,
    json: Option<Member>,
    class: Option<Member>,
}

/// The samples in order of their first file, and their faults. Files of one key need not be consecutive.
pub(super) fn group(members: Vec<Member>, caption: &str) -> (Vec<Sample>, Vec<Fault>) {
    let (mut drafts, mut positions) = (Vec::<Draft>::new(), HashMap::<String, usize>::new());
    let (mut samples, mut faults) = (Vec::new(), Vec::new());
    for member in members {
        let position = *positions.entry(member.key.clone()).or_insert_with(|| {
            drafts.push(Draft { key: member.key.clone(), ..Draft::default() });
            drafts.len() - 1
        });
        let draft = &mut drafts[position];
        let part = match &member.part {
            Part::Image(_) => &mut draft.image,
            Part::Text => &mut draft.text,
            Part::Json => &mut draft.json,
            Part::Class => &mut draft.class,
        };
        if part.is_some() {
            // A duplicate image is a lost sample; a duplicate text is not.
            let lost = matches!(member.part, Part::Image(_));
            faults.push(Fault { key: member.key, kind: FaultKind::Duplicate, lost });
        } else {
            *part = Some(member);
        }
    }
    samples.extend(drafts.into_iter().filter_map(|draft| draft.finish(caption, &mut faults)));
    (samples, faults)
}

impl Draft {
    fn finish(self, caption: &str, faults: &mut Vec<Fault>) -> Option<Sample> {
        let mut kinds = Vec::new();
        let captions = self.captions(caption, &mut kinds);
        let class = self.class.as_ref().and_then(|class| read(class, &mut kinds));
        let class = class.map(|class| class.trim().to_owned()).filter(|class| !class.is_empty());
        let too_large = self.image.as_ref().is_some_and(Member::is_too_large);
        if too_large {
            kinds.push(FaultKind::Size);
        } else if self.image.is_none() {
            kinds.push(FaultKind::Image);
        } else if captions.is_empty() && class.is_none() && !kinds.contains(&FaultKind::Json) {
            kinds.push(FaultKind::Caption);
        }
        let lost = self.image.is_none() || too_large || captions.is_empty() && class.is_none();
        // A sample is counted as lost once, for its last fault.
        let last = kinds.len().saturating_sub(1);
        let fault = |(at, kind)| Fault { key: self.key.clone(), kind, lost: lost && at == last };
        faults.extend(kinds.into_iter().enumerate().map(fault));
        let image = self.image.filter(|_| !lost)?;
        let Part::Image(ending) = image.part else { return None };
        let (offset, length) = (image.offset, image.length);
        Some(Sample { key: self.key, ending, offset, length, captions, class })
    }

    /// The captions of the JSON, else the text.
    fn captions(&self, key: &str, kinds: &mut Vec<FaultKind>) -> Vec<String> {
        let mut captions = Vec::new();
        match self.json.as_ref().map(|json| (json, json.text.as_deref())) {
            Some((_, Some(bytes))) => match parse::captions(bytes, key) {
                Some(found) => captions = found,
                None => kinds.push(FaultKind::Json),
            },
            Some((_, None)) => kinds.push(FaultKind::Length),
            None => {}
        }
        let mut captions = non_empty(captions);
        if captions.is_empty() {
            captions = non_empty(self.text.as_ref().and_then(|text| read(text, kinds)).into_iter().collect());
        }
        captions
    }
}

fn read(member: &Member, kinds: &mut Vec<FaultKind>) -> Option<String> {
    let Some(bytes) = &member.text else {
        kinds.push(FaultKind::Length);
        return None;
    };
    let (text, is_latin1) = parse::text(bytes);
    if is_latin1 {
        kinds.push(FaultKind::Encoding);
    }
    Some(text.into_owned())
}

fn non_empty(captions: Vec<String>) -> Vec<String> {
    let trimmed = captions.into_iter().map(|caption| caption.trim().to_owned());
    trimmed.filter(|caption| !caption.is_empty()).collect()
}
