//! English.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("unknown", "This did not work", "The request was refused. Nothing was changed."),
    (
        "internal",
        "Something broke on our side",
        "An unexpected fault occurred. What was already saved is kept. Try again; if it stays, send us the trace number.",
    ),
    (
        "unavailable",
        "Not available right now",
        "A part of the platform does not answer at the moment. Nothing was lost. Try again in a few seconds.",
    ),
    ("not_found", "Not found", "There is nothing here, or you may not see it."),
    ("method_not_allowed", "Method not allowed", "This address does not take this method."),
    (
        "overloaded",
        "Too much at once",
        "The platform is receiving too much at the moment. Nothing was saved. Try again in a few seconds.",
    ),
    (
        "unauthenticated",
        "Sign in first",
        "You are not signed in, or your session or key is no longer valid. Sign in again.",
    ),
    (
        "session_required",
        "Only for people",
        "This is done by a signed-in person, not by an API key.",
    ),
    (
        "forbidden",
        "Not allowed",
        "Your role or key does not allow this. Ask an administrator of the company.",
    ),
    (
        "forbidden_while_impersonating",
        "Not while acting for a company",
        "This may not be done while you act in a company's place. End it first.",
    ),
    (
        "company_required",
        "Which company?",
        "You belong to several companies. Say which one in the header X-Company-Id.",
    ),
    (
        "company_suspended",
        "The company is suspended",
        "The platform has suspended this company. Everything can be read and incoming messages are kept, but nothing can be changed. Write to the support.",
    ),
    (
        "feature_off",
        "Not part of your plan",
        "The function {feature} is switched off for this company. Nothing was changed.",
    ),
    (
        "quota_exhausted",
        "The limit is reached",
        "The limit of {limit} for {quota} is used up. Nothing was changed. Ask for more or wait for the next period.",
    ),
    (
        "rights_unknown",
        "Not available right now",
        "What you may do cannot be checked at the moment, so nothing is shown or changed. Try again in a few seconds.",
    ),
    (
        "origin_refused",
        "Wrong origin",
        "The request does not come from this platform's own pages. Nothing was changed.",
    ),
    (
        "idempotency_key_missing",
        "Idempotency-Key is missing",
        "Send the header Idempotency-Key with every change, a new one for each change and the same for a repeat. Nothing was changed.",
    ),
    (
        "idempotency_key_invalid",
        "Idempotency-Key is not usable",
        "The header Idempotency-Key takes 1 to 255 visible ASCII characters. Nothing was changed.",
    ),
    (
        "idempotency_key_reused",
        "Idempotency-Key was used before",
        "This Idempotency-Key belongs to another request. Nothing was changed; send a new key.",
    ),
    (
        "stale_version",
        "It has changed meanwhile",
        "Somebody changed this after you loaded it. Nothing was overwritten. Load it again and repeat your change.",
    ),
    ("conflict", "It is taken", "Another record already holds this. Nothing was changed."),
    (
        "in_doubt",
        "Outcome not known yet",
        "The database did not answer in time. Repeat the request with the same Idempotency-Key: it happens at most once.",
    ),
    (
        "loop",
        "It goes in circles",
        "Too many automatic steps caused each other, so this one was stopped.",
    ),
    (
        "not_storable",
        "The data cannot be stored",
        "The request holds characters or values that cannot be stored. Nothing was changed.",
    ),
    (
        "erased",
        "Erased",
        "This person was erased; nothing can be kept about them any more. Nothing was saved.",
    ),
    (
        "position_unknown",
        "Position is not known",
        "The header Min-Position holds a position that this installation has not reached. Load again without it.",
    ),
    (
        "if_match_invalid",
        "If-Match is not usable",
        "The header If-Match takes the version number that you were given. Nothing was changed.",
    ),
    (
        "request.too_large",
        "Too large",
        "The request is larger than {limit_mb} MB. Nothing was saved. Send less.",
    ),
    (
        "request.too_slow",
        "The request did not arrive",
        "The request's content did not arrive in time. Nothing was saved. Try again.",
    ),
    (
        "request.cut_off",
        "The request did not arrive whole",
        "The request's content broke off. Nothing was saved. Try again.",
    ),
    ("request.media_type", "Media type not taken", "Send {expected}. Nothing was saved."),
    (
        "request.json_invalid",
        "Not valid JSON",
        "The content is not valid JSON (line {line}, column {column}). Nothing was saved.",
    ),
    (
        "request.json_too_deep",
        "JSON nested too deeply",
        "The content is nested too deeply. Nothing was saved.",
    ),
    ("request.not_utf8", "Not valid UTF-8", "The content is not valid UTF-8. Nothing was saved."),
    (
        "request.invalid",
        "Some fields are not valid",
        "Some fields are missing or not valid; see fields. Nothing was saved.",
    ),
    (
        "request.query_invalid",
        "The address is not valid",
        "A parameter of the address is missing or not valid. Nothing was changed.",
    ),
    (
        "request.upload_invalid",
        "The upload is not valid",
        "The upload is not valid multipart/form-data. Nothing was saved.",
    ),
    (
        "tenancy.company_exists",
        "The company exists",
        "This company exists already. Nothing was changed.",
    ),
    (
        "tenancy.name_unfit",
        "The name does not fit",
        "A name has 1 to {most} characters in one line. Nothing was saved.",
    ),
    (
        "tenancy.zone_unknown",
        "Unknown time zone",
        "The time zone is not known; send one such as America/Sao_Paulo. Nothing was saved.",
    ),
    (
        "tenancy.reason_missing",
        "A reason is missing",
        "Say why, in one line of at most 200 characters. Nothing was changed.",
    ),
    (
        "tenancy.limit_negative",
        "The limit is not possible",
        "A limit is zero or more. Nothing was changed.",
    ),
    (
        "tenancy.impersonation_duration",
        "The time is not possible",
        "Acting in a company's place lasts from 1 to {most_minutes} minutes. Nothing was changed.",
    ),
    (
        "tenancy.user_exists",
        "The person exists",
        "This person is known already. Nothing was changed.",
    ),
    (
        "tenancy.sign_in_refused",
        "Signing in did not work",
        "E-mail or password is wrong, or the account is blocked. Check both and try again.",
    ),
    (
        "tenancy.sign_in_limited",
        "Too many tries",
        "There were too many tries to sign in. Wait {seconds} seconds and try again; a browser in which you signed in before is not affected by the tries of others.",
    ),
    (
        "tenancy.sign_in_busy",
        "Many are signing in",
        "Many people are signing in at the moment. Try again in a few seconds.",
    ),
    (
        "tenancy.member_exists",
        "Already a member",
        "This person belongs to the company already. Nothing was changed.",
    ),
    (
        "tenancy.role_above_own",
        "A role above yours",
        "Nobody gives, changes or removes a role above her own. Ask an owner of the company. Nothing was changed.",
    ),
    (
        "tenancy.last_owner",
        "The last owner stays",
        "A company always has an owner. Make somebody else an owner first. Nothing was changed.",
    ),
    (
        "tenancy.not_oneself",
        "Not yourself",
        "You cannot block your own account. Nothing was changed.",
    ),
    ("tenancy.key_exists", "The key exists", "This key exists already. Nothing was changed."),
    (
        "tenancy.scopes_missing",
        "The key may do nothing",
        "Choose at least one permission for the key. Nothing was saved.",
    ),
    (
        "tenancy.scope_refused",
        "The key may not do that",
        "A key may not have the permission {scope}: you do not have it yourself, or no key may have it. Nothing was saved.",
    ),
    (
        "tenancy.key_expired",
        "The key would be over",
        "The key's end lies in the past. Choose a later one. Nothing was saved.",
    ),
    (
        "contact_missing",
        "The contact is not there",
        "This contact does not exist, or you may not see it. Nothing was changed.",
    ),
    (
        "erasure_not_confirmed",
        "Not confirmed",
        "To erase this person, type their name as it is shown, or the contact's id. Nothing was erased.",
    ),
    (
        "contact_erased",
        "The contact was erased",
        "Everything personal about this contact was erased. Nothing can be added to it any more.",
    ),
    (
        "identity_missing",
        "The address is not there",
        "This address does not belong to the contact. Nothing was changed. Load the contact again.",
    ),
    (
        "merge_itself",
        "The same contact twice",
        "A contact cannot be merged into itself. Choose another one.",
    ),
    (
        "contact_merged",
        "Already merged",
        "One of the two contacts is already merged into another one. Undo that merge first. Nothing was changed.",
    ),
    (
        "contact_has_merged",
        "Others are merged into it",
        "Other contacts are merged into this one. Undo those merges first, or merge the other way round. Nothing was changed.",
    ),
    (
        "contact_not_merged",
        "Not merged",
        "This contact is not merged into another one, so there is nothing to undo.",
    ),
    (
        "conversation_assigned_meanwhile",
        "Somebody was faster",
        "This conversation changed hands while you were looking. Nothing was changed. See whose it is now and decide again.",
    ),
    (
        "snooze_time_unfit",
        "The time does not fit",
        "A conversation can only be put off to a time in the future, at most {most_days} days ahead. Nothing was changed. Choose another time.",
    ),
    (
        "too_many_labels",
        "Too many labels",
        "A conversation bears at most {most} labels. Nothing was changed. Take one off first.",
    ),
    (
        "label_name_unfit",
        "The name does not fit",
        "A label's name has 1 to {most} characters without line breaks. Nothing was changed.",
    ),
    (
        "label_name_taken",
        "There is a label of this name",
        "Another label has this name. Nothing was changed. Use that one or choose another name.",
    ),
    (
        "assignee_not_a_member",
        "This person is not in the team",
        "Only somebody who is in the team and may answer can be given conversations. Nothing was changed. Choose somebody else.",
    ),
    (
        "conversation_between_others",
        "Another conversation",
        "This conversation is between another channel and another contact. Nothing was changed.",
    ),
    (
        "delivery_gone",
        "The delivery is gone",
        "What came was kept for its time and is not there any more. Nothing was changed.",
    ),
    (
        "delivery_not_understood",
        "Still not understood",
        "The delivery was tried again and still is not understood ({reason}). It stays in quarantine; nothing was lost. Try again after the cause is mended.",
    ),
    (
        "held",
        "Everything that acts is held",
        "The installation was restored or its clock jumped, and nothing acts before somebody has looked. Nothing was changed. Ask whoever runs the installation.",
    ),
    (
        "channel_disconnected",
        "The number was disconnected",
        "This number was taken off the platform. Nothing was changed. Connect it again under Channels.",
    ),
    (
        "channel_held",
        "The channel is held",
        "The channel is held for another reason, which has to be solved first. Nothing was changed. See the notice on the channel's card.",
    ),
    (
        "channel_refused",
        "Meta refused",
        "Meta refused these details: {message} Nothing was saved. Check the token, the number and the account.",
    ),
    (
        "channel_token_expired",
        "Access to Meta has expired",
        "This channel's token is no longer valid. What is queued waits. Replace the token under Channels.",
    ),
    (
        "message_exists",
        "The message exists",
        "There is another message under this key already. Nothing was sent again. Use a new key.",
    ),
    (
        "message_known",
        "Nothing to decide",
        "It is known what became of the message. Nothing was changed. See its state in the conversation.",
    ),
    (
        "message_missing",
        "Message not found",
        "This message does not exist in this company. Nothing was changed.",
    ),
    (
        "message_too_late",
        "Too late",
        "The message has left the queue or has come to its end. Nothing was changed. See its state in the conversation.",
    ),
    (
        "phone_number_taken",
        "The number is connected already",
        "This number belongs to a company of the platform already. Nothing was saved. Let its owner release it there, or ask the platform; then connect it again.",
    ),
    (
        "provider_unreachable",
        "Meta did not answer",
        "Meta did not answer, or not in a way that can be understood. Nothing was saved. Try again in a few seconds.",
    ),
    (
        "request.upload_broken",
        "The file did not arrive whole",
        "The upload was interrupted or is malformed. Nothing was saved. Send it again.",
    ),
    (
        "retry_not_needed",
        "No need to try again",
        "The message has not failed. Nothing was sent again.",
    ),
    (
        "retry_too_early",
        "Too early to try again",
        "It is not yet known what became of the message. Nothing was sent again. Try after {not_before}.",
    ),
    (
        "window_closed",
        "The 24-hour window has closed",
        "24 hours have passed since the person's last message. The message did not leave and its text was kept. Use an approved template, or wait until the person writes.",
    ),
];
