//! Channels and people.

use serde_json::Value;
use shared::{
    channels::{
        Channel, ChannelState, ConnectedChannel, Health, Medium, PauseReason, ProofStep,
        Quarantined, RawDelivery, WebhookProof,
    },
    contacts::{AddressKind, Contact, Identity},
};

use super::{FromTree, fields, words};

fields! {
    Channel {
        id, name, medium, display_number, verified_name, phone_number_id, waba_id, state, proof,
        health, n_queued, version,
    }
    Health {
        quality, tier, mps, last_webhook_at, last_bad_signature_at, n_sent_hour, n_failed_hour,
        alert,
    }
    ConnectedChannel { channel, callback_url, verify_token }
    RawDelivery { id, received_at, body, is_base64 }
    Quarantined { id, company, channel, provider, received_at, reason, is_digested }
    Contact {
        id, name, identities, merged, merged_into, conversations, is_erased, created_at, version,
    }
    Identity { id, contact, medium, kind, address, is_former }
}

words! {
    Medium { Whatsapp = "whatsapp", Sms = "sms", Email = "email", Voice = "voice" }
    PauseReason {
        Person = "person", TokenExpired = "token_expired", AccountLocked = "account_locked",
        Payment = "payment", CompanySuspended = "company_suspended", Restored = "restored",
    }
    ProofStep {
        Token = "token", Address = "address", Tls = "tls", Subscription = "subscription",
        Signature = "signature", Delivery = "delivery",
    }
    AddressKind {
        Phone = "phone", Bsuid = "bsuid", ParentBsuid = "parent_bsuid", Lid = "lid",
        Username = "username", Email = "email",
    }
}

impl FromTree for ChannelState {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        Some(match fields.get("state")?.as_str()? {
            "active" => Self::Active,
            "paused" => Self::Paused {
                reason: FromTree::from_tree(fields.get("reason"))?,
                since: FromTree::from_tree(fields.get("since"))?,
                provider_code: FromTree::from_tree(fields.get("provider_code"))?,
            },
            "disconnected" => {
                Self::Disconnected { since: FromTree::from_tree(fields.get("since"))? }
            }
            _ => return None,
        })
    }
}

impl FromTree for WebhookProof {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        Some(match fields.get("state")?.as_str()? {
            "untested" => Self::Untested,
            "waiting" => Self::Waiting {
                since: FromTree::from_tree(fields.get("since"))?,
                passed: FromTree::from_tree(fields.get("passed"))?,
            },
            "proven" => Self::Proven { at: FromTree::from_tree(fields.get("at"))? },
            "failed" => Self::Failed {
                step: FromTree::from_tree(fields.get("step"))?,
                detail: FromTree::from_tree(fields.get("detail"))?,
                at: FromTree::from_tree(fields.get("at"))?,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        stores::sample_channel,
        wire::{check, same},
    };
    use chrono::DateTime;
    use shared::{
        channels::{ChannelState, PauseReason, ProofStep, WebhookProof},
        contacts::Contact,
    };

    #[test]
    fn a_channel_comes_back_in_every_state() {
        let since = DateTime::UNIX_EPOCH;
        let states = [
            ChannelState::Active,
            ChannelState::Paused {
                reason: PauseReason::TokenExpired,
                since,
                provider_code: Some(190),
            },
            ChannelState::Disconnected { since },
        ];
        let proofs = [
            WebhookProof::Untested,
            WebhookProof::Waiting { since, passed: vec![ProofStep::Token] },
            WebhookProof::Proven { at: since },
            WebhookProof::Failed { step: ProofStep::Tls, detail: None, at: since },
        ];
        for state in states {
            for proof in &proofs {
                let mut channel = sample_channel();
                (channel.state, channel.proof) = (state.clone(), proof.clone());
                check(&channel);
            }
        }
    }

    #[test]
    fn a_person_is_read_as_serde_reads_her() {
        let id = "0192ab0192ab0192ab0192ab0192ab01";
        same::<Contact>(&format!(
            r#"{{"id":"contact_{id}","name":"A","identities":[{{"id":"identity_{id}",
            "contact":"contact_{id}","medium":"whatsapp","kind":"bsuid","address":"BR.1",
            "is_former":false}}],"merged":[],"conversations":["conversation_{id}"],
            "is_erased":false,"created_at":"2026-11-24T09:14:00Z","version":3}}"#
        ));
    }
}
