//! Sessions, companies, members, keys, and problems.

use serde_json::Value;
use shared::{
    permission::{Feature, Permission, Quota, Role},
    platform::{Company, QuotaState},
    problem::Problem,
    session::{Impersonation, Me, MyCompany, Session},
    team::{ApiKey, CreatedApiKey, Member},
};

use super::{FromTree, fields, words};

fields! {
    Me { user, name, email, locale, is_super_admin, session, companies, impersonation, now }
    MyCompany { id, name, role, permissions, features, zone, is_suspended, quotas }
    Impersonation { by, company, reason, until }
    Session { id, is_current, created_at, seen_at, client, address }
    Member { user, name, email, role, is_active, since, version }
    ApiKey { id, name, hint, scopes, created_at, expires_at, used_at, is_active }
    CreatedApiKey { key, secret }
    Company {
        id, name, created_at, is_suspended, features, quotas, n_members, n_channels, version,
    }
    QuotaState { limit, is_hard, used }
}

words! {
    Role {
        Owner = "owner", Admin = "admin", Supervisor = "supervisor", Operator = "operator",
        Auditor = "auditor",
    }
    Permission {
        ReadConversations = "read_conversations", SendMessages = "send_messages",
        ManageLabels = "manage_labels",
        ReadContacts = "read_contacts", EditContacts = "edit_contacts",
        MergeContacts = "merge_contacts", EraseContacts = "erase_contacts",
        ReadChannels = "read_channels", ManageChannels = "manage_channels",
        ReadTeam = "read_team", ManageTeam = "manage_team", ReadApiKeys = "read_api_keys",
        ManageApiKeys = "manage_api_keys", ReadQuarantine = "read_quarantine",
        ReplayQuarantine = "replay_quarantine", ReadAudit = "read_audit",
        ExportHistory = "export_history", UseFiles = "use_files",
        ManageCompany = "manage_company",
    }
    Feature { Inbox = "inbox", WhatsappCloud = "whatsapp_cloud", Api = "api" }
    Quota {
        MessagesPerMonth = "messages_per_month", StorageBytes = "storage_bytes",
        Members = "members",
    }
}

impl FromTree for Problem {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        Some(Self {
            uri: FromTree::from_tree(fields.get("type"))?,
            title: FromTree::from_tree(fields.get("title"))?,
            status: FromTree::from_tree(fields.get("status"))?,
            code: FromTree::from_tree(fields.get("code"))?,
            detail: FromTree::from_tree(fields.get("detail"))?,
            trace: FromTree::from_tree(fields.get("trace"))?,
            fields: FromTree::from_tree(fields.get("fields"))?,
            values: FromTree::from_tree(fields.get("values"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::{check, same};
    use shared::{
        permission::{Feature, Permission, Quota, Role},
        platform::Company,
        problem::Problem,
        session::Me,
        team::ApiKey,
    };

    const ID: &str = "0192ab0192ab0192ab0192ab0192ab01";

    #[test]
    fn every_word_of_a_right_comes_back() {
        Permission::ALL.iter().for_each(check);
        Role::ALL.iter().for_each(check);
        Feature::ALL.iter().for_each(check);
        Quota::ALL.iter().for_each(check);
    }

    #[test]
    fn who_one_is_is_read_as_serde_reads_it() {
        same::<Me>(&format!(
            r#"{{"user":"user_{ID}","name":"Ana","email":"a@b.c","locale":"pt-BR",
            "is_super_admin":true,"session":"session_{ID}","now":"2026-11-24T09:14:00Z",
            "companies":[{{"id":"company_{ID}","name":"C","role":"owner",
            "permissions":["read_team"],"features":["api"],"zone":"America/Sao_Paulo",
            "is_suspended":false}}],"impersonation":{{"by":"user_{ID}","company":"company_{ID}",
            "reason":"r","until":"2026-11-24T09:14:00Z"}}}}"#
        ));
    }

    #[test]
    fn problems_keys_and_companies_are_read_as_serde_reads_them() {
        same::<Problem>(
            r#"{"type":"/problems/x","title":"t","status":422,"code":"c","detail":"d",
            "fields":{"/name":"empty"},"values":{"n":[1]}}"#,
        );
        same::<ApiKey>(&format!(
            r#"{{"id":"key_{ID}","name":"n","hint":"mia_1","scopes":["use_files"],
            "created_at":"2026-11-24T09:14:00Z","is_active":true}}"#
        ));
        same::<Company>(&format!(
            r#"{{"id":"company_{ID}","name":"C","created_at":"2026-11-24T09:14:00Z",
            "is_suspended":true,"features":[],"quotas":{{"members":{{"limit":3,"is_hard":true,
            "used":1}}}},"n_members":1,"n_channels":2,"version":9}}"#
        ));
    }
}
