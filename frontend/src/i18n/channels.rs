//! Connected numbers.

use shared::channels::ProofStep;

/// The words.
pub(crate) struct Channels {
    pub title: &'static str,
    pub connect: &'static str,
    pub all: fn(usize) -> String,
    pub loading: &'static str,
    pub failed: &'static str,
    pub empty: &'static str,
    pub empty_text: &'static str,
    pub official: &'static str,
    pub on_air: &'static str,
    pub paused: &'static str,
    pub stopped: &'static str,
    pub unproven: &'static str,
    pub refusing: &'static str,
    pub disconnected: &'static str,
    pub quality: &'static str,
    pub quality_word: fn(&str) -> &'static str,
    pub limit: &'static str,
    pub limit_word: fn(&str) -> Option<&'static str>,
    pub unlimited: &'static str,
    pub not_known: &'static str,
    pub last_webhook: &'static str,
    pub never: &'static str,
    pub failures: &'static str,
    pub queue: &'static str,
    pub speed: &'static str,
    pub per_second: fn(u32) -> String,
    pub sent_hour: &'static str,
    pub sent_of: fn(&str, &str) -> String,
    pub pause: &'static str,
    pub resume: &'static str,
    pub test: &'static str,
    pub credentials: &'static str,
    pub release: &'static str,
    pub release_title: fn(&str) -> String,
    pub release_text: &'static str,
    pub released_done: fn(&str) -> String,
    pub disconnect: &'static str,
    pub disconnect_title: fn(&str) -> String,
    pub disconnect_text: &'static str,
    pub paused_done: fn(&str) -> String,
    pub resumed_done: fn(&str) -> String,
    pub test_started: &'static str,
    pub is_stopped: fn(&str, &str) -> String,
    pub queued_kept: fn(i64) -> String,
    pub bad_signature: fn(&str) -> String,
    pub step: fn(ProofStep) -> &'static str,
    pub step_fix: fn(ProofStep) -> &'static str,
    pub step_waits: &'static str,
    pub untested: &'static str,
    pub untested_text: &'static str,
    pub step_running: &'static str,
    pub proven: fn(&str) -> String,
    pub form_title: &'static str,
    pub form_text: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub phone_number_id: &'static str,
    pub phone_number_id_hint: &'static str,
    pub waba_id: &'static str,
    pub waba_id_hint: &'static str,
    pub token: &'static str,
    pub token_hint: &'static str,
    pub secret: &'static str,
    pub secret_hint: &'static str,
    pub missing: &'static str,
    pub check_and_connect: &'static str,
    pub refused_nothing_saved: &'static str,
    pub connected: &'static str,
    pub connected_text: &'static str,
    pub callback_url: &'static str,
    pub verify_token: &'static str,
    pub shown_once: &'static str,
    pub checklist: &'static str,
    pub finish: &'static str,
    pub renew_title: fn(&str) -> String,
    pub renew_text: &'static str,
    pub new_token: &'static str,
    pub new_secret: &'static str,
    pub drop_old_secret: &'static str,
    pub renewed: &'static str,
    pub nothing_given: &'static str,
}

