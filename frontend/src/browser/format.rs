//! Dates and numbers in the person's language, by the browser's own `Intl`.

use std::{cell::RefCell, collections::HashMap};

use chrono::{DateTime, Utc};
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

use super::number::{float, signed};
use crate::i18n;

/// Ways to write a moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Time,
    Day,
    DayMonth,
    Date,
    Full,
    DayKey,
}

thread_local! {
    static FORMATS: RefCell<HashMap<(&'static str, Shape), Function>> = RefCell::default();
    static NUMBERS: RefCell<HashMap<&'static str, Function>> = RefCell::default();
}

fn options(shape: Shape) -> JsValue {
    let pairs: &[(&str, &str)] = match shape {
        Shape::Time => &[("hour", "2-digit"), ("minute", "2-digit")],
        Shape::Day => &[("weekday", "long"), ("day", "numeric"), ("month", "long")],
        Shape::DayMonth => &[("day", "2-digit"), ("month", "2-digit")],
        Shape::Date => &[("day", "2-digit"), ("month", "2-digit"), ("year", "numeric")],
        Shape::Full => &[("dateStyle", "long"), ("timeStyle", "medium")],
        Shape::DayKey => &[("dateStyle", "short")],
    };
    let object = Object::new();
    for (name, value) in pairs {
        // Setting a property of a fresh object cannot fail.
        let _set = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    object.into()
}

fn locales(language: &str) -> Array {
    Array::of1(&JsValue::from_str(language))
}

fn write(moment: DateTime<Utc>, shape: Shape) -> String {
    let language = i18n::language().tag();
    let format = FORMATS.with_borrow_mut(|formats| {
        formats
            .entry((language, shape))
            .or_insert_with(|| {
                let options: Object = options(shape).unchecked_into();
                Intl::DateTimeFormat::new(&locales(language), &options).format()
            })
            .clone()
    });
    let date = Date::new(&JsValue::from_str(&moment.to_rfc3339()));
    format
        .call1(&JsValue::UNDEFINED, &date)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

/// `09:14`.
pub(crate) fn time(moment: DateTime<Utc>) -> String {
    write(moment, Shape::Time)
}

/// `terça-feira, 24 de novembro`.
pub(crate) fn day(moment: DateTime<Utc>) -> String {
    write(moment, Shape::Day)
}

/// `24/11`.
pub(crate) fn day_month(moment: DateTime<Utc>) -> String {
    write(moment, Shape::DayMonth)
}

/// `24/11/2026`.
pub(crate) fn date(moment: DateTime<Utc>) -> String {
    write(moment, Shape::Date)
}

/// Date and time to the second, for hints.
pub(crate) fn full(moment: DateTime<Utc>) -> String {
    write(moment, Shape::Full)
}

/// A text that is equal for two moments of one local day.
pub(crate) fn day_key(moment: DateTime<Utc>) -> String {
    write(moment, Shape::DayKey)
}

/// `18.204.331`.
pub(crate) fn number(value: u64) -> String {
    let language = i18n::language().tag();
    let format = NUMBERS.with_borrow_mut(|numbers| {
        numbers
            .entry(language)
            .or_insert_with(|| Intl::NumberFormat::new(&locales(language), &Object::new()).format())
            .clone()
    });
    let number = float(usize::try_from(value).unwrap_or(usize::MAX));
    let written = format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(number));
    written.ok().and_then(|written| written.as_string()).unwrap_or_default()
}

/// `212 kB`.
pub(crate) fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size}\u{a0}B"),
        1_000..1_000_000 => format!("{}\u{a0}kB", number(size.div_ceil(1_000))),
        _ => {
            let tenths = size / 100_000;
            let mark = if i18n::language().tag() == "en" { '.' } else { ',' };
            format!("{}{mark}{}\u{a0}MB", number(tenths / 10), tenths % 10)
        }
    }
}

/// `R$ 845,50`, from millionths.
pub(crate) fn money(micros: i64, currency: &str) -> String {
    let options = Object::new();
    for (name, value) in [("style", "currency"), ("currency", currency)] {
        let _set = Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    // A currency that the browser does not know is an exception of its constructor.
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return format!("{} {currency}", micros / 1_000_000);
    }
    let format = Intl::NumberFormat::new(&locales(i18n::language().tag()), &options).format();
    let written = format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(signed(micros) / 1e6));
    written.ok().and_then(|written| written.as_string()).unwrap_or_default()
}

/// A number with a fixed count of digits behind the point, as coordinates are written.
pub(crate) fn fixed(value: f64, digits: u8) -> String {
    let written = js_sys::Number::from(value).to_fixed(digits);
    written.ok().and_then(|written| written.as_string()).unwrap_or_default()
}

/// A number as short as it can be.
pub(crate) fn plain(value: f64) -> String {
    let written = js_sys::Number::from(value).to_string_with_radix(10);
    written.ok().and_then(|written| written.as_string()).unwrap_or_default()
}
