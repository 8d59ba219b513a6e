//! What stands in and under a message.

use shared::messages::{MessageKind, MessageState, SuppressReason};

/// The words.
pub(crate) struct Message {
    pub kind: fn(MessageKind) -> &'static str,
    pub voice: &'static str,
    pub state: fn(MessageState) -> &'static str,
    pub state_here: &'static str,
    pub you: &'static str,
    pub edited: &'static str,
    pub before_edit: &'static str,
    pub deleted: &'static str,
    pub erased: &'static str,
    pub forwarded: &'static str,
    pub unsupported: &'static str,
    pub see_raw: &'static str,
    pub raw_title: fn(&str) -> String,
    pub reacted: fn(&str, &str) -> String,
    pub reply: &'static str,
    pub react: &'static str,
    pub more_emoji: &'static str,
    pub react_with: fn(&str) -> String,
    pub take_reaction: &'static str,
    pub actions: &'static str,
    pub open_file: fn(&str) -> String,
    pub file_stored: &'static str,
    pub file_coming: &'static str,
    pub file_missing: fn(&str) -> String,
    pub file_failed: &'static str,
    pub play: fn(&str) -> String,
    pub see_on_map: &'static str,
    pub place: &'static str,
    pub order: fn(usize) -> String,
    pub quantity: fn(&str, &str) -> String,
    pub chose: &'static str,
    pub form_answer: &'static str,
    pub list_button: fn(&str, usize) -> String,
    pub template: fn(&str) -> String,
    pub opened_chat: &'static str,
    pub provider_note: fn(&str) -> &'static str,
    pub unknown: &'static str,
    pub doubt: &'static str,
    pub arrived: &'static str,
    pub send_again: &'static str,
    pub refused: fn(&str) -> String,
    pub reason: fn(i32) -> Option<&'static str>,
    pub not_sent: &'static str,
    pub text_kept: &'static str,
    pub suppressed: fn(SuppressReason) -> &'static str,
    pub withdrawn: &'static str,
    pub drop: &'static str,
    pub back_to_draft: &'static str,
    pub waits_for_line: &'static str,
    pub attempts: fn(i32) -> String,
    pub by_program: &'static str,
    pub by_phone: &'static str,
    pub quote_gone: &'static str,
}

