//! Which rows of a long list are in the page.

use crate::browser::number::{float, whole};

/// So many rows above and below what is seen are in the page too.
const SPARE: usize = 8;
/// Whatever the height says, never more rows than this.
const MOST: usize = 120;

/// The first row, and the one behind the last, for a scroll position.
pub(crate) fn rows_in_page(top: f64, height: f64, row: f64, count: usize) -> (usize, usize) {
    if row <= 0.0 {
        return (0, count.min(SPARE));
    }
    let first = whole(top / row).saturating_sub(SPARE).min(count);
    let seen = whole(height / row) + 2;
    let last = (first + seen + 2 * SPARE).min(first + MOST).min(count);
    (first, last)
}

/// The scroll position that brings a row into view, moving as little as possible.
pub(crate) fn scroll_to_row(index: usize, top: f64, height: f64, row: f64) -> f64 {
    let (above, below) = (float(index) * row, (float(index) + 1.0) * row);
    if above < top {
        above
    } else if below > top + height {
        below - height
    } else {
        top
    }
}

#[cfg(test)]
mod tests {
    use super::{rows_in_page, scroll_to_row};

    #[test]
    fn ten_thousand_rows_are_a_few_in_the_page() {
        let (first, last) = rows_in_page(370_000.0, 900.0, 74.0, 10_000);
        assert_eq!(first, 4_992);
        assert!(last - first < 40);
        assert!(last > 5_013);
    }

    #[test]
    fn the_ends_of_the_list_are_its_ends() {
        assert_eq!(rows_in_page(0.0, 900.0, 74.0, 5), (0, 5));
        assert_eq!(rows_in_page(0.0, 900.0, 74.0, 0), (0, 0));
        assert_eq!(rows_in_page(740_000.0, 900.0, 74.0, 10_000).1, 10_000);
        assert_eq!(rows_in_page(9e9, 900.0, 74.0, 10), (10, 10));
    }

    #[test]
    fn an_absurd_height_does_not_fill_the_page() {
        let (first, last) = rows_in_page(0.0, 1e9, 74.0, 10_000);
        assert!(last - first <= 120);
    }

    #[test]
    fn a_row_in_view_does_not_scroll() {
        assert!((scroll_to_row(3, 100.0, 900.0, 74.0) - 100.0).abs() < 0.1);
        assert!((scroll_to_row(0, 100.0, 900.0, 74.0)).abs() < 0.1);
        assert!((scroll_to_row(20, 0.0, 900.0, 74.0) - 654.0).abs() < 0.1);
    }
}
