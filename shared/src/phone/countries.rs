//! Country codes, and the area codes whose length has to be known.

/// Calling code and country. Where several countries share a code the largest stands here; `country` looks
/// further.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("1", "US"), ("7", "RU"),
    ("20", "EG"), ("27", "ZA"), ("30", "GR"), ("31", "NL"), ("32", "BE"), ("33", "FR"), ("34", "ES"),
    ("36", "HU"), ("39", "IT"), ("40", "RO"), ("41", "CH"), ("43", "AT"), ("44", "GB"), ("45", "DK"),
    ("46", "SE"), ("47", "NO"), ("48", "PL"), ("49", "DE"), ("51", "PE"), ("52", "MX"), ("53", "CU"),
    ("54", "AR"), ("55", "BR"), ("56", "CL"), ("57", "CO"), ("58", "VE"), ("60", "MY"), ("61", "AU"),
    ("62", "ID"), ("63", "PH"), ("64", "NZ"), ("65", "SG"), ("66", "TH"), ("81", "JP"), ("82", "KR"),
    ("84", "VN"), ("86", "CN"), ("90", "TR"), ("91", "IN"), ("92", "PK"), ("93", "AF"), ("94", "LK"),
    ("95", "MM"), ("98", "IR"),
    ("211", "SS"), ("212", "MA"), ("213", "DZ"), ("216", "TN"), ("218", "LY"), ("220", "GM"),
    ("221", "SN"), ("222", "MR"), ("223", "ML"), ("224", "GN"), ("225", "CI"), ("226", "BF"),
    ("227", "NE"), ("228", "TG"), ("229", "BJ"), ("230", "MU"), ("231", "LR"), ("232", "SL"),
    ("233", "GH"), ("234", "NG"), ("235", "TD"), ("236", "CF"), ("237", "CM"), ("238", "CV"),
    ("239", "ST"), ("240", "GQ"), ("241", "GA"), ("242", "CG"), ("243", "CD"), ("244", "AO"),
    ("245", "GW"), ("246", "IO"), ("247", "AC"), ("248", "SC"), ("249", "SD"), ("250", "RW"),
    ("251", "ET"), ("252", "SO"), ("253", "DJ"), ("254", "KE"), ("255", "TZ"), ("256", "UG"),
    ("257", "BI"), ("258", "MZ"), ("260", "ZM"), ("261", "MG"), ("262", "RE"), ("263", "ZW"),
    ("264", "NA"), ("265", "MW"), ("266", "LS"), ("267", "BW"), ("268", "SZ"), ("269", "KM"),
    ("290", "SH"), ("291", "ER"), ("297", "AW"), ("298", "FO"), ("299", "GL"), ("350", "GI"),
    ("351", "PT"), ("352", "LU"), ("353", "IE"), ("354", "IS"), ("355", "AL"), ("356", "MT"),
    ("357", "CY"), ("358", "FI"), ("359", "BG"), ("370", "LT"), ("371", "LV"), ("372", "EE"),
    ("373", "MD"), ("374", "AM"), ("375", "BY"), ("376", "AD"), ("377", "MC"), ("378", "SM"),
    ("380", "UA"), ("381", "RS"), ("382", "ME"), ("383", "XK"), ("385", "HR"), ("386", "SI"),
    ("387", "BA"), ("389", "MK"), ("420", "CZ"), ("421", "SK"), ("423", "LI"), ("500", "FK"),
    ("501", "BZ"), ("502", "GT"), ("503", "SV"), ("504", "HN"), ("505", "NI"), ("506", "CR"),
    ("507", "PA"), ("508", "PM"), ("509", "HT"), ("590", "GP"), ("591", "BO"), ("592", "GY"),
    ("593", "EC"), ("594", "GF"), ("595", "PY"), ("596", "MQ"), ("597", "SR"), ("598", "UY"),
    ("599", "CW"), ("670", "TL"), ("672", "NF"), ("673", "BN"), ("674", "NR"), ("675", "PG"),
    ("676", "TO"), ("677", "SB"), ("678", "VU"), ("679", "FJ"), ("680", "PW"), ("681", "WF"),
    ("682", "CK"), ("683", "NU"), ("685", "WS"), ("686", "KI"), ("687", "NC"), ("688", "TV"),
    ("689", "PF"), ("690", "TK"), ("691", "FM"), ("692", "MH"), ("800", "ZZ"), ("808", "ZZ"),
    ("850", "KP"), ("852", "HK"), ("853", "MO"), ("855", "KH"), ("856", "LA"), ("870", "ZZ"),
    ("878", "ZZ"), ("880", "BD"), ("881", "ZZ"), ("882", "ZZ"), ("883", "ZZ"), ("886", "TW"),
    ("888", "ZZ"), ("960", "MV"), ("961", "LB"), ("962", "JO"), ("963", "SY"), ("964", "IQ"),
    ("965", "KW"), ("966", "SA"), ("967", "YE"), ("968", "OM"), ("970", "PS"), ("971", "AE"),
    ("972", "IL"), ("973", "BH"), ("974", "QA"), ("975", "BT"), ("976", "MN"), ("977", "NP"),
    ("979", "ZZ"), ("992", "TJ"), ("993", "TM"), ("994", "AZ"), ("995", "GE"), ("996", "KG"),
    ("998", "UZ"),
];

