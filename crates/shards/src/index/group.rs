//! Groups the files of one key into a sample.

use std::collections::HashMap;

use super::{
    Fault, Lack, Sample,
    members::{Member, Part},
    parse,
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
            faults.push(Fault { key: member.key, lack: Lack::Duplicate, lost });
        } else {
            *part = Some(member);
        }
    }
    samples.extend(drafts.into_iter().filter_map(|draft| draft.finish(caption, &mut faults)));
    (samples, faults)
}

impl Draft {
    fn finish(self, caption: &str, faults: &mut Vec<Fault>) -> Option<Sample> {
        let mut lacks = Vec::new();
        let captions = self.captions(caption, &mut lacks);
        let class = self.class.as_ref().and_then(|class| read(class, &mut lacks));
        let class = class.map(|class| class.trim().to_owned()).filter(|class| !class.is_empty());
        let too_large = self.image.as_ref().is_some_and(Member::is_too_large);
        if too_large {
            lacks.push(Lack::Size);
        } else if self.image.is_none() {
            lacks.push(Lack::Image);
        } else if captions.is_empty() && class.is_none() && !lacks.contains(&Lack::Json) {
            lacks.push(Lack::Caption);
        }
        let lost = self.image.is_none() || too_large || captions.is_empty() && class.is_none();
        // A sample is counted as lost once, for its last fault.
        let last = lacks.len().saturating_sub(1);
        let fault = |(at, lack)| Fault { key: self.key.clone(), lack, lost: lost && at == last };
        faults.extend(lacks.into_iter().enumerate().map(fault));
        let image = self.image.filter(|_| !lost)?;
        let Part::Image(ending) = image.part else { return None };
        let (offset, length) = (image.offset, image.length);
        Some(Sample { key: self.key, ending, offset, length, captions, class })
    }

    /// The captions of the JSON, else the text.
    fn captions(&self, key: &str, lacks: &mut Vec<Lack>) -> Vec<String> {
        let mut captions = Vec::new();
        match self.json.as_ref().map(|json| (json, json.text.as_deref())) {
            Some((_, Some(bytes))) => match parse::captions(bytes, key) {
                Some(found) => captions = found,
                None => lacks.push(Lack::Json),
            },
            Some((_, None)) => lacks.push(Lack::Length),
            None => {}
        }
        let mut captions = non_empty(captions);
        if captions.is_empty() {
            captions = non_empty(self.text.as_ref().and_then(|text| read(text, lacks)).into_iter().collect());
        }
        captions
    }
}

fn read(member: &Member, lacks: &mut Vec<Lack>) -> Option<String> {
    let Some(bytes) = &member.text else {
        lacks.push(Lack::Length);
        return None;
    };
    let (text, is_latin1) = parse::text(bytes);
    if is_latin1 {
        lacks.push(Lack::Encoding);
    }
    Some(text.into_owned())
}

fn non_empty(captions: Vec<String>) -> Vec<String> {
    let trimmed = captions.into_iter().map(|caption| caption.trim().to_owned());
    trimmed.filter(|caption| !caption.is_empty()).collect()
}