pub(super) const PORTUGUESE: Message = Message {
    kind: |kind| match kind {
        MessageKind::Text => "Texto",
        MessageKind::Image => "Foto",
        MessageKind::Video => "Vídeo",
        MessageKind::Audio => "Áudio",
        MessageKind::Document => "Arquivo",
        MessageKind::Sticker => "Figurinha",
        MessageKind::Location => "Localização",
        MessageKind::Contacts => "Contato",
        MessageKind::Interactive => "Opções",
        MessageKind::InteractiveReply => "Escolha",
        MessageKind::Button => "Botão",
        MessageKind::Order => "Pedido",
        MessageKind::Template => "Modelo",
        MessageKind::System => "Aviso do WhatsApp",
        MessageKind::RequestWelcome => "Abriu a conversa",
        MessageKind::Unsupported => "Tipo ainda sem suporte",
    },
    voice: "Mensagem de voz",
    state: |state| match state {
        MessageState::Queued => "na fila",
        MessageState::Picked => "saindo",
        MessageState::Unknown => "sem confirmação",
        MessageState::Accepted => "aceita pelo WhatsApp",
        MessageState::Sent => "enviada",
        MessageState::Failed => "não enviada",
        MessageState::Delivered => "entregue",
        MessageState::Read => "lida",
        MessageState::Played => "ouvida",
        MessageState::Withdrawn => "retirada",
        MessageState::Suppressed => "não saiu",
    },
    state_here: "neste aparelho",
    you: "Você",
    edited: "editada",
    before_edit: "Antes:",
    deleted: "Mensagem apagada por quem enviou",
    erased: "Conteúdo eliminado",
    forwarded: "Encaminhada",
    unsupported: "Tipo ainda sem suporte, guardado.",
    see_raw: "Ver original",
    raw_title: |kind| format!("Como chegou ({kind})"),
    reacted: |who, emoji| format!("{who} reagiu com {emoji}"),
    reply: "Responder a esta mensagem",
    react: "Reagir",
    more_emoji: "Mais emojis",
    react_with: |emoji| format!("Reagir com {emoji}"),
    take_reaction: "Tirar a reação",
    actions: "Ações da mensagem",
    open_file: |name| format!("Abrir {name}"),
    file_stored: "conferido e guardado",
    file_coming: "chegando",
    file_missing: |why| format!("não chegou ({why})"),
    file_failed: "O arquivo não abriu. Tente de novo.",
    play: |name| format!("Ouvir {name}"),
    see_on_map: "Ver no mapa",
    place: "Localização",
    order: |count| match count {
        1 => "Pedido de 1 item".to_owned(),
        count => format!("Pedido de {count} itens"),
    },
    quantity: |count, product| format!("{count} × {product}"),
    chose: "Escolheu",
    form_answer: "Resposta do formulário",
    list_button: |button, count| format!("{button} ({count} opções)"),
    template: |name| format!("Modelo {name}"),
    opened_chat: "A pessoa abriu a conversa pela primeira vez",
    provider_note: |event| match event {
        "user_changed_number" => "A pessoa mudou de número; a conversa continua a mesma",
        "user_changed_user_id" | "customer_identity_changed" | "user_identity_changed" => {
            "A identidade da pessoa no WhatsApp mudou; a conversa continua a mesma"
        }
        _ => "Aviso do WhatsApp",
    },
    unknown: "Sem confirmação do provedor; não vamos repetir antes de saber.",
    doubt: "O provedor não disse se chegou. Ela pode ter recebido: enviar de novo pode chegar duas vezes.",
    arrived: "Chegou",
    send_again: "Enviar de novo",
    refused: |code| format!("Não saiu: o WhatsApp recusou ({code})."),
    reason: |code| {
        Some(match code {
            131_026 => {
                "Não chegou: este número não está no WhatsApp ou não aceita mensagens. Confira o número ou use outro canal."
            }
            131_047 => {
                "Não saiu: passaram 24 horas desde a última mensagem da pessoa. Só um modelo aprovado pode sair agora."
            }
            131_049 => {
                "O WhatsApp segurou esta mensagem para não cansar a pessoa. Tente de novo amanhã."
            }
            131_050 => "A pessoa pediu ao WhatsApp para não receber mensagens de marketing.",
            131_051 => "Não saiu: o WhatsApp não aceita este tipo de mensagem.",
            131_052 | 131_053 => {
                "Não saiu: o WhatsApp recusou o arquivo. Confira o formato e o tamanho."
            }
            131_056 | 130_429 | 131_048 | 80_007 | 4 => {
                "Mensagens demais em pouco tempo: o WhatsApp pediu para esperar."
            }
            131_000 | 131_016 | 1 | 2 => {
                "Não saiu: o WhatsApp está com um problema. O número está bem; tente de novo em alguns minutos."
            }
            131_031 | 368 => {
                "Não saiu: a Meta restringiu esta conta. Quem administra precisa ver o aviso em Canais."
            }
            131_042 => {
                "Não saiu: falta um pagamento na conta da Meta. Quem administra precisa ver em Canais."
            }
            190 | 463 => {
                "Não saiu: o acesso à Meta venceu. Quem administra precisa religar o número em Canais."
            }
            132_000..=132_999 => "Não saiu: o modelo não confere com o aprovado pela Meta.",
            133_010 => "Não saiu: o número ainda não está registrado na Meta.",
            130_472 => {
                "O WhatsApp não entregou: a pessoa está num teste da Meta que limita marketing."
            }
            100 | 131_008 | 131_009 => "Não saiu: o WhatsApp não entendeu o pedido. Erro nosso.",
            _ => return None,
        })
    },
    not_sent: "Não saiu: o provedor recusou.",
    text_kept: "A mensagem ficou guardada.",
    suppressed: |reason| match reason {
        SuppressReason::WindowClosed => {
            "Não saiu: a janela de 24 horas fechou antes. O texto ficou guardado; ele pode sair quando a pessoa escrever."
        }
        SuppressReason::Erased => "Não saiu: os dados desta pessoa foram eliminados.",
        SuppressReason::Quota => {
            "Não saiu: a empresa usou todas as mensagens do mês. O texto ficou guardado; fale com quem administra."
        }
        SuppressReason::CompanySuspended => {
            "Não saiu: a empresa está suspensa. O texto ficou guardado."
        }
        SuppressReason::ChannelDisconnected => {
            "Não saiu: este número foi desligado. O texto ficou guardado."
        }
        SuppressReason::OptedOut => "Não saiu: esta pessoa não quer receber mensagens deste tipo.",
        SuppressReason::AlreadySent => {
            "Não saiu: esta pessoa já recebeu esta mensagem, em outro contato dela."
        }
    },
    withdrawn: "Retirada antes de sair",
    drop: "Descartar",
    back_to_draft: "Voltar a editar",
    waits_for_line: "Sai quando a conexão voltar.",
    attempts: |count| format!("{count} tentativas"),
    by_program: "Programa da empresa",
    by_phone: "Enviada pelo celular",
    quote_gone: "A mensagem original não está aqui.",
};

