//! What Meta's error codes mean: one table.
//!
//! The code decides, never the HTTP status, the title or the text. A code that is not in the table fails the
//! message and nothing else.

use ports::outcome::{Action, Fault, Pace, Scope, Verdict};
use serde::Deserialize;

/// What follows from a code.
#[must_use]
pub const fn verdict(code: i64) -> Verdict {
    use Action::{CloseWindow, Fail, HoldOneDay, OptOut, Pause, Undeliverable};
    let (scope, action) = match code {
        // Waits that reach further than the message.
        4 => (Scope::Token, retry(Pace::Minute)),
        80_007 => (Scope::Waba, retry(Pace::Minute)),
        130_429 => (Scope::Number, retry(Pace::HalveRate)),
        131_048 | 133_016 => (Scope::Number, retry(Pace::Slow)),
        131_056 => (Scope::Pair, retry(Pace::FourToThe)),
        131_057 => (Scope::Number, retry(Pace::Minute)),
        132_069 => (Scope::Template, retry(Pace::Slow)),
        // Waits of the message alone.
        131_000 | 131_016 | 131_052 | 131_064 => (Scope::Message, retry(Pace::Doubling)),
        // Somebody has to act.
        0 | 3 | 10 | 190 | 200..=299 => (Scope::Token, Pause),
        368 | 131_031 | 131_042 => (Scope::Waba, Pause),
        131_037 | 131_045 => (Scope::Number, Pause),
        132_015 | 132_016 => (Scope::Template, Pause),
        // About the person.
        131_026 | 131_062 => (Scope::Person, Undeliverable),
        131_047 | 470 => (Scope::Pair, CloseWindow),
        131_049 => (Scope::Person, HoldOneDay),
        131_050 => (Scope::Person, OptOut),
        // 100, 130472, 130497, 131005, 131008, 131009, 131021, 131051, 131053, 131063, 132000, 132001,
        // 132005, 132007, 132012, 132068, 135000, 137000, 471, 472 and whatever else there is.
        _ => (Scope::Message, Fail),
    };
    Verdict { scope, action }
}

const fn retry(pace: Pace) -> Action {
    Action::Retry { pace }
}

/// Whether the table knows the code.
#[must_use]
pub const fn is_known(code: i64) -> bool {
    !matches!(verdict(code), Verdict { scope: Scope::Message, action: Action::Fail })
        || matches!(
            code,
            100 | 470
                ..=472
                    | 130_472
                    | 130_497
                    | 131_005
                    | 131_008
                    | 131_009
                    | 131_021
                    | 131_051
                    | 131_053
                    | 131_063
                    | 132_000
                    | 132_001
                    | 132_005
                    | 132_007
                    | 132_012
                    | 132_068
                    | 135_000
                    | 137_000
        )
}

/// Whether a token no longer works: every channel with it stops.
#[must_use]
pub const fn is_token_dead(code: i64) -> bool {
    code == 190
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorWire,
}

#[derive(Deserialize)]
struct ErrorWire {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: i64,
    error_subcode: Option<i64>,
    error_data: Option<serde_json::Value>,
    error_user_msg: Option<String>,
}

/// The error that an answer's body tells, if it does.
#[must_use]
pub fn fault_in(body: &[u8]) -> Option<Fault> {
    let error = serde_json::from_slice::<ErrorBody>(body).ok()?.error;
    let details = error
        .error_data
        .as_ref()
        .and_then(|data| data.get("details"))
        .and_then(|details| details.as_str())
        .map(str::to_owned)
        .or(error.error_user_msg);
    Some(Fault {
        code: error.code,
        subcode: error.error_subcode,
        verdict: verdict(error.code),
        message: error.message,
        details,
    })
}

#[cfg(test)]
mod tests {
    use ports::outcome::{Action, Pace, Scope};

    use super::{fault_in, is_known, is_token_dead, verdict};
    use crate::meta::cases;

    const RETRIED: [i64; 12] = [
        4, 80_007, 130_429, 131_000, 131_016, 131_048, 131_052, 131_056, 131_057, 131_064, 132_069,
        133_016,
    ];
    const NEVER: [i64; 35] = [
        0, 3, 10, 100, 190, 200, 299, 368, 130_472, 130_497, 131_005, 131_008, 131_009, 131_021,
        131_026, 131_031, 131_037, 131_042, 131_045, 131_047, 131_049, 131_050, 131_051, 131_053,
        131_062, 131_063, 132_000, 132_001, 132_005, 132_007, 132_012, 132_015, 132_016, 132_068,
        135_000,
    ];

    #[test]
    fn only_what_meta_says_may_be_retried_is_retried() {
        for code in RETRIED {
            assert!(verdict(code).is_retried(), "{code}");
        }
        for code in NEVER.into_iter().chain([1, 2, 99_999, -1, 137_000]) {
            assert!(!verdict(code).is_retried(), "{code}");
        }
        for code in RETRIED.into_iter().chain(NEVER) {
            assert!(is_known(code), "{code}");
        }
        assert!(!is_known(2) && !is_known(99_999));
    }

    #[test]
    fn the_code_decides_who_waits() {
        let scopes = [
            (131_056, Scope::Pair),
            (130_429, Scope::Number),
            (131_057, Scope::Number),
            (80_007, Scope::Waba),
            (132_015, Scope::Template),
            (190, Scope::Token),
            (131_042, Scope::Waba),
            (131_050, Scope::Person),
        ];
        for (code, scope) in scopes {
            assert_eq!(verdict(code).scope, scope, "{code}");
        }
        assert_eq!(verdict(131_050).action, Action::OptOut);
        assert_eq!(verdict(131_047).action, Action::CloseWindow);
        assert_eq!(verdict(131_049).action, Action::HoldOneDay);
        assert_eq!(verdict(131_026).action, Action::Undeliverable);
    }

    #[test]
    fn errors_of_the_collected_cases_are_classed_as_told() {
        for case in cases::all("errors") {
            let body = serde_json::to_vec(&case["input"]["body"]).expect("JSON");
            let fault = fault_in(&body).expect("an error");
            let expect = &case["expect"];
            assert_eq!(Some(fault.code), expect["code"].as_i64(), "{}", case["id"]);
            assert_eq!(fault.subcode, expect["subcode"].as_i64(), "{}", case["id"]);
            let is_retried = expect["retry_message"].as_bool().expect("a verdict");
            assert_eq!(fault.verdict.is_retried(), is_retried, "{}", case["id"]);
            match expect["class"].as_str() {
                Some("auth") => {
                    assert!(is_token_dead(fault.code));
                    assert_eq!(fault.verdict.action, Action::Pause);
                }
                Some("rate_limit_pair") => {
                    assert_eq!(fault.verdict.scope, Scope::Pair);
                    let pace = Action::Retry { pace: Pace::FourToThe };
                    assert_eq!(fault.verdict.action, pace);
                    assert!(fault.details.expect("details").contains("same phone number"));
                }
                other => panic!("a class that this test does not know: {other:?}"),
            }
        }
    }

    #[test]
    fn a_body_that_is_no_error_is_none() {
        for body in ["", "{}", "[]", "{\"error\":\"x\"}", "<html>", "{\"error\":{\"code\":\"x\"}}"]
        {
            assert_eq!(fault_in(body.as_bytes()), None, "{body}");
        }
    }
}