pub(super) const PORTUGUESE: Channels = Channels {
    title: "Canais",
    connect: "Ligar número",
    all: |count| format!("Todos {count}"),
    loading: "Carregando canais",
    failed: "Os canais não carregaram.",
    empty: "Nenhum número ligado",
    empty_text: "Ligue um número do WhatsApp oficial: são cinco dados da Meta, conferidos antes de salvar.",
    official: "WhatsApp oficial",
    on_air: "No ar",
    paused: "Pausado",
    stopped: "Parado",
    unproven: "Falta a prova",
    refusing: "WhatsApp recusando",
    disconnected: "Desligado",
    quality: "Qualidade",
    quality_word: |quality| match quality {
        "GREEN" => "Verde",
        "YELLOW" => "Amarela",
        "RED" => "Vermelha",
        _ => "Ainda sem nota",
    },
    limit: "Limite por 24 h",
    limit_word: |tier| {
        Some(match tier {
            "TIER_50" => "50 contatos",
            "TIER_250" => "250 contatos",
            "TIER_1K" => "mil contatos",
            "TIER_2K" => "2 mil contatos",
            "TIER_10K" => "10 mil contatos",
            "TIER_100K" => "100 mil contatos",
            _ => return None,
        })
    },
    unlimited: "Sem limite",
    not_known: "Ainda não informado",
    last_webhook: "Última notificação",
    never: "nunca",
    failures: "Falhas na última hora",
    queue: "Na fila, guardadas",
    speed: "Velocidade permitida",
    per_second: |mps| format!("{mps} por segundo"),
    sent_hour: "Aceitas na última hora",
    sent_of: |sent, all| format!("{sent} de {all}"),
    pause: "Pausar",
    resume: "Religar",
    test: "Testar",
    credentials: "Acesso",
    release: "Liberar para outra empresa",
    release_title: |name| format!("Liberar {name} para outra empresa?"),
    release_text: "Por 7 dias, outra empresa da plataforma pode assumir o número com um acesso que a Meta confirme. Quando assumir, ele desliga aqui; as conversas ficam para leitura.",
    released_done: |name| format!("{name} pode ser assumido por outra empresa"),
    disconnect: "Desligar",
    disconnect_title: |name| format!("Desligar {name}?"),
    disconnect_text: "O número para de enviar e de receber aqui. As conversas ficam para leitura. Para voltar, ligue o número de novo.",
    paused_done: |name| format!("{name} pausado; o que escreverem espera na fila"),
    resumed_done: |name| format!("{name} religado; a fila sai em ordem"),
    test_started: "Teste começado: o resultado aparece no cartão",
    is_stopped: |name, time| format!("{name} está parado desde {time}."),
    queued_kept: |count| match count {
        0 => "Nada espera na fila.".to_owned(),
        1 => "1 mensagem está guardada na fila e sai quando você religar.".to_owned(),
        count => format!(
            "{count} mensagens estão guardadas na fila e saem na ordem quando você religar."
        ),
    },
    bad_signature: |ago| {
        format!(
            "Chegou uma notificação com assinatura errada {ago}: o segredo do aplicativo aqui não é o da Meta."
        )
    },
    step: |step| match step {
        ProofStep::Token => "Acesso à Meta",
        ProofStep::Address => "Endereço público",
        ProofStep::Tls => "Certificado do endereço",
        ProofStep::Subscription => "Assinatura do aplicativo na conta",
        ProofStep::Signature => "Assinatura das notificações",
        ProofStep::Delivery => "Teste de ida e volta",
    },
    step_fix: |step| match step {
        ProofStep::Token => {
            "O token não abre este número. Gere outro no painel da Meta e renove o acesso."
        }
        ProofStep::Address => {
            "O endereço público desta instalação não respondeu de fora. Confira o DNS, o firewall e o MASTERIA_PUBLIC_URL."
        }
        ProofStep::Tls => {
            "O certificado do endereço público não é aceito. Renove-o e teste de novo."
        }
        ProofStep::Subscription => {
            "A Meta não aceitou a inscrição do aplicativo na conta. O token precisa da permissão whatsapp_business_management."
        }
        ProofStep::Signature => {
            "Uma notificação chegou com assinatura inválida: o segredo do aplicativo não confere. Copie-o de novo do painel da Meta."
        }
        ProofStep::Delivery => {
            "Nenhuma notificação chegou em 2 minutos. Confira no painel da Meta o endereço de retorno e o token de verificação."
        }
    },
    untested: "Ainda sem prova de ida e volta",
    untested_text: "Testar confere o acesso, o endereço e se uma notificação assinada chega.",
    step_waits: "espera os passos de cima",
    step_running: "em andamento",
    proven: |ago| format!("Notificações conferidas {ago}"),
    form_title: "Ligar um número do WhatsApp",
    form_text: "Os dados estão no painel da Meta, em WhatsApp, Configuração da API. Conferimos tudo com a Meta antes de salvar.",
    name: "Nome",
    name_hint: "Como a equipe chama este número, por exemplo Recepção.",
    phone_number_id: "Id do número (phone_number_id)",
    phone_number_id_hint: "Só números; fica abaixo do telefone no painel.",
    waba_id: "Id da conta (WABA)",
    waba_id_hint: "Só números; é o da conta do WhatsApp Business.",
    token: "Token de acesso",
    token_hint: "De preferência um token permanente de usuário do sistema.",
    secret: "Segredo do aplicativo",
    secret_hint: "Confere a assinatura de cada notificação. Nunca mais é mostrado.",
    missing: "Preencha este campo.",
    check_and_connect: "Conferir e ligar",
    refused_nothing_saved: "A Meta recusou e nada foi salvo:",
    connected: "Número salvo. Falta a Meta entregar aqui.",
    connected_text: "No painel da Meta, em Webhooks, cole estes dois valores e marque o campo messages. A lista abaixo fica verde sozinha.",
    callback_url: "Endereço de retorno (callback URL)",
    verify_token: "Token de verificação",
    shown_once: "Copie agora: estes valores não aparecem de novo.",
    checklist: "Conferência da ligação",
    finish: "Concluir",
    renew_title: |name| format!("Acesso de {name}"),
    renew_text: "Preencha só o que mudou. O segredo antigo continua valendo até você descartá-lo.",
    new_token: "Novo token de acesso",
    new_secret: "Novo segredo do aplicativo",
    drop_old_secret: "Descartar o segredo antigo",
    renewed: "Acesso renovado",
    nothing_given: "Preencha o token, o segredo ou marque o descarte.",
};

