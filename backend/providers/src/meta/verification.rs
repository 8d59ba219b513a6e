//! The handshake: Meta asks with GET whether the address is ours.

use ports::secret::Secret;
use subtle::ConstantTimeEq;

/// The longest challenge that is answered; Meta's have about ten digits.
const LONGEST_CHALLENGE: usize = 256;

/// The challenge to answer with as plain text, or none when the question is not Meta's or the token is
/// another. `query` holds the decoded parameters; one that occurs twice is refused.
#[must_use]
pub fn challenge<'a>(query: &'a [(String, String)], verify_token: &Secret) -> Option<&'a str> {
    let mode = only(query, "hub.mode")?;
    let token = only(query, "hub.verify_token")?;
    let challenge = only(query, "hub.challenge")?;
    let is_ours: bool = token.as_bytes().ct_eq(verify_token.reveal().as_bytes()).into();
    let is_plain = (1..=LONGEST_CHALLENGE).contains(&challenge.len())
        && challenge.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&\"'".contains(&byte));
    let is_set = !verify_token.reveal().is_empty();
    (mode == "subscribe" && is_ours && is_set && is_plain).then_some(challenge)
}

fn only<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = query.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use ports::secret::Secret;

    use super::challenge;
    use crate::meta::cases;

    fn ask(parameters: &[(&str, &str)], token: &str) -> Option<String> {
        let query: Vec<_> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        challenge(&query, &Secret::new(token.to_owned())).map(str::to_owned)
    }

    #[test]
    fn handshakes_of_the_collected_cases_are_answered_as_told() {
        for case in cases::all("verification") {
            let input = &case["input"];
            let query: Vec<(&str, &str)> = input["query"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|pair| (pair[0].as_str().expect("text"), pair[1].as_str().expect("text")))
                .collect();
            let answer = ask(&query, input["configured_verify_token"].as_str().expect("a token"));
            assert_eq!(answer.as_deref(), case["expect"]["body"].as_str(), "{}", case["id"]);
        }
    }

    #[test]
    fn a_wrong_mode_token_or_challenge_is_refused() {
        let good =
            [("hub.mode", "subscribe"), ("hub.verify_token", "t"), ("hub.challenge", "1158201444")];
        assert_eq!(ask(&good, "t").as_deref(), Some("1158201444"));
        assert_eq!(ask(&good, "other"), None);
        assert_eq!(ask(&[("hub.mode", "unsubscribe"), good[1], good[2]], "t"), None);
        assert_eq!(ask(&[good[0], good[1]], "t"), None);
        assert_eq!(ask(&[good[0], good[1], ("hub.challenge", "<script>")], "t"), None);
        assert_eq!(ask(&[good[0], good[1], good[2], good[1]], "t"), None);
        assert_eq!(ask(&[good[0], ("hub.verify_token", ""), good[2]], ""), None);
    }
}
