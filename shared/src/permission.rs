//! Who may do what: roles, permissions, features and quotas.
//!
//! One table, here, read by the server's `Can` and by the screens, so that what a person may not do
//! is not shown to her either.

use serde::{Deserialize, Serialize};

/// A role in a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, also the company itself.
    Owner,
    /// Everything but the company's end and its owners.
    Admin,
    /// Operates and leads operators.
    Supervisor,
    /// Answers people.
    Operator,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// All of them, the strongest first.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::Admin, Self::Supervisor, Self::Operator, Self::Auditor];

    /// The word in tables, events and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// A role by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether the role may.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(permission, P::ManageCompany),
            Self::Supervisor => matches!(
                permission,
                P::ReadConversations
                    | P::SendMessages
                    | P::ManageLabels
                    | P::ReadContacts
                    | P::EditContacts
                    | P::MergeContacts
                    | P::ReadChannels
                    | P::ReadTeam
                    | P::ReadQuarantine
                    | P::UseFiles
            ),
            Self::Operator => matches!(
                permission,
                P::ReadConversations
                    | P::SendMessages
                    | P::ReadContacts
                    | P::EditContacts
                    | P::ReadChannels
                    | P::UseFiles
            ),
            Self::Auditor => matches!(
                permission,
                P::ReadConversations
                    | P::ReadContacts
                    | P::ReadChannels
                    | P::ReadTeam
                    | P::ReadAudit
                    | P::ReadQuarantine
                    | P::ReadApiKeys
            ),
        }
    }
}

/// What a request needs to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See threads and what is said in them.
    ReadConversations,
    /// Answer, react, mark as read, say whose a thread is and how it stands.
    SendMessages,
    /// Make and change the labels of threads.
    ManageLabels,
    /// See people.
    ReadContacts,
    /// Change people.
    EditContacts,
    /// Merge and un-merge people.
    MergeContacts,
    /// Erase a person.
    EraseContacts,
    /// See channels and their health.
    ReadChannels,
    /// Connect, pause, resume channels and their secrets.
    ManageChannels,
    /// See members and roles.
    ReadTeam,
    /// Invite, change roles, remove members.
    ManageTeam,
    /// See API keys, without their secret.
    ReadApiKeys,
    /// Make and revoke API keys.
    ManageApiKeys,
    /// See what could not be understood.
    ReadQuarantine,
    /// Try it again.
    ReplayQuarantine,
    /// See history and who read what.
    ReadAudit,
    /// Export history.
    ExportHistory,
    /// Upload files.
    UseFiles,
    /// Change or end the company.
    ManageCompany,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::ReadConversations,
        Self::SendMessages,
        Self::ManageLabels,
        Self::ReadContacts,
        Self::EditContacts,
        Self::MergeContacts,
        Self::EraseContacts,
        Self::ReadChannels,
        Self::ManageChannels,
        Self::ReadTeam,
        Self::ManageTeam,
        Self::ReadApiKeys,
        Self::ManageApiKeys,
        Self::ReadQuarantine,
        Self::ReplayQuarantine,
        Self::ReadAudit,
        Self::ExportHistory,
        Self::UseFiles,
        Self::ManageCompany,
    ];

    /// The word in events, scopes and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadConversations => "read_conversations",
            Self::SendMessages => "send_messages",
            Self::ManageLabels => "manage_labels",
            Self::ReadContacts => "read_contacts",
            Self::EditContacts => "edit_contacts",
            Self::MergeContacts => "merge_contacts",
            Self::EraseContacts => "erase_contacts",
            Self::ReadChannels => "read_channels",
            Self::ManageChannels => "manage_channels",
            Self::ReadTeam => "read_team",
            Self::ManageTeam => "manage_team",
            Self::ReadApiKeys => "read_api_keys",
            Self::ManageApiKeys => "manage_api_keys",
            Self::ReadQuarantine => "read_quarantine",
            Self::ReplayQuarantine => "replay_quarantine",
            Self::ReadAudit => "read_audit",
            Self::ExportHistory => "export_history",
            Self::UseFiles => "use_files",
            Self::ManageCompany => "manage_company",
        }
    }

    /// A permission by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == word)
    }

    /// What the company must be allowed to use for it to be of any use.
    #[must_use]
    pub const fn feature(self) -> Option<Feature> {
        match self {
            Self::ReadConversations | Self::SendMessages => Some(Feature::Inbox),
            Self::ReadApiKeys | Self::ManageApiKeys => Some(Feature::Api),
            _ => None,
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_reading(self) -> bool {
        matches!(
            self,
            Self::ReadConversations
                | Self::ReadContacts
                | Self::ReadChannels
                | Self::ReadTeam
                | Self::ReadApiKeys
                | Self::ReadQuarantine
                | Self::ReadAudit
        )
    }

    /// Whether somebody who acts as another may do it (D31): never approve, erase, export, touch
    /// keys, secrets or members.
    #[must_use]
    pub const fn while_impersonating(self) -> bool {
        !matches!(
            self,
            Self::EraseContacts
                | Self::ExportHistory
                | Self::ManageApiKeys
                | Self::ManageChannels
                | Self::ManageTeam
                | Self::ManageCompany
        )
    }
}

/// What a company may use at all; data, never a build switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// The shared inbox.
    Inbox,
    /// WhatsApp by the Cloud API.
    WhatsappCloud,
    /// Programs with API keys.
    Api,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Inbox, Self::WhatsappCloud, Self::Api];

    /// The word in tables, events and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::WhatsappCloud => "whatsapp_cloud",
            Self::Api => "api",
        }
    }

    /// A feature by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.as_str() == word)
    }
}

/// What a company may use up to an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// Messages sent in a calendar month of the company's zone.
    MessagesPerMonth,
    /// Bytes of stored files.
    StorageBytes,
    /// Members.
    Members,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MessagesPerMonth, Self::StorageBytes, Self::Members];

    /// The word in tables, events and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessagesPerMonth => "messages_per_month",
            Self::StorageBytes => "storage_bytes",
            Self::Members => "members",
        }
    }

    /// A quota by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::{Feature, Permission, Quota, Role};

    #[test]
    fn an_auditor_changes_nothing() {
        for permission in Permission::ALL {
            assert!(!Role::Auditor.may(permission) || permission.is_reading());
        }
    }

    #[test]
    fn a_stronger_role_may_what_a_weaker_one_may() {
        for permission in Permission::ALL {
            assert!(Role::Owner.may(permission));
            assert!(!Role::Operator.may(permission) || Role::Supervisor.may(permission));
            assert!(!Role::Supervisor.may(permission) || Role::Admin.may(permission));
        }
    }

    #[test]
    fn words_are_what_serde_writes_and_come_back() {
        fn check<T: serde::Serialize + PartialEq + std::fmt::Debug + Copy>(
            all: &[T],
            word: impl Fn(T) -> &'static str,
            back: impl Fn(&str) -> Option<T>,
        ) {
            for value in all {
                let text = serde_json::to_value(value).unwrap();
                assert_eq!(text, word(*value));
                assert_eq!(back(word(*value)), Some(*value));
            }
        }
        check(&Permission::ALL, Permission::as_str, Permission::from_word);
        check(&Feature::ALL, Feature::as_str, Feature::from_word);
        check(&Quota::ALL, Quota::as_str, Quota::from_word);
        check(&Role::ALL, Role::as_str, Role::from_word);
    }
}
