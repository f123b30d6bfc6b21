//! Sources that may be packed.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use crate::ImportError;

/// What packed files begin with. Sources: RFC 1952 (gzip), RFC 8878 (zstd), and the formats' own
/// descriptions.
const GZIP: &[u8] = &[0x1f, 0x8b];
const OTHERS: [(&[u8], &str); 4] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (b"BZh", "bzip2"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "xz"),
    (b"PK\x03\x04", "zip"),
];

/// Unpacks `source` as it is read, where it is gzip, of one member or of many; others pass as they
/// are.
///
/// # Errors
/// [`ImportError::Packed`] where it is packed otherwise, [`ImportError::Read`].
pub fn unpacked<'a>(
    mut source: impl BufRead + 'a,
    name: &str,
) -> Result<Box<dyn Read + 'a>, ImportError> {
    let head = loop {
        match source.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                let name = name.to_owned();
                return Err(ImportError::Read { name, source });
            }
            Ok(head) => break head,
        }
    };
    if head.starts_with(GZIP) {
        return Ok(Box::new(MultiGzDecoder::new(source)));
    }
    if let Some((_, format)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        let name = name.to_owned();
        return Err(ImportError::Packed { name, format });
    }
    Ok(Box::new(source))
}
