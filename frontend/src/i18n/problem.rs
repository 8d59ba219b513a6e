//! What the server refuses, by code: what happened, what was kept, what to do.

/// The words.
pub(crate) struct Problems {
    pub line: &'static str,
    pub garbled: &'static str,
    pub of_code: fn(&str) -> Option<&'static str>,
    pub of_status: fn(u16) -> &'static str,
    pub too_many: fn(&str) -> String,
}

pub(super) const PORTUGUESE: Problems = Problems {
    line: "Sem conexão com o servidor. Nada se perdeu; tente de novo quando a linha voltar.",
    garbled: "O servidor deu uma resposta que não se lê. Erro nosso; tente de novo.",
    of_code: |code| {
        Some(match code {
            "tenancy.sign_in_refused" => "E-mail ou senha não conferem. Confira e tente de novo.",
            "tenancy.sign_in_limited" | "tenancy.sign_in_busy" => {
                "Muitas tentativas. Espere um pouco e tente de novo; sua conta não foi bloqueada."
            }
            "messaging.window_closed" | "window_closed" => {
                "Não saiu: a janela de 24 horas fechou. O texto ficou guardado; só um modelo aprovado pode sair agora."
            }
            "messaging.erased" => "Não saiu: os dados desta pessoa foram eliminados.",
            "messaging.channel_disconnected" => {
                "Não saiu: este número foi desligado. O texto ficou guardado."
            }
            "tenancy.company_suspended" | "company_suspended" => {
                "A empresa está suspensa: dá para ler, não para enviar. O texto ficou guardado."
            }
            "tenancy.quota_exceeded" | "quota_exceeded" => {
                "A empresa chegou ao limite do plano. O texto ficou guardado; fale com quem administra."
            }
            "tenancy.last_owner" => "A empresa precisa de pelo menos um proprietário. Nada mudou.",
            "tenancy.member_exists" => "Esta pessoa já faz parte da equipe.",
            "tenancy.user_exists" => "Este e-mail já tem conta. Convide sem a primeira senha.",
            "tenancy.password_too_short" | "tenancy.weak_password" => {
                "A senha é curta demais: use pelo menos 12 letras ou números."
            }
            "channels.number_taken" => {
                "Este número já está ligado a outra empresa. Nada foi salvo."
            }
            "channels.token_refused" => "A Meta recusou o token. Nada foi salvo.",
            "files.too_large" => "O arquivo é grande demais. Nada foi enviado.",
            "files.type_not_allowed" => "Este tipo de arquivo não é aceito. Nada foi enviado.",
            _ => return None,
        })
    },
    of_status: |status| match status {
        400 | 415 | 422 => {
            "O servidor não aceitou estes dados. Nada mudou; confira e tente de novo."
        }
        401 => "Sua sessão terminou. Entre de novo; seus rascunhos continuam neste aparelho.",
        403 => "Seu papel não permite isto. Nada mudou.",
        404 => "Isto não existe mais, ou o seu papel não inclui. Nada mudou.",
        409 => {
            "Isto mudou enquanto você editava. Nada foi salvo; veja o estado atual e tente de novo."
        }
        413 => "É grande demais. Nada foi enviado.",
        429 => "Muitos pedidos em pouco tempo. Nada se perdeu; espere um pouco e tente de novo.",
        503 => "O servidor está ocupado. Nada se perdeu; tente de novo em alguns segundos.",
        _ => "Erro nosso. Nada se perdeu; tente de novo.",
    },
    too_many: |span| {
        format!("Muitas tentativas. Espere {span} e tente de novo; sua conta não foi bloqueada.")
    },
};

pub(super) const ENGLISH: Problems = Problems {
    line: "No connection to the server. Nothing is lost; try again when the line is back.",
    garbled: "The server gave an answer that cannot be read. Our fault; try again.",
    of_code: |code| {
        Some(match code {
            "tenancy.sign_in_refused" => {
                "E-mail or password do not match. Check them and try again."
            }
            "tenancy.sign_in_limited" | "tenancy.sign_in_busy" => {
                "Too many attempts. Wait a little and try again; your account is not locked."
            }
            "messaging.window_closed" | "window_closed" => {
                "Not sent: the 24-hour window has closed. The text is kept; only an approved template can go out now."
            }
            "messaging.erased" => "Not sent: this person's data was erased.",
            "messaging.channel_disconnected" => {
                "Not sent: this number was disconnected. The text is kept."
            }
            "tenancy.company_suspended" | "company_suspended" => {
                "The company is suspended: you can read, not send. The text is kept."
            }
            "tenancy.quota_exceeded" | "quota_exceeded" => {
                "The company has reached the limit of its plan. The text is kept; talk to an administrator."
            }
            "tenancy.last_owner" => "The company needs at least one owner. Nothing changed.",
            "tenancy.member_exists" => "This person is part of the team already.",
            "tenancy.user_exists" => {
                "This e-mail has an account already. Invite without a first password."
            }
            "tenancy.password_too_short" | "tenancy.weak_password" => {
                "The password is too short: use at least 12 letters or digits."
            }
            "channels.number_taken" => {
                "This number is connected to another company. Nothing was saved."
            }
            "channels.token_refused" => "Meta refused the token. Nothing was saved.",
            "files.too_large" => "The file is too large. Nothing was sent.",
            "files.type_not_allowed" => "This type of file is not taken. Nothing was sent.",
            _ => return None,
        })
    },
    of_status: |status| match status {
        400 | 415 | 422 => {
            "The server did not accept these values. Nothing changed; check them and try again."
        }
        401 => "Your session has ended. Sign in again; your drafts are still on this device.",
        403 => "Your role does not allow this. Nothing changed.",
        404 => "This does not exist any more, or your role does not include it. Nothing changed.",
        409 => "This changed while you were editing. Nothing was saved; look at it and try again.",
        413 => "It is too large. Nothing was sent.",
        429 => "Too many requests in a short time. Nothing is lost; wait a little and try again.",
        503 => "The server is busy. Nothing is lost; try again in some seconds.",
        _ => "Our fault. Nothing is lost; try again.",
    },
    too_many: |span| {
        format!("Too many attempts. Wait {span} and try again; your account is not locked.")
    },
};
