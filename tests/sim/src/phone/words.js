// What the page says. Portuguese is the reference; the browser's language decides.
const pt = {
  title: 'Clientes', add: 'Novo cliente', talkingTo: 'Falando com', hidden: 'número oculto',
  offline: 'Sem ligação com o simulador; tentando de novo…',
  noNumbers: 'Ainda não há números da empresa. Conecte um canal na plataforma.',
  unsubscribed: 'Nenhum sistema assinou este número: o que você escrever não chega.',
  empty: 'Escreva a primeira mensagem para a empresa.', write: 'Mensagem', send: 'Enviar', attach: 'Anexar',
  more: 'Mais', menu: 'Opções do cliente', reply: 'Responder', react: 'Reagir', edit: 'Editar', remove: 'Apagar para todos',
  unreact: 'Tirar reação', cancel: 'Cancelar', save: 'Salvar', photo: 'Foto ou vídeo', sample: 'Foto de exemplo',
  sticker: 'Figurinha', audio: 'Áudio', voice: 'Gravar áudio', document: 'Documento', location: 'Localização', contact: 'Contato',
  recording: 'Gravando…', stop: 'Parar e enviar', noMicrophone: 'O microfone não está disponível.',
  caption: 'Legenda', name: 'Nome', phone: 'Telefone', phoneHint: 'Com código do país. Vazio: o cliente esconde o número.',
  latitude: 'Latitude', longitude: 'Longitude', address: 'Endereço', place: 'Nome do lugar',
  renumber: 'Trocar de número', newPhone: 'Novo número', hide: 'Guardar este celular', gone: 'Mensagem apagada', edited: 'editada',
  you: 'Você', company: 'Empresa', failed: 'Não entregue', template: 'Modelo', choose: 'Ver opções', answer: 'Resposta',
  flow: 'Formulário', flowAnswered: 'Formulário respondido', replyingTo: 'Respondendo:', editing: 'Editando:',
  sendLocation: 'Enviar localização', unsupported: 'Mensagem de outro tipo', system: 'Aviso', typing: 'A empresa está digitando',
  reading: 'Lendo: a empresa vê que você leu', notReading: 'Sem ler: a empresa não vê leitura',
  waiting: 'a caminho da empresa', taken: 'entregue à empresa', readByThem: 'lida pela empresa',
  accepted: 'aceita pelo provedor', sent: 'enviada', delivered: 'entregue', read: 'lida por você', played: 'ouvida por você',
  refused: 'O simulador recusou', unread: 'não lidas', today: 'Hoje', image: 'Foto', video: 'Vídeo', interactive: 'Mensagem',
};
const en = {
  title: 'Customers', add: 'New customer', talkingTo: 'Talking to', hidden: 'number hidden',
  offline: 'The simulator cannot be reached; trying again…',
  noNumbers: 'There is no company number yet. Connect a channel in the platform.',
  unsubscribed: 'No system has subscribed to this number: what you write does not arrive.',
  empty: 'Write the first message to the company.', write: 'Message', send: 'Send', attach: 'Attach',
  more: 'More', menu: 'Customer options', reply: 'Reply', react: 'React', edit: 'Edit', remove: 'Delete for everyone',
  unreact: 'Remove reaction', cancel: 'Cancel', save: 'Save', photo: 'Photo or video', sample: 'Sample photo',
  sticker: 'Sticker', audio: 'Audio', voice: 'Record audio', document: 'Document', location: 'Location', contact: 'Contact',
  recording: 'Recording…', stop: 'Stop and send', noMicrophone: 'The microphone is not available.',
  caption: 'Caption', name: 'Name', phone: 'Phone', phoneHint: 'With country code. Empty: the customer hides the number.',
  latitude: 'Latitude', longitude: 'Longitude', address: 'Address', place: 'Name of the place',
  renumber: 'Change number', newPhone: 'New number', hide: 'Put this phone away', gone: 'Message deleted', edited: 'edited',
  you: 'You', company: 'Company', failed: 'Not delivered', template: 'Template', choose: 'See options', answer: 'Answer',
  flow: 'Form', flowAnswered: 'Form answered', replyingTo: 'Replying to:', editing: 'Editing:',
  sendLocation: 'Send location', unsupported: 'Message of another kind', system: 'Notice', typing: 'The company is typing',
  reading: 'Reading: the company sees that you read', notReading: 'Not reading: the company sees no read marks',
  waiting: 'on its way to the company', taken: 'delivered to the company', readByThem: 'read by the company',
  accepted: 'accepted by the provider', sent: 'sent', delivered: 'delivered', read: 'read by you', played: 'listened to by you',
  refused: 'The simulator refused', unread: 'unread', today: 'Today', image: 'Photo', video: 'Video', interactive: 'Message',
};
// As on the platform: Portuguese, unless the address asks for English (`/phone?lang=en`).
const isPortuguese = !new URLSearchParams(location.search).get('lang')?.startsWith('en');
export const locale = isPortuguese ? 'pt-BR' : 'en';
export const t = key => (isPortuguese ? pt : en)[key] ?? key;
