//! `captions_train2017.json` and `captions_val2017.json`, below `annotations` as in COCO's archives.

use plugins_data::{CaptionFolder, Format, Split};

use super::{all, image, part, write};
use crate::common::{error_of, names, opened};

const TRAIN: &str = r#"{"info": {"description": "COCO 2017 Dataset", "url": "http://cocodataset.org", "version": "1.0",
 "year": 2017}, "licenses": [{"url": "http://creativecommons.org/licenses/by/2.0/", "id": 4, "name": "Attribution License"}],
 "images": [
 {"license": 4, "file_name": "000000391895.jpg", "coco_url": "http://images.cocodataset.org/train2017/000000391895.jpg",
  "height": 360, "width": 640, "date_captured": "2013-11-14 11:18:45", "id": 391895},
 {"license": 4, "file_name": "000000522418.jpg", "height": 480, "width": 640, "id": 522418}],
 "annotations": [{"image_id": 522418, "id": 38, "caption": "A woman wearing a net on her head cutting a cake. "},
 {"image_id": 391895, "id": 770337, "caption": "A man with a red helmet on a small moped on a dirt road. "},
 {"image_id": 522418, "id": 695, "caption": "A woman cutting a large white sheet cake."}]}"#;

const VAL: &str = r#"{"images": [{"file_name": "000000179765.jpg", "id": 179765}],
 "annotations": [{"image_id": 179765, "id": 38, "caption": "A black Honda motorcycle parked in front of a garage."}]}"#;

#[test]
fn images_and_annotations_are_joined_by_split() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "annotations/captions_train2017.json", TRAIN);
    write(dir.path(), "annotations/captions_val2017.json", VAL);
    write(dir.path(), "annotations/instances_train2017.json", "{}");
    image(dir.path(), "train2017/000000391895.jpg", 1);
    image(dir.path(), "train2017/000000522418.jpg", 2);
    image(dir.path(), "val2017/000000179765.jpg", 3);
    let train = opened(&part(dir.path(), Split::Train));
    assert_eq!(names(&*train), ["train2017/000000391895.jpg", "train2017/000000522418.jpg"]);
    assert_eq!(train.captions(1).len(), 2);
    assert_eq!(train.captions(1)[0], "A woman wearing a net on her head cutting a cake.");
    assert_eq!(train.image(1).unwrap().decode().unwrap().dimensions(), (16, 16));
    assert_eq!(names(&*opened(&part(dir.path(), Split::Val))), ["val2017/000000179765.jpg"]);
    assert_eq!(opened(&all(dir.path())).len(), 3);
    assert!(error_of(&part(dir.path(), Split::Test)).contains("no list is of split `test`; the lists are"));
    // One list set by name, with the images in another folder.
    image(dir.path(), "images/000000179765.jpg", 3);
    let file = Some("annotations/captions_val2017.json".into());
    let named = CaptionFolder { file, images: Some("images".into()), ..part(dir.path(), Split::Val) };
    assert_eq!(names(&*opened(&named)), ["000000179765.jpg"]);
    write(dir.path(), "annotations/captions_val2014.json", VAL);
    assert!(error_of(&all(dir.path())).contains("are of the same split; choose one with `file`"));
}

#[test]
fn annotations_without_an_image_are_named_and_other_json_is_rejected() {
    let dir = tempfile::tempdir().unwrap();
    image(dir.path(), "000000179765.jpg", 3);
    let stray = VAL.replace("}]}", "}, {\"image_id\": 7, \"id\": 39, \"caption\": \"lost\"}]}");
    write(dir.path(), "captions_val2017.json", &stray);
    let error = error_of(&all(dir.path()));
    assert!(error.contains("captions_val2017.json annotation of image 7: `images` has no image"), "{error}");
    let tolerant = CaptionFolder { tolerate: 0.5, ..all(dir.path()) };
    assert!(
        opened(&tolerant).skipped()[0].starts_with("entries skipped: 1 (captions_val2017.json annotation")
    );
    write(dir.path(), "captions_val2017.json", &VAL[..150]);
    let error = error_of(&CaptionFolder { format: Some(Format::Coco), ..all(dir.path()) });
    assert!(error.contains("the format of COCO's captions_*.json") && error.contains("line 2"), "{error}");
}