/// Countries within a shared code, by the digits that tell them.
#[rustfmt::skip]
const WITHIN: &[(&str, &str)] = &[
    ("1204", "CA"), ("1226", "CA"), ("1236", "CA"), ("1249", "CA"), ("1250", "CA"), ("1257", "CA"),
    ("1263", "CA"), ("1289", "CA"), ("1306", "CA"), ("1343", "CA"), ("1354", "CA"), ("1365", "CA"),
    ("1367", "CA"), ("1368", "CA"), ("1382", "CA"), ("1403", "CA"), ("1416", "CA"), ("1418", "CA"),
    ("1428", "CA"), ("1431", "CA"), ("1437", "CA"), ("1438", "CA"), ("1450", "CA"), ("1468", "CA"),
    ("1474", "CA"), ("1506", "CA"), ("1514", "CA"), ("1519", "CA"), ("1548", "CA"), ("1579", "CA"),
    ("1581", "CA"), ("1584", "CA"), ("1587", "CA"), ("1604", "CA"), ("1613", "CA"), ("1639", "CA"),
    ("1647", "CA"), ("1672", "CA"), ("1683", "CA"), ("1705", "CA"), ("1709", "CA"), ("1742", "CA"),
    ("1753", "CA"), ("1778", "CA"), ("1780", "CA"), ("1782", "CA"), ("1807", "CA"), ("1819", "CA"),
    ("1825", "CA"), ("1867", "CA"), ("1873", "CA"), ("1879", "CA"), ("1902", "CA"), ("1905", "CA"),
    ("1242", "BS"), ("1246", "BB"), ("1264", "AI"), ("1268", "AG"), ("1284", "VG"), ("1340", "VI"),
    ("1345", "KY"), ("1441", "BM"), ("1473", "GD"), ("1649", "TC"), ("1658", "JM"), ("1664", "MS"),
    ("1670", "MP"), ("1671", "GU"), ("1684", "AS"), ("1721", "SX"), ("1758", "LC"), ("1767", "DM"),
    ("1784", "VC"), ("1787", "PR"), ("1809", "DO"), ("1829", "DO"), ("1849", "DO"), ("1868", "TT"),
    ("1869", "KN"), ("1876", "JM"), ("1939", "PR"), ("76", "KZ"), ("77", "KZ"), ("3906698", "VA"),
    ("441481", "GG"), ("441534", "JE"), ("441624", "IM"), ("262269", "YT"), ("262639", "YT"),
    ("5993", "BQ"), ("5994", "BQ"), ("5997", "BQ"), ("35818", "AX"), ("4779", "SJ"),
];

/// Argentina's area codes of three digits; 11 has two, all others have four.
#[rustfmt::skip]
const ARGENTINIAN_THREE: &[&str] = &[
    "220", "221", "223", "230", "236", "237", "249", "260", "261", "263", "264", "266", "280", "291",
    "294", "297", "298", "299", "336", "341", "342", "343", "345", "348", "351", "353", "358", "362",
    "364", "370", "376", "379", "380", "381", "383", "385", "387", "388",
];

/// The country code that a number begins with.
pub(super) fn country_code(digits: &str) -> Option<&str> {
    (1..=3).find_map(|length| {
        let head = digits.get(..length)?;
        CODES.iter().any(|(code, _)| *code == head).then_some(head)
    })
}

/// The country that a number belongs to.
pub(super) fn country(digits: &str) -> Option<&'static str> {
    if let Some((_, country)) = WITHIN.iter().find(|(head, _)| digits.starts_with(head)) {
        return Some(country);
    }
    let code = country_code(digits)?;
    CODES.iter().find(|(known, _)| *known == code).map(|(_, country)| *country)
}

/// The area code of an Argentinian number without country code and 9.
pub(super) fn argentinian_area(national: &str) -> Option<&str> {
    if !matches!(national.len(), 10 | 12) {
        return None;
    }
    let three = national.get(..3)?;
    let length = if national.starts_with("11") {
        2
    } else if ARGENTINIAN_THREE.contains(&three) {
        3
    } else {
        4
    };
    national.get(..length)
}

/// The area code of a Mexican number of ten digits.
pub(super) fn mexican_area(national: &str) -> Option<&str> {
    if national.len() != 10 {
        return None;
    }
    let two = national.get(..2)?;
    if matches!(two, "33" | "55" | "56" | "81") { Some(two) } else { national.get(..3) }
}

#[cfg(test)]
mod tests {
    use super::{CODES, WITHIN, country, country_code};

    #[test]
    fn no_country_code_is_the_beginning_of_another() {
        for (code, _) in CODES {
            let clashes =
                CODES.iter().filter(|(other, _)| other != code && other.starts_with(code)).count();
            assert_eq!(clashes, 0, "{code}");
            assert_eq!(country_code(&format!("{code}5555555")), Some(*code));
        }
    }

    #[test]
    fn countries_within_a_code_are_told_by_their_digits() {
        for (head, expected) in WITHIN {
            assert_eq!(country(&format!("{head}5550000")), Some(*expected));
        }
        assert_eq!(country("12125550000"), Some("US"));
        assert_eq!(country("14165550000"), Some("CA"));
        assert_eq!(country("77015550000"), Some("KZ"));
    }
}
