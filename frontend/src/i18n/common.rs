//! Words that many areas use.

use shared::{
    channels::PauseReason,
    permission::{Quota, Role},
};

/// The words.
pub(crate) struct Common {
    pub save: &'static str,
    pub cancel: &'static str,
    pub close: &'static str,
    pub back: &'static str,
    pub try_again: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub loading: &'static str,
    pub remove: &'static str,
    pub error_code: fn(&str) -> String,
    pub section_failed: &'static str,
    pub role: fn(Role) -> &'static str,
    pub why_paused: fn(PauseReason) -> &'static str,
    pub code: fn(i32) -> String,
    pub quota: fn(Quota) -> &'static str,
    pub renew: &'static str,
    pub no_permission: &'static str,
    pub no_permission_who: &'static str,
    pub erased_person: &'static str,
}

pub(super) const PORTUGUESE: Common = Common {
    save: "Salvar",
    cancel: "Cancelar",
    close: "Fechar",
    back: "Voltar",
    try_again: "Tentar de novo",
    copy: "Copiar",
    copied: "Copiado",
    loading: "Carregando",
    remove: "Remover",
    error_code: |code| format!("Código para o suporte: {code}"),
    section_failed: "Esta parte não carregou.",
    role: |role| match role {
        Role::Owner => "Proprietário",
        Role::Admin => "Administrador",
        Role::Supervisor => "Supervisor",
        Role::Operator => "Operador",
        Role::Auditor => "Auditor",
    },
    why_paused: |reason| match reason {
        PauseReason::Person => "Alguém da equipe pausou.",
        PauseReason::TokenExpired => "O acesso à Meta venceu.",
        PauseReason::AccountLocked => "A Meta restringiu a conta.",
        PauseReason::Payment => "Falta um pagamento na conta da Meta.",
        PauseReason::CompanySuspended => "A empresa está suspensa.",
        PauseReason::Restored => {
            "A instalação foi restaurada de uma cópia e espera a liberação de uma pessoa."
        }
    },
    code: |code| format!("código {code}"),
    quota: |quota| match quota {
        Quota::MessagesPerMonth => "Mensagens no mês",
        Quota::StorageBytes => "Arquivos guardados",
        Quota::Members => "Pessoas na equipe",
    },
    renew: "Renovar acesso",
    no_permission: "Seu papel não inclui esta tela",
    no_permission_who: "Um proprietário ou administrador da empresa pode mudar o seu papel.",
    erased_person: "Titular eliminado",
};

pub(super) const ENGLISH: Common = Common {
    save: "Save",
    cancel: "Cancel",
    close: "Close",
    back: "Back",
    try_again: "Try again",
    copy: "Copy",
    copied: "Copied",
    loading: "Loading",
    remove: "Remove",
    error_code: |code| format!("Code for support: {code}"),
    section_failed: "This part did not load.",
    role: |role| match role {
        Role::Owner => "Owner",
        Role::Admin => "Administrator",
        Role::Supervisor => "Supervisor",
        Role::Operator => "Operator",
        Role::Auditor => "Auditor",
    },
    why_paused: |reason| match reason {
        PauseReason::Person => "Somebody of the team paused it.",
        PauseReason::TokenExpired => "The access to Meta has expired.",
        PauseReason::AccountLocked => "Meta restricted the account.",
        PauseReason::Payment => "A payment is missing in the Meta account.",
        PauseReason::CompanySuspended => "The company is suspended.",
        PauseReason::Restored => {
            "The installation was restored from a copy and waits for a person's release."
        }
    },
    code: |code| format!("code {code}"),
    quota: |quota| match quota {
        Quota::MessagesPerMonth => "Messages this month",
        Quota::StorageBytes => "Stored files",
        Quota::Members => "People in the team",
    },
    renew: "Renew access",
    no_permission: "Your role does not include this screen",
    no_permission_who: "An owner or administrator of the company can change your role.",
    erased_person: "Erased person",
};
