//! How deeply a JSON text is nested, without recursion.

/// Whether brackets outside of strings are nested deeper than `limit`. The text need not be JSON.
pub(super) fn is_deeper_than(limit: usize, text: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut is_in_string = false;
    let mut is_escaped = false;
    for byte in text {
        if is_in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => is_in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_deeper_than;

    #[test]
    fn brackets_count_and_texts_do_not() {
        assert!(!is_deeper_than(2, br#"[{"a":1},{"b":"[[[{\"[["}]"#));
        assert!(is_deeper_than(1, b"[[]]"));
        assert!(is_deeper_than(64, "[".repeat(10_000).as_bytes()));
        assert!(!is_deeper_than(1, b"[]]]][]"));
    }
}
