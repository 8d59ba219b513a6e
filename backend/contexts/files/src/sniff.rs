//! What a file is, found by looking at its first bytes, and how large a picture is.
//!
//! **Invariant.** Neither a name nor what a sender claims decides: whatever is not known is
//! `application/octet-stream`. Nothing here panics, whatever the bytes.

/// What is looked at.
pub const LOOKED_AT: usize = 64 * 1024;
/// Pictures with more pixels are refused: they are made to burst whoever opens them.
pub const MOST_PIXELS: u64 = 50_000_000;

/// The type of what begins with these bytes.
#[must_use]
pub fn mime_type(head: &[u8]) -> &'static str {
    let at = |from: usize, magic: &[u8]| head.get(from..from + magic.len()) == Some(magic);
    match () {
        () if at(0, b"\xff\xd8\xff") => "image/jpeg",
        () if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => "image/gif",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if at(0, b"RIFF") && at(8, b"WAVE") => "audio/wav",
        () if at(0, b"RIFF") && at(8, b"AVI ") => "video/x-msvideo",
        () if at(0, b"%PDF-") => "application/pdf",
        () if at(0, b"OggS") => "audio/ogg",
        () if at(0, b"fLaC") => "audio/flac",
        () if at(0, b"#!AMR") => "audio/amr",
        () if at(0, b"\x1aE\xdf\xa3") => "video/webm",
        () if at(0, b"ID3") => "audio/mpeg",
        () if at(4, b"ftyp") => iso_media(head),
        () if at(0, b"PK\x03\x04") => zip(head),
        () if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => "application/x-ole-storage",
        () if at(0, b"\x1f\x8b") => "application/gzip",
        () if at(0, b"7z\xbc\xaf\x27\x1c") => "application/x-7z-compressed",
        () if at(0, b"Rar!\x1a\x07") => "application/vnd.rar",
        () if is_adts(head) => "audio/aac",
        () if is_mpeg_audio(head) => "audio/mpeg",
        () => text(head),
    }
}

fn iso_media(head: &[u8]) -> &'static str {
    match head.get(8..12) {
        Some(b"M4A " | b"M4B ") => "audio/mp4",
        Some([b'3', b'g', ..]) => "video/3gpp",
        Some(b"qt  ") => "video/quicktime",
        Some(b"heic" | b"heix" | b"mif1" | b"msf1") => "image/heic",
        Some(b"avif" | b"avis") => "image/avif",
        _ => "video/mp4",
    }
}

/// Office files are archives; the names of their first parts tell which.
fn zip(head: &[u8]) -> &'static str {
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    if has(b"word/") {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    } else if has(b"xl/") {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    } else if has(b"ppt/") {
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    } else {
        "application/zip"
    }
}

fn is_adts(head: &[u8]) -> bool {
    matches!(head, [0xff, second, ..] if second & 0xf6 == 0xf0)
}

fn is_mpeg_audio(head: &[u8]) -> bool {
    matches!(head, [0xff, second, third, ..]
        if second & 0xe0 == 0xe0 && second & 0x06 != 0 && third & 0xf0 != 0xf0)
}

/// Text is text and never a page: what could be markup is not told apart, so that nothing is run.
fn text(head: &[u8]) -> &'static str {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        // Cut inside a character at the end of what was looked at.
        Err(error) => error.error_len().is_none() && head.len() >= LOOKED_AT,
    };
    let is_plain = !head.is_empty()
        && whole
        && !head.iter().any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'));
    if is_plain { "text/plain" } else { "application/octet-stream" }
}

/// Width times height of a picture, when its head tells.
#[must_use]
pub fn pixels(head: &[u8]) -> Option<u64> {
    let (width, height) = match mime_type(head) {
        "image/png" => (be32(head, 16)?, be32(head, 20)?),
        "image/gif" => (le16(head, 6)?, le16(head, 8)?),
        "image/jpeg" => jpeg(head)?,
        "image/webp" => webp(head)?,
        _ => return None,
    };
    Some(u64::from(width) * u64::from(height))
}

fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if *head.get(at)? != 0xff {
            return None;
        }
        let marker = *head.get(at + 1)?;
        // Frames of all kinds, but tables and the like between them.
        if (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((be16(head, at + 7)?, be16(head, at + 5)?));
        }
        at += 2 + usize::try_from(be16(head, at + 2)?).ok()?.max(2);
    }
}

fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8 " => Some((le16(head, 26)? & 0x3fff, le16(head, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = le32(head, 21)?;
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => Some((le24(head, 24)? + 1, le24(head, 27)? + 1)),
        _ => None,
    }
}

fn bytes<const N: usize>(head: &[u8], at: usize) -> Option<[u8; N]> {
    head.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn be16(head: &[u8], at: usize) -> Option<u32> {
    bytes(head, at).map(|bytes| u32::from(u16::from_be_bytes(bytes)))
}

fn be32(head: &[u8], at: usize) -> Option<u32> {
    bytes(head, at).map(u32::from_be_bytes)
}

fn le16(head: &[u8], at: usize) -> Option<u32> {
    bytes(head, at).map(|bytes| u32::from(u16::from_le_bytes(bytes)))
}

fn le24(head: &[u8], at: usize) -> Option<u32> {
    let [low, middle, high] = bytes(head, at)?;
    Some(u32::from_le_bytes([low, middle, high, 0]))
}

fn le32(head: &[u8], at: usize) -> Option<u32> {
    bytes(head, at).map(u32::from_le_bytes)
}

/// A file's name as it may be shown and offered: its last part, without signs that steer or hide.
#[must_use]
pub fn clean_name(name: &str) -> String {
    const LONGEST: usize = 120;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_hidden = |sign: char| {
        sign.is_control()
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            || matches!(sign, '"' | '<' | '>' | '|' | ':' | '*' | '?')
    };
    let clean: String = last.chars().filter(|sign| !is_hidden(*sign)).take(LONGEST).collect();
    let clean = clean.trim().trim_start_matches('.').trim();
    if clean.is_empty() { "file".to_owned() } else { clean.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{clean_name, mime_type, pixels};

    #[test]
    fn the_content_decides_what_a_file_is() {
        let samples: &[(&[u8], &str)] = &[
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7", "application/pdf"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"\0\0\0\x18ftypmp42", "video/mp4"),
            (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
            (b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
            (b"ID3\x03", "audio/mpeg"),
            (b"#!AMR\n", "audio/amr"),
            (
                b"PK\x03\x04....word/document.xml",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (b"nome;telefone\n", "text/plain"),
            (b"<html><script>alert(1)</script>", "text/plain"),
            (b"\x7fELF\x02", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ];
        for (head, expected) in samples {
            assert_eq!(mime_type(head), *expected, "{head:?}");
        }
    }

    #[test]
    fn a_picture_tells_its_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
        assert_eq!(pixels(&png), Some(100_000_000));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x10\0\x20";
        assert_eq!(pixels(jpeg), Some(512));
        assert_eq!(pixels(b"GIF89a\x10\0\x20\0"), Some(512));
        assert_eq!(pixels(b"%PDF-1.7"), None);
    }

    #[test]
    fn a_name_is_its_last_part_without_signs_that_hide() {
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("C:\\fotos\\praia.jpg"), "praia.jpg");
        assert_eq!(clean_name("conta\u{202e}gpj.exe"), "contagpj.exe");
        assert_eq!(clean_name("\"><script>.png"), "script.png");
        assert_eq!(clean_name(" .. "), "file");
        assert_eq!(clean_name("orçamento março.pdf"), "orçamento março.pdf");
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(head: Vec<u8>) {
            let _ = (mime_type(&head), pixels(&head));
        }
    }
}