pub(super) const ENGLISH: Channels = Channels {
    title: "Channels",
    connect: "Connect number",
    all: |count| format!("All {count}"),
    loading: "Loading channels",
    failed: "The channels did not load.",
    empty: "No number connected",
    empty_text: "Connect a number of the official WhatsApp: five values from Meta, checked before anything is saved.",
    official: "Official WhatsApp",
    on_air: "On air",
    paused: "Paused",
    stopped: "Stopped",
    unproven: "Proof missing",
    refusing: "WhatsApp refusing",
    disconnected: "Disconnected",
    quality: "Quality",
    quality_word: |quality| match quality {
        "GREEN" => "Green",
        "YELLOW" => "Yellow",
        "RED" => "Red",
        _ => "Not rated yet",
    },
    limit: "Limit per 24 h",
    limit_word: |tier| {
        Some(match tier {
            "TIER_50" => "50 contacts",
            "TIER_250" => "250 contacts",
            "TIER_1K" => "1 thousand contacts",
            "TIER_2K" => "2 thousand contacts",
            "TIER_10K" => "10 thousand contacts",
            "TIER_100K" => "100 thousand contacts",
            _ => return None,
        })
    },
    unlimited: "No limit",
    not_known: "Not told yet",
    last_webhook: "Last notification",
    never: "never",
    failures: "Failures in the last hour",
    queue: "Queued, kept",
    speed: "Allowed speed",
    per_second: |mps| format!("{mps} a second"),
    sent_hour: "Accepted in the last hour",
    sent_of: |sent, all| format!("{sent} of {all}"),
    pause: "Pause",
    resume: "Resume",
    test: "Test",
    credentials: "Access",
    release: "Release for another company",
    release_title: |name| format!("Release {name} for another company?"),
    release_text: "For 7 days another company of the platform can take the number over, with access that Meta confirms. When it does, the number is disconnected here; its conversations stay readable.",
    released_done: |name| format!("{name} can be taken over by another company"),
    disconnect: "Disconnect",
    disconnect_title: |name| format!("Disconnect {name}?"),
    disconnect_text: "The number stops sending and receiving here. Its conversations stay readable. To come back, connect the number again.",
    paused_done: |name| format!("{name} paused; what is written waits in the queue"),
    resumed_done: |name| format!("{name} resumed; the queue goes out in order"),
    test_started: "Test begun: the result appears on the card",
    is_stopped: |name, time| format!("{name} has been stopped since {time}."),
    queued_kept: |count| match count {
        0 => "Nothing waits in the queue.".to_owned(),
        1 => "1 message is kept in the queue and goes out when you resume.".to_owned(),
        count => {
            format!("{count} messages are kept in the queue and go out in order when you resume.")
        }
    },
    bad_signature: |ago| {
        format!(
            "A notification came with a wrong signature {ago}: the app secret here is not Meta's."
        )
    },
    step: |step| match step {
        ProofStep::Token => "Access to Meta",
        ProofStep::Address => "Public address",
        ProofStep::Tls => "Certificate of the address",
        ProofStep::Subscription => "App subscribed to the account",
        ProofStep::Signature => "Signature of the notifications",
        ProofStep::Delivery => "Round trip",
    },
    step_fix: |step| match step {
        ProofStep::Token => {
            "The token does not open this number. Make another one in Meta's panel and renew the access."
        }
        ProofStep::Address => {
            "The public address of this installation did not answer from outside. Check DNS, firewall and MASTERIA_PUBLIC_URL."
        }
        ProofStep::Tls => {
            "The certificate of the public address is not accepted. Renew it and test again."
        }
        ProofStep::Subscription => {
            "Meta did not take the app's subscription to the account. The token needs the permission whatsapp_business_management."
        }
        ProofStep::Signature => {
            "A notification came with an invalid signature: the app secret does not match. Copy it again from Meta's panel."
        }
        ProofStep::Delivery => {
            "No notification came within 2 minutes. Check the callback address and the verify token in Meta's panel."
        }
    },
    untested: "Not proven yet, there and back",
    untested_text: "Test checks the access, the address, and whether a signed notification arrives.",
    step_waits: "waits for the steps above",
    step_running: "under way",
    proven: |ago| format!("Notifications proven {ago}"),
    form_title: "Connect a WhatsApp number",
    form_text: "The values are in Meta's panel, under WhatsApp, API setup. We check everything with Meta before saving.",
    name: "Name",
    name_hint: "What the team calls this number, for example Reception.",
    phone_number_id: "Id of the number (phone_number_id)",
    phone_number_id_hint: "Digits only; below the phone in the panel.",
    waba_id: "Id of the account (WABA)",
    waba_id_hint: "Digits only; the WhatsApp Business account's.",
    token: "Access token",
    token_hint: "Best a permanent token of a system user.",
    secret: "App secret",
    secret_hint: "Checks the signature of each notification. Never shown again.",
    missing: "Fill in this field.",
    check_and_connect: "Check and connect",
    refused_nothing_saved: "Meta refused and nothing was saved:",
    connected: "Number saved. Now Meta has to deliver here.",
    connected_text: "In Meta's panel, under Webhooks, paste these two values and tick the field messages. The list below turns green by itself.",
    callback_url: "Callback URL",
    verify_token: "Verify token",
    shown_once: "Copy now: these values are not shown again.",
    checklist: "Check of the connection",
    finish: "Done",
    renew_title: |name| format!("Access of {name}"),
    renew_text: "Fill in only what changed. The old secret stays valid until you drop it.",
    new_token: "New access token",
    new_secret: "New app secret",
    drop_old_secret: "Drop the old secret",
    renewed: "Access renewed",
    nothing_given: "Fill in the token or the secret, or tick the box.",
};
