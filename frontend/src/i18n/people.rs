//! What is done to people now and then: merging, erasing, an emoji.

/// The words.
pub(crate) struct People {
    pub merge_title: fn(&str) -> String,
    pub merge_text: &'static str,
    pub search: &'static str,
    pub search_hint: &'static str,
    pub found: &'static str,
    pub none: &'static str,
    pub chosen: fn(&str, &str) -> String,
    pub merge: &'static str,
    pub choose_first: &'static str,
    pub merged: fn(&str) -> String,
    pub emoji: &'static str,
    pub erase_title: fn(&str) -> String,
    pub erase_text: &'static str,
    pub erase_name: &'static str,
    pub erase_mistyped: &'static str,
    pub erase_done: &'static str,
}

pub(super) const PORTUGUESE: People = People {
    merge_title: |name| format!("Juntar outro contato a {name}"),
    merge_text: "As conversas e os números das duas fichas passam a aparecer juntos. Cada resposta sai para o número de onde a pessoa escreveu, e dá para separar de novo.",
    search: "Quem é a mesma pessoa?",
    search_hint: "Nome ou número da outra ficha",
    found: "Contatos encontrados",
    none: "Nenhum contato com isto no nome ou no número.",
    chosen: |other, name| format!("{other} passa a aparecer em {name}."),
    merge: "Juntar",
    choose_first: "Escolha um contato da lista.",
    merged: |other| format!("{other} foi junto a esta ficha"),
    emoji: "Emojis",
    erase_title: |name| format!("Eliminar {name}?"),
    erase_text: "Nome, endereços, mensagens e arquivos desta pessoa somem para sempre, aqui e em todas as telas; das cópias de segurança, em até 35 dias. Totais e auditoria ficam. Não dá para desfazer.",
    erase_name: "Digite o nome como aparece acima",
    erase_mistyped: "O nome não confere. Nada foi eliminado.",
    erase_done: "Os dados da pessoa foram eliminados.",
};

pub(super) const ENGLISH: People = People {
    merge_title: |name| format!("Merge another contact into {name}"),
    merge_text: "Conversations and numbers of both records are shown together. Each answer goes to the number that the person wrote from, and they can be separated again.",
    search: "Who is the same person?",
    search_hint: "Name or number of the other record",
    found: "Contacts found",
    none: "No contact has this in the name or number.",
    chosen: |other, name| format!("{other} will be shown under {name}."),
    merge: "Merge",
    choose_first: "Choose a contact of the list.",
    merged: |other| format!("{other} was merged into this record"),
    emoji: "Emoji",
    erase_title: |name| format!("Erase {name}?"),
    erase_text: "Name, addresses, messages and files of this person are gone for ever, here and on every screen; from backups within 35 days. Totals and audit stay. It cannot be undone.",
    erase_name: "Type the name as it is shown above",
    erase_mistyped: "The name does not match. Nothing was erased.",
    erase_done: "The person's data was erased.",
};
