//! Proof that a delivery comes from Meta: `X-Hub-Signature-256` over the raw body.

use hmac::{Hmac, KeyInit, Mac};
use ports::secret::Secret;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

const PREFIX: &[u8] = b"sha256=";

/// Whether one of the app secrets signed the body. Anything but `sha256=` and 64 hex digits is refused. All
/// secrets are tried, so that the time does not tell which one matched.
#[must_use]
pub fn is_signed(header: Option<&[u8]>, body: &[u8], secrets: &[Secret]) -> bool {
    let Some(told) = header.and_then(digest_in) else {
        return false;
    };
    let mut is_one = Choice::from(0);
    for secret in secrets {
        if secret.reveal().is_empty() {
            continue;
        }
        is_one |= sign(secret, body).as_slice().ct_eq(told.as_slice());
    }
    is_one.into()
}

/// The signature of a body, as the header carries it.
#[must_use]
pub fn header_of(secret: &Secret, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(sign(secret, body)))
}

fn digest_in(header: &[u8]) -> Option<[u8; 32]> {
    let digits = header.strip_prefix(PREFIX)?;
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).ok()?;
    Some(digest)
}

fn sign(secret: &Secret, body: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).expect("any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use ports::secret::Secret;
    use proptest::prelude::*;

    use super::{header_of, is_signed};
    use crate::meta::cases;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn signatures_of_the_collected_cases_are_judged_as_told() {
        for case in cases::all("signature") {
            let input = &case["input"];
            let header = input["headers"].as_object().and_then(|headers| {
                headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(super::HEADER))
            });
            let header = header.and_then(|(_, value)| value.as_str()).map(str::as_bytes);
            let body = input["body_raw"].as_str().expect("a body").as_bytes();
            let secrets = [secret(input["secret"]["app_secret"].as_str().expect("a secret"))];
            let expected = case["expect"]["valid"].as_bool().expect("a verdict");
            assert_eq!(is_signed(header, body, &secrets), expected, "{}", case["id"]);
        }
    }

    #[test]
    fn a_real_delivery_of_meta_is_taken() {
        let case = cases::one("signature/04-tampered-body");
        let body = case["input"]["body_raw"].as_str().expect("a body").replace("PyWa!", "PyWa.");
        let header = case["input"]["headers"]["X-Hub-Signature-256"].as_str().expect("a header");
        let real = secret("1222e786b144d0e85b9f365372d93676");
        assert!(is_signed(Some(header.as_bytes()), body.as_bytes(), &[real]));
    }

    #[test]
    fn any_of_several_secrets_may_have_signed() {
        let header = header_of(&secret("new"), b"{}");
        let both = [secret("old"), secret("new")];
        assert!(is_signed(Some(header.as_bytes()), b"{}", &both));
        assert!(!is_signed(Some(header.as_bytes()), b"{}", &[secret("old")]));
        assert!(!is_signed(Some(header.as_bytes()), b"{}", &[]));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let header = header_of(&secret(""), b"{}");
        assert!(!is_signed(Some(header.as_bytes()), b"{}", &[secret("")]));
    }

    #[test]
    fn malformed_headers_are_refused() {
        let good = header_of(&secret("s"), b"{}");
        let hex = good.trim_start_matches("sha256=").to_owned();
        assert!(is_signed(Some(good.as_bytes()), b"{}", &[secret("s")]));
        for header in [
            String::new(),
            "sha256=".to_owned(),
            hex.clone(),
            format!("sha1={hex}"),
            format!("SHA256={hex}"),
            format!("sha256= {hex}"),
            format!("sha256={hex} "),
            format!("sha256={hex}00"),
            format!("sha256={good}"),
            format!("{good},{good}"),
            good.replace(|digit: char| digit.is_ascii_digit(), "g"),
            good.get(..good.len() - 1).expect("ASCII").to_owned(),
        ] {
            assert!(!is_signed(Some(header.as_bytes()), b"{}", &[secret("s")]), "{header:?}");
        }
        assert!(!is_signed(Some(b"sha256=\xff\xfe"), b"{}", &[secret("s")]));
        assert!(!is_signed(None, b"{}", &[secret("s")]));
    }

    proptest! {
        #[test]
        fn one_changed_bit_is_found(body: Vec<u8>, at in 0usize..1024, bit in 0u8..8) {
            prop_assume!(!body.is_empty());
            let header = header_of(&secret("s"), &body);
            prop_assert!(is_signed(Some(header.as_bytes()), &body, &[secret("s")]));
            let mut changed = body.clone();
            let place = at % body.len();
            changed[place] ^= 1 << bit;
            prop_assert!(!is_signed(Some(header.as_bytes()), &changed, &[secret("s")]));
        }

        #[test]
        fn no_header_makes_it_panic(header: Vec<u8>, body: Vec<u8>) {
            prop_assert!(!is_signed(Some(&header), &body, &[secret("s")]));
        }
    }
}
