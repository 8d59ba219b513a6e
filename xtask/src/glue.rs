//! The script between the program and the browser, made lighter.
//!
//! wasm-bindgen names every function that crosses by a digest, twice, and leptos brings three
//! classes along that only its servers need. Invariants: a name is exchanged on both sides or on
//! none; nothing is taken away that the script still names.

use wasm_bindgen_cli_support::Output;

/// The classes of streams that leptos exports and a page without a server of its own never makes.
const UNUSED: &str = "IntoUnderlying";

/// Makes both lighter, and answers with the script.
pub(crate) fn lighten(output: &mut Output, script: &str) -> String {
    let mut script = without_classes(script);
    let module = output.wasm_mut();
    let unused = UNUSED.to_lowercase();
    let is_unused = |name: &str| {
        let is_theirs = name.trim_start_matches("__wbg_").starts_with(&unused);
        is_theirs && !script.contains(&format!("wasm.{name}"))
    };
    let exports = module.exports.iter().filter(|export| is_unused(&export.name));
    let mut ids = Vec::new();
    for export in exports {
        ids.push(export.id());
    }
    for id in ids {
        module.exports.delete(id);
    }
    let mut names = 0;
    for export in module.exports.iter_mut() {
        // The names of closures hold whole types.
        if export.name.starts_with("_R") || export.name.starts_with("wasm_bindgen__") {
            let short = short(&mut names);
            script = exchanged(&script, &export.name, &short);
            export.name = short;
        }
    }
    let mut names = 0;
    for import in module.imports.iter_mut() {
        let is_given = script.contains(&format!(" {}: ", import.name));
        if import.name.starts_with("__wb") && is_given {
            let short = short(&mut names);
            script = exchanged(&script, &import.name, &short);
            import.name = short;
        }
    }
    squeezed(&script)
}

/// `_0`, `_1` … `_z`, `_10`: no word of the language.
fn short(count: &mut u32) -> String {
    let mut digits = Vec::new();
    let mut rest = *count;
    loop {
        digits.extend(char::from_digit(rest % 36, 36));
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    *count += 1;
    format!("_{}", digits.into_iter().rev().collect::<String>())
}

/// Another name wherever the old one stands as a whole word.
fn exchanged(script: &str, old: &str, new: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_$".contains(letter);
    let mut out = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once(old) {
        out += before;
        let is_whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        out += if is_whole { new } else { old };
        rest = after;
    }
    out + rest
}

/// Without the unused classes, what tidies up after them, and what extends them.
fn without_classes(script: &str) -> String {
    let mut out = script.to_owned();
    for (begin, end) in [
        (format!("export class {UNUSED}"), "\n}\n"),
        (format!("if (Symbol.dispose) {UNUSED}"), "\n"),
        (format!("const {UNUSED}"), ";\n"),
    ] {
        while let Some(at) = out.find(&begin) {
            let (before, rest) = out.split_at(at);
            let after = rest.split_once(end).map_or("", |(_, after)| after);
            out = format!("{before}{after}");
        }
    }
    // Something else speaks of them: all is left as it was.
    if out.contains(UNUSED) { script.to_owned() } else { out }
}

/// Without comments and indentation.
fn squeezed(script: &str) -> String {
    let mut out = String::new();
    let mut is_comment = false;
    for line in script.lines().map(str::trim) {
        is_comment |= line.starts_with("/*");
        if !is_comment && !line.is_empty() && !line.starts_with("//") {
            out += line;
            out.push('\n');
        }
        is_comment &= !line.ends_with("*/");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{exchanged, short, squeezed, without_classes};

    #[test]
    fn names_are_short_and_all_different() {
        let mut count = 0;
        let names: Vec<_> = (0..1_000).map(|_| short(&mut count)).collect();
        assert_eq!((names[0].as_str(), names[36].as_str()), ("_0", "_10"));
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), 1_000);
    }

    #[test]
    fn a_name_is_exchanged_as_a_whole_word() {
        assert_eq!(exchanged("wasm.ab(abc, ab)", "ab", "_0"), "wasm._0(abc, _0)");
    }

    #[test]
    fn classes_of_streams_go_unless_something_speaks_of_them() {
        let class = "a\nexport class IntoUnderlyingSink {\n  x() {\n  }\n}\nif (Symbol.dispose) \
                     IntoUnderlyingSink.y = 1;\nconst IntoUnderlyingSinkEnd = (1)\n ? 2\n : 3;\nb";
        assert_eq!(without_classes(class), "a\nb");
        let used = format!("{class} IntoUnderlyingSink");
        assert_eq!(without_classes(&used), used);
    }

    #[test]
    fn comments_and_indentation_go() {
        assert_eq!(squeezed("  a();\n\n  /**\n   * b\n   */\n  // c\n  d();\n"), "a();\nd();\n");
    }
}
