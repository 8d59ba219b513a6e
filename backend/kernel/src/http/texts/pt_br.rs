//! Brazilian Portuguese, the reference.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("unknown", "Não deu certo", "O pedido foi recusado. Nada foi alterado."),
    (
        "internal",
        "Algo falhou do nosso lado",
        "Ocorreu uma falha inesperada. O que já estava salvo continua salvo. Tente de novo; se persistir, envie-nos o número de rastreio.",
    ),
    (
        "unavailable",
        "Indisponível no momento",
        "Uma parte da plataforma não responde agora. Nada se perdeu. Tente de novo em alguns segundos.",
    ),
    ("not_found", "Não encontrado", "Não há nada aqui, ou você não pode ver."),
    ("method_not_allowed", "Método não permitido", "Este endereço não aceita este método."),
    (
        "overloaded",
        "Pedidos demais",
        "A plataforma está recebendo dados demais neste momento. Nada foi salvo. Tente de novo em alguns segundos.",
    ),
    (
        "unauthenticated",
        "Entre primeiro",
        "Você não está conectado, ou sua sessão ou chave não vale mais. Entre novamente.",
    ),
    (
        "session_required",
        "Só para pessoas",
        "Isto é feito por uma pessoa conectada, não por uma chave de API.",
    ),
    (
        "forbidden",
        "Sem permissão",
        "Seu papel ou sua chave não permite isto. Fale com um administrador da empresa.",
    ),
    (
        "forbidden_while_impersonating",
        "Não ao agir por uma empresa",
        "Isto não pode ser feito enquanto você age no lugar de uma empresa. Encerre primeiro.",
    ),
    (
        "company_required",
        "Qual empresa?",
        "Você pertence a várias empresas. Diga qual no cabeçalho X-Company-Id.",
    ),
    (
        "company_suspended",
        "A empresa está suspensa",
        "A plataforma suspendeu esta empresa. Tudo pode ser lido e as mensagens recebidas são guardadas, mas nada pode ser alterado. Fale com o suporte.",
    ),
    (
        "feature_off",
        "Fora do seu plano",
        "A função {feature} está desligada para esta empresa. Nada foi alterado.",
    ),
    (
        "quota_exhausted",
        "Limite atingido",
        "O limite de {limit} para {quota} foi usado. Nada foi alterado. Peça mais ou aguarde o próximo período.",
    ),
    (
        "rights_unknown",
        "Indisponível no momento",
        "Não é possível verificar agora o que você pode fazer; por isso nada é mostrado nem alterado. Tente de novo em alguns segundos.",
    ),
    (
        "origin_refused",
        "Origem recusada",
        "O pedido não vem das páginas desta plataforma. Nada foi alterado.",
    ),
    (
        "idempotency_key_missing",
        "Falta Idempotency-Key",
        "Envie o cabeçalho Idempotency-Key em toda alteração: um novo para cada alteração, o mesmo para repetir. Nada foi alterado.",
    ),
    (
        "idempotency_key_invalid",
        "Idempotency-Key inválido",
        "O cabeçalho Idempotency-Key aceita de 1 a 255 caracteres ASCII visíveis. Nada foi alterado.",
    ),
    (
        "idempotency_key_reused",
        "Idempotency-Key já usado",
        "Este Idempotency-Key pertence a outro pedido. Nada foi alterado; envie um novo.",
    ),
    (
        "stale_version",
        "Mudou nesse meio-tempo",
        "Alguém alterou isto depois que você carregou. Nada foi sobrescrito. Carregue de novo e repita a alteração.",
    ),
    ("conflict", "Já está em uso", "Outro registro já usa isto. Nada foi alterado."),
    (
        "in_doubt",
        "Resultado ainda incerto",
        "O banco de dados não respondeu a tempo. Repita o pedido com o mesmo Idempotency-Key: acontece no máximo uma vez.",
    ),
    (
        "loop",
        "Anda em círculos",
        "Passos automáticos demais causaram uns aos outros; este foi interrompido.",
    ),
    (
        "not_storable",
        "Dados não podem ser guardados",
        "O pedido contém caracteres ou valores que não podem ser guardados. Nada foi alterado.",
    ),
    (
        "erased",
        "Apagado",
        "Esta pessoa foi apagada; nada mais pode ser guardado sobre ela. Nada foi salvo.",
    ),
    (
        "position_unknown",
        "Posição desconhecida",
        "O cabeçalho Min-Position traz uma posição que esta instalação não alcançou. Carregue de novo sem ele.",
    ),
    (
        "if_match_invalid",
        "If-Match inválido",
        "O cabeçalho If-Match recebe o número da versão que você recebeu. Nada foi alterado.",
    ),
    (
        "request.too_large",
        "Grande demais",
        "O pedido passa de {limit_mb} MB. Nada foi salvo. Envie menos.",
    ),
    (
        "request.too_slow",
        "O pedido não chegou",
        "O conteúdo do pedido não chegou a tempo. Nada foi salvo. Tente de novo.",
    ),
    (
        "request.cut_off",
        "O pedido não chegou inteiro",
        "O conteúdo do pedido foi interrompido. Nada foi salvo. Tente de novo.",
    ),
    ("request.media_type", "Tipo de conteúdo não aceito", "Envie {expected}. Nada foi salvo."),
    (
        "request.json_invalid",
        "JSON inválido",
        "O conteúdo não é JSON válido (linha {line}, coluna {column}). Nada foi salvo.",
    ),
    (
        "request.json_too_deep",
        "JSON aninhado demais",
        "O conteúdo está aninhado demais. Nada foi salvo.",
    ),
    ("request.not_utf8", "UTF-8 inválido", "O conteúdo não é UTF-8 válido. Nada foi salvo."),
    (
        "request.invalid",
        "Campos inválidos",
        "Alguns campos faltam ou não são válidos; veja fields. Nada foi salvo.",
    ),
    (
        "request.query_invalid",
        "Endereço inválido",
        "Um parâmetro do endereço falta ou não é válido. Nada foi alterado.",
    ),
    (
        "request.upload_invalid",
        "Envio inválido",
        "O envio não é multipart/form-data válido. Nada foi salvo.",
    ),
    ("tenancy.company_exists", "A empresa já existe", "Esta empresa já existe. Nada foi alterado."),
    (
        "tenancy.name_unfit",
        "O nome não serve",
        "Um nome tem de 1 a {most} caracteres em uma linha. Nada foi salvo.",
    ),
    (
        "tenancy.zone_unknown",
        "Fuso horário desconhecido",
        "O fuso horário não é conhecido; envie um como America/Sao_Paulo. Nada foi salvo.",
    ),
    (
        "tenancy.reason_missing",
        "Falta o motivo",
        "Diga o motivo em uma linha de até 200 caracteres. Nada foi alterado.",
    ),
    ("tenancy.limit_negative", "Limite impossível", "Um limite é zero ou mais. Nada foi alterado."),
    (
        "tenancy.impersonation_duration",
        "Duração impossível",
        "Agir no lugar de uma empresa dura de 1 a {most_minutes} minutos. Nada foi alterado.",
    ),
    ("tenancy.user_exists", "A pessoa já existe", "Esta pessoa já é conhecida. Nada foi alterado."),
    (
        "tenancy.sign_in_refused",
        "Não foi possível entrar",
        "E-mail ou senha incorretos, ou conta bloqueada. Confira os dois e tente de novo.",
    ),
    (
        "tenancy.sign_in_limited",
        "Tentativas demais",
        "Houve tentativas demais de entrar. Aguarde {seconds} segundos e tente de novo; um navegador em que você já entrou não é afetado pelas tentativas de outros.",
    ),
    (
        "tenancy.sign_in_busy",
        "Muita gente entrando",
        "Muitas pessoas estão entrando neste momento. Tente de novo em alguns segundos.",
    ),
    (
        "tenancy.member_exists",
        "Já é membro",
        "Esta pessoa já pertence à empresa. Nada foi alterado.",
    ),
    (
        "tenancy.role_above_own",
        "Papel acima do seu",
        "Ninguém dá, altera ou retira um papel acima do próprio. Fale com um proprietário da empresa. Nada foi alterado.",
    ),
    (
        "tenancy.last_owner",
        "O último proprietário fica",
        "Uma empresa sempre tem um proprietário. Torne outra pessoa proprietária primeiro. Nada foi alterado.",
    ),
    (
        "tenancy.not_oneself",
        "Não a si mesmo",
        "Você não pode bloquear a própria conta. Nada foi alterado.",
    ),
    ("tenancy.key_exists", "A chave já existe", "Esta chave já existe. Nada foi alterado."),
    (
        "tenancy.scopes_missing",
        "A chave não pode nada",
        "Escolha pelo menos uma permissão para a chave. Nada foi salvo.",
    ),
    (
        "tenancy.scope_refused",
        "A chave não pode isso",
        "Uma chave não pode ter a permissão {scope}: você mesmo não a tem, ou nenhuma chave pode tê-la. Nada foi salvo.",
    ),
    (
        "tenancy.key_expired",
        "A chave já estaria vencida",
        "O fim da chave está no passado. Escolha um posterior. Nada foi salvo.",
    ),
    (
        "contact_missing",
        "O contato não existe",
        "Este contato não existe, ou você não pode vê-lo. Nada foi alterado.",
    ),
    (
        "erasure_not_confirmed",
        "Não confirmado",
        "Para eliminar esta pessoa, digite o nome como aparece na tela, ou o id do contato. Nada foi eliminado.",
    ),
    (
        "contact_erased",
        "O contato foi apagado",
        "Tudo o que era pessoal deste contato foi apagado. Nada mais pode ser acrescentado a ele.",
    ),
    (
        "identity_missing",
        "O endereço não existe",
        "Este endereço não pertence ao contato. Nada foi alterado. Abra o contato de novo.",
    ),
    (
        "merge_itself",
        "O mesmo contato duas vezes",
        "Um contato não pode ser unido a si mesmo. Escolha outro.",
    ),
    (
        "contact_merged",
        "Já unido",
        "Um dos dois contatos já está unido a outro. Desfaça essa união primeiro. Nada foi alterado.",
    ),
    (
        "contact_has_merged",
        "Há contatos unidos a ele",
        "Outros contatos estão unidos a este. Desfaça essas uniões primeiro, ou una no sentido contrário. Nada foi alterado.",
    ),
    (
        "contact_not_merged",
        "Não está unido",
        "Este contato não está unido a outro, então não há nada a desfazer.",
    ),
    (
        "conversation_assigned_meanwhile",
        "Outra pessoa foi mais rápida",
        "Esta conversa mudou de dono enquanto você olhava. Nada foi alterado. Veja de quem ela é agora e decida de novo.",
    ),
    (
        "snooze_time_unfit",
        "O horário não serve",
        "Uma conversa só pode ser adiada para um horário futuro, em até {most_days} dias. Nada foi alterado. Escolha outro horário.",
    ),
    (
        "too_many_labels",
        "Etiquetas demais",
        "Uma conversa leva no máximo {most} etiquetas. Nada foi alterado. Tire uma antes.",
    ),
    (
        "label_name_unfit",
        "O nome não serve",
        "O nome de uma etiqueta tem de 1 a {most} caracteres, sem quebras de linha. Nada foi alterado.",
    ),
    (
        "label_name_taken",
        "Já existe uma etiqueta com este nome",
        "Outra etiqueta já se chama assim. Nada foi alterado. Use a que existe ou escolha outro nome.",
    ),
    (
        "assignee_not_a_member",
        "Esta pessoa não está na equipe",
        "Só quem está na equipe e pode responder recebe conversas. Nada foi alterado. Escolha outra pessoa.",
    ),
    (
        "conversation_between_others",
        "Outra conversa",
        "Esta conversa é entre outro canal e outro contato. Nada foi alterado.",
    ),
    (
        "delivery_gone",
        "A notificação não existe mais",
        "O que chegou foi guardado pelo seu prazo e não existe mais. Nada foi alterado.",
    ),
    (
        "delivery_not_understood",
        "Ainda não foi entendida",
        "A notificação foi tentada de novo e ainda não é entendida ({reason}). Ela continua em quarentena; nada se perdeu. Tente de novo depois da correção.",
    ),
    (
        "held",
        "Tudo que age está parado",
        "A instalação foi restaurada ou o relógio dela saltou, e nada age antes de alguém olhar. Nada foi alterado. Fale com quem cuida da instalação.",
    ),
    (
        "channel_disconnected",
        "O número foi desligado",
        "Este número foi desligado da plataforma. Nada foi alterado. Conecte-o de novo em Canais.",
    ),
    (
        "channel_held",
        "O canal está parado",
        "O canal está parado por outro motivo, que precisa ser resolvido antes. Nada foi alterado. Veja o aviso no cartão do canal.",
    ),
    (
        "channel_refused",
        "A Meta recusou",
        "A Meta recusou estes dados: {message} Nada foi salvo. Confira o token, o número e a conta.",
    ),
    (
        "channel_token_expired",
        "O acesso à Meta venceu",
        "O token deste canal não vale mais. O que está na fila espera. Troque o token em Canais.",
    ),
    (
        "message_exists",
        "A mensagem já existe",
        "Já há outra mensagem com esta chave. Nada foi enviado de novo. Use uma chave nova.",
    ),
    (
        "message_known",
        "Nada a decidir",
        "Já se sabe o que aconteceu com a mensagem. Nada foi alterado. Veja o estado dela na conversa.",
    ),
    (
        "message_missing",
        "Mensagem não encontrada",
        "Esta mensagem não existe nesta empresa. Nada foi alterado.",
    ),
    (
        "message_too_late",
        "Tarde demais",
        "A mensagem já saiu da fila ou chegou ao fim. Nada foi alterado. Veja o estado dela na conversa.",
    ),
    (
        "phone_number_taken",
        "O número já está conectado",
        "Este número já pertence a uma empresa da plataforma. Nada foi salvo. Peça para liberarem o número lá, ou fale com a plataforma; depois conecte de novo.",
    ),
    (
        "provider_unreachable",
        "A Meta não respondeu",
        "A Meta não respondeu, ou respondeu algo que não se entende. Nada foi salvo. Tente de novo em alguns segundos.",
    ),
    (
        "request.upload_broken",
        "O arquivo não chegou inteiro",
        "O envio do arquivo foi interrompido ou está malformado. Nada foi salvo. Envie-o de novo.",
    ),
    ("retry_not_needed", "Não precisa repetir", "A mensagem não falhou. Nada foi enviado de novo."),
    (
        "retry_too_early",
        "Cedo demais para repetir",
        "Ainda não se sabe o que aconteceu com a mensagem. Nada foi enviado de novo. Tente depois de {not_before}.",
    ),
    (
        "window_closed",
        "A janela de 24 horas fechou",
        "Passaram 24 horas desde a última mensagem da pessoa. A mensagem não saiu e o texto ficou guardado. Use um modelo aprovado, ou espere que ela escreva.",
    ),
];