pub(super) const ENGLISH: Message = Message {
    kind: |kind| match kind {
        MessageKind::Text => "Text",
        MessageKind::Image => "Photo",
        MessageKind::Video => "Video",
        MessageKind::Audio => "Audio",
        MessageKind::Document => "File",
        MessageKind::Sticker => "Sticker",
        MessageKind::Location => "Location",
        MessageKind::Contacts => "Contact",
        MessageKind::Interactive => "Options",
        MessageKind::InteractiveReply => "Choice",
        MessageKind::Button => "Button",
        MessageKind::Order => "Order",
        MessageKind::Template => "Template",
        MessageKind::System => "WhatsApp note",
        MessageKind::RequestWelcome => "Opened the chat",
        MessageKind::Unsupported => "Type not supported yet",
    },
    voice: "Voice message",
    state: |state| match state {
        MessageState::Queued => "queued",
        MessageState::Picked => "going out",
        MessageState::Unknown => "not confirmed",
        MessageState::Accepted => "accepted by WhatsApp",
        MessageState::Sent => "sent",
        MessageState::Failed | MessageState::Suppressed => "not sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
        MessageState::Played => "played",
        MessageState::Withdrawn => "withdrawn",
    },
    state_here: "on this device",
    you: "You",
    edited: "edited",
    before_edit: "Before:",
    deleted: "Message deleted by its sender",
    erased: "Content erased",
    forwarded: "Forwarded",
    unsupported: "Type not supported yet, kept.",
    see_raw: "See original",
    raw_title: |kind| format!("As it came ({kind})"),
    reacted: |who, emoji| format!("{who} reacted with {emoji}"),
    reply: "Reply to this message",
    react: "React",
    more_emoji: "More emoji",
    react_with: |emoji| format!("React with {emoji}"),
    take_reaction: "Take the reaction back",
    actions: "Message actions",
    open_file: |name| format!("Open {name}"),
    file_stored: "checked and stored",
    file_coming: "arriving",
    file_missing: |why| format!("did not arrive ({why})"),
    file_failed: "The file did not open. Try again.",
    play: |name| format!("Play {name}"),
    see_on_map: "See on the map",
    place: "Location",
    order: |count| match count {
        1 => "Order of 1 item".to_owned(),
        count => format!("Order of {count} items"),
    },
    quantity: |count, product| format!("{count} × {product}"),
    chose: "Chose",
    form_answer: "Answer of the form",
    list_button: |button, count| format!("{button} ({count} options)"),
    template: |name| format!("Template {name}"),
    opened_chat: "The person opened the chat for the first time",
    provider_note: |event| match event {
        "user_changed_number" => "The person changed numbers; the conversation stays the same",
        "user_changed_user_id" | "customer_identity_changed" | "user_identity_changed" => {
            "The person's WhatsApp identity changed; the conversation stays the same"
        }
        _ => "WhatsApp note",
    },
    unknown: "No confirmation from the provider; we do not repeat it before we know.",
    doubt: "The provider did not say whether it arrived. She may have it: sent again, it may arrive twice.",
    arrived: "It arrived",
    send_again: "Send again",
    refused: |code| format!("Not sent: WhatsApp refused it ({code})."),
    reason: |code| {
        Some(match code {
            131_026 => {
                "Did not arrive: this number is not on WhatsApp or takes no messages. Check the number or use another channel."
            }
            131_047 => {
                "Not sent: 24 hours have passed since the person's last message. Only an approved template can go out now."
            }
            131_049 => {
                "WhatsApp held this message back so as not to tire the person. Try again tomorrow."
            }
            131_050 => "The person asked WhatsApp not to receive marketing messages.",
            131_051 => "Not sent: WhatsApp does not take this type of message.",
            131_052 | 131_053 => "Not sent: WhatsApp refused the file. Check its format and size.",
            131_056 | 130_429 | 131_048 | 80_007 | 4 => {
                "Too many messages in a short time: WhatsApp asked to wait."
            }
            131_000 | 131_016 | 1 | 2 => {
                "Not sent: WhatsApp has a problem. The number is fine; try again in a few minutes."
            }
            131_031 | 368 => {
                "Not sent: Meta restricted this account. An administrator has to see the notice in Channels."
            }
            131_042 => {
                "Not sent: a payment is missing in the Meta account. An administrator has to see it in Channels."
            }
            190 | 463 => {
                "Not sent: the access to Meta has expired. An administrator has to reconnect the number in Channels."
            }
            132_000..=132_999 => {
                "Not sent: the template does not match the one that Meta approved."
            }
            133_010 => "Not sent: the number is not registered with Meta yet.",
            130_472 => {
                "WhatsApp did not deliver: the person is in a Meta experiment that limits marketing."
            }
            100 | 131_008 | 131_009 => {
                "Not sent: WhatsApp did not understand the request. Our fault."
            }
            _ => return None,
        })
    },
    not_sent: "Not sent: the provider refused it.",
    text_kept: "The message is kept.",
    suppressed: |reason| match reason {
        SuppressReason::WindowClosed => {
            "Not sent: the 24-hour window closed before. The text is kept; it can go out when the person writes."
        }
        SuppressReason::Erased => "Not sent: this person's data was erased.",
        SuppressReason::Quota => {
            "Not sent: the company has used all messages of the month. The text is kept; talk to an administrator."
        }
        SuppressReason::CompanySuspended => "Not sent: the company is suspended. The text is kept.",
        SuppressReason::ChannelDisconnected => {
            "Not sent: this number was disconnected. The text is kept."
        }
        SuppressReason::OptedOut => "Not sent: this person wants no messages of this kind.",
        SuppressReason::AlreadySent => {
            "Not sent: this person has this message already, under another contact of hers."
        }
    },
    withdrawn: "Withdrawn before it went out",
    drop: "Discard",
    back_to_draft: "Edit again",
    waits_for_line: "Goes out when the connection is back.",
    attempts: |count| format!("{count} attempts"),
    by_program: "The company's program",
    by_phone: "Sent from the phone",
    quote_gone: "The original message is not here.",
};
