//! Uploaded pictures: what is taken has nothing in it but a picture.

use events_concierge::http::picture::{KEPT_BYTES_MAX, read};
use proptest::collection::vec;
use proptest::prelude::*;

use super::bytes::{slipped, slips};
use super::fuzz;
use crate::pictures::{METADATA, NAMES, contains, vector};

#[test]
fn what_is_taken_of_a_file_is_a_picture_and_nothing_else() {
    let inputs = || (0..NAMES.len(), slips(), vec(any::<u8>(), 0..40), any::<bool>());
    fuzz("pictures", inputs, |(number, slips, noise, is_after)| {
        let mut file = slipped(&vector(NAMES[number]), &slips);
        if is_after {
            file.extend(&noise);
        } else {
            file.splice(0..0, noise);
        }
        let Ok(clean) = read(&file) else { return Ok(()) };
        prop_assert!(clean.bytes.len() <= file.len().min(KEPT_BYTES_MAX));
        let again = read(&clean.bytes);
        prop_assert_eq!(again.as_ref(), Ok(&clean), "the same the second time");
        for metadata in METADATA {
            prop_assert!(!contains(&clean.bytes, metadata), "{metadata:?}");
        }
        Ok(())
    });
}
