//! Rights as types: what a handler needs stands in its signature as `Can<right::SendMessages>`.

use shared::permission::{Feature, Permission, Quota};

/// What a request needs to be allowed.
pub trait Right: Send + Sync + 'static {
    /// What the principal must be allowed to do.
    const PERMISSION: Permission;
    /// What the company must be allowed to use.
    const FEATURE: Option<Feature>;
    /// What the company must not have used up.
    const QUOTA: Option<Quota> = None;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $permission:ident $(, feature $feature:ident)? $(, quota $quota:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Right for $name {
            const PERMISSION: Permission = Permission::$permission;
            const FEATURE: Option<Feature> = rights!(@feature $($feature)?);
            $(const QUOTA: Option<Quota> = Some(Quota::$quota);)?
        }
    )*};
    (@feature) => { None };
    (@feature $feature:ident) => { Some(Feature::$feature) };
}

rights! {
    /// See threads and what is said in them.
    ReadConversations = ReadConversations, feature Inbox;
    /// Mark as read, react: what sends nothing that counts.
    TouchConversations = SendMessages, feature Inbox;
    /// Answer people; counts against the month's messages.
    SendMessages = SendMessages, feature Inbox, quota MessagesPerMonth;
    /// Say whose a thread is and how it stands.
    CareForConversations = SendMessages, feature Inbox;
    /// Make and change the labels of threads.
    ManageLabels = ManageLabels, feature Inbox;
    /// See people.
    ReadContacts = ReadContacts;
    /// Change people.
    EditContacts = EditContacts;
    /// Merge and un-merge people.
    MergeContacts = MergeContacts;
    /// Erase a person.
    EraseContacts = EraseContacts;
    /// See channels and their health.
    ReadChannels = ReadChannels;
    /// Pause, resume, disconnect channels and replace their secrets.
    ManageChannels = ManageChannels;
    /// Connect a number of the Cloud API.
    ConnectWhatsapp = ManageChannels, feature WhatsappCloud;
    /// See members and roles.
    ReadTeam = ReadTeam;
    /// Change roles, remove members.
    ManageTeam = ManageTeam;
    /// Add members; counts against their number.
    AddMembers = ManageTeam, quota Members;
    /// See API keys, without their secret.
    ReadApiKeys = ReadApiKeys, feature Api;
    /// Make API keys.
    CreateApiKeys = ManageApiKeys, feature Api;
    /// Revoke API keys; also when the company may not use them any more.
    RevokeApiKeys = ManageApiKeys;
    /// See what could not be understood.
    ReadQuarantine = ReadQuarantine;
    /// Try it again.
    ReplayQuarantine = ReplayQuarantine;
    /// See history and who read what.
    ReadAudit = ReadAudit;
    /// Export history.
    ExportHistory = ExportHistory;
    /// See files.
    ReadFiles = ReadConversations;
    /// Upload files; counts against the storage.
    UploadFiles = UseFiles, quota StorageBytes;
    /// Change or end the company.
    ManageCompany = ManageCompany;
}
