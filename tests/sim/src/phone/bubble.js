// One message, as a bubble.
import { el, icon } from './dom.js';
import { t, locale } from './words.js';

const time = ms => new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(ms);
const file = id => `/phone/api/media/${encodeURIComponent(id)}`;
const isWeb = url => /^https?:\/\//i.test(url ?? '');

// A message in a few words, for quotes.
export function summary(message) {
  if (!message) return t('unsupported');
  if (message.deleted) return t('gone');
  const { type } = message.content;
  const body = message.content[type] ?? {};
  switch (type) {
    case 'text': return body.body ?? '';
    case 'image': case 'video': case 'audio': case 'document': case 'sticker': return `${t(type)}${body.caption || body.filename ? ` · ${body.caption || body.filename}` : ''}`;
    case 'location': return `${t('location')} · ${body.name ?? ''}`;
    case 'contacts': return `${t('contact')} · ${body[0]?.name?.formatted_name ?? ''}`;
    case 'interactive': return body.body?.text ?? body.button_reply?.title ?? body.list_reply?.title ?? t('interactive');
    case 'button': return body.text ?? '';
    case 'template': return message.rendered?.body ?? `${t('template')} ${body.name ?? ''}`;
    default: return t('unsupported');
  }
}

function ticks(message) {
  if (message.error) return [icon('alert', 'bad'), el('span', { class: 'sr' }, t('failed'))];
  const own = { accepted: ['clock', 'waiting'], sent: ['check', 'taken'], delivered: ['check', 'taken'], read: ['checks', 'readByThem'], played: ['checks', 'readByThem'] };
  const theirs = { accepted: ['clock', 'accepted'], sent: ['check', 'sent'], delivered: ['checks', 'delivered'], read: ['checks', 'read'], played: ['checks', 'played'] };
  const [name, word] = (message.from_company ? theirs : own)[message.progress] ?? ['clock', 'waiting'];
  const isRead = ['read', 'played'].includes(message.progress);
  const mark = el('span', { title: t(word) }, icon(name, isRead ? 'read' : ''), el('span', { class: 'sr' }, t(word)));
  mark.dataset.progress = message.progress;
  return [mark];
}

function media(type, body, message, act) {
  if (!body.id) return isWeb(body.link) ? [el('a', { class: 'card', href: body.link, target: '_blank', rel: 'noopener noreferrer' }, el('b', {}, t(type)), el('span', {}, body.link))] : [];
  const src = file(body.id);
  switch (type) {
    case 'image': return [el('img', { src, alt: body.caption ?? t('image'), loading: 'lazy' })];
    case 'sticker': return [el('img', { src, alt: t('sticker'), class: 'sticker' })];
    case 'video': return [el('video', { src, controls: true, preload: 'metadata' })];
    case 'audio': return [el('audio', { src, controls: true, preload: 'metadata', onplay: () => message.from_company && act.played(message) })];
    default: return [el('a', { class: 'card', href: src, download: body.filename ?? 'arquivo' }, el('b', {}, body.filename ?? t('document')))];
  }
}

const paragraph = (text, kind) => text ? [el('p', { class: kind }, String(text))] : [];

function interactive(body, message, act) {
  const header = body.header ?? {};
  const parts = [
    ...(header.type === 'text' ? paragraph(header.text, 'head') : header.type ? media(header.type, header[header.type] ?? {}, message, act) : []),
    ...paragraph(body.body?.text), ...paragraph(body.footer?.text, 'foot'),
  ];
  const press = (label, on) => el('button', { type: 'button', class: 'btn', onclick: on }, label);
  const action = body.action ?? {};
  const buttons = [];
  for (const { reply } of body.type === 'button' ? action.buttons ?? [] : []) buttons.push(press(reply.title, () => act.send({ type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: reply.id, title: reply.title } } }, message.id)));
  if (body.type === 'list') buttons.push(press(action.button ?? t('choose'), () => act.choose(action, message)));
  if (body.type === 'location_request_message') buttons.push(press(t('sendLocation'), () => act.location(message.id)));
  if (body.type === 'flow') buttons.push(press(action.parameters?.flow_cta ?? t('flow'), () => act.flow(action, message)));
  if (body.type === 'cta_url' && isWeb(action.parameters?.url)) buttons.push(el('a', { class: 'btn', href: action.parameters.url, target: '_blank', rel: 'noopener noreferrer' }, action.parameters.display_text ?? action.parameters.url));
  if (body.type === 'button_reply') parts.push(...paragraph(body.button_reply?.title));
  if (body.type === 'list_reply') parts.push(...paragraph(body.list_reply?.title), ...paragraph(body.list_reply?.description, 'foot'));
  if (body.type === 'nfm_reply') parts.push(...paragraph(t('flowAnswered')), ...paragraph(body.nfm_reply?.response_json, 'foot'));
  if (buttons.length) parts.push(el('div', { class: 'replies' }, ...buttons));
  return parts;
}

function template(body, message, act) {
  const shown = message.rendered;
  if (!shown) {
    const values = (body.components ?? []).flatMap(component => component.parameters ?? []).map(parameter => parameter.text).filter(Boolean);
    return [...paragraph(`${t('template')} ${body.name}`, 'head'), ...paragraph(values.join(' · '))];
  }
  const buttons = (shown.buttons ?? []).map((button, index) => {
    if (button.type !== 'QUICK_REPLY') return el('span', { class: 'btn' }, button.text ?? button.type);
    const given = (body.components ?? []).find(c => c.type?.toLowerCase() === 'button' && Number(c.index) === index)?.parameters?.[0]?.payload;
    return el('button', { type: 'button', class: 'btn', onclick: () => act.send({ type: 'button', button: { payload: given ?? button.text, text: button.text } }, message.id) }, button.text);
  });
  return [...paragraph(shown.header, 'head'), ...paragraph(shown.body), ...paragraph(shown.footer, 'foot'), ...(buttons.length ? [el('div', { class: 'replies' }, ...buttons)] : [])];
}

function content(message, act) {
  if (message.deleted) return paragraph(t('gone'), 'gone');
  const { type } = message.content;
  const body = message.content[type] ?? {};
  switch (type) {
    case 'text': return paragraph(body.body);
    case 'image': case 'video': case 'audio': case 'document': case 'sticker': return [...media(type, body, message, act), ...paragraph(body.caption)];
    case 'location': return [el('div', { class: 'card' }, el('b', {}, body.name || t('location')), el('span', {}, body.address || ''), el('span', {}, `${body.latitude}, ${body.longitude}`))];
    case 'contacts': return (Array.isArray(body) ? body : []).map(contact => el('div', { class: 'card' }, el('b', {}, contact.name?.formatted_name ?? ''), ...(contact.phones ?? []).map(phone => el('span', {}, phone.phone ?? ''))));
    case 'interactive': return interactive(body, message, act);
    case 'button': return paragraph(body.text);
    case 'template': return template(body, message, act);
    default: return paragraph(`${t('unsupported')}: ${type}`, 'gone');
  }
}

export function bubble(message, find, act) {
  if (message.content.type === 'reaction') return null;
  const quoted = message.context?.id ?? message.context?.message_id;
  const [mine, theirs] = message.reactions;
  const node = el('div', { class: `msg${message.from_company ? '' : ' own'}${message.error ? ' failed' : ''}${mine || theirs ? ' has-reaction' : ''}` },
    quoted && el('button', { type: 'button', class: 'quote', onclick: () => act.jump(quoted) }, summary(find(quoted))),
    ...content(message, act),
    el('div', { class: 'meta' },
      !message.deleted && el('button', { type: 'button', class: 'btn-icon more', 'aria-label': t('more'), onclick: () => act.menu(message) }, icon('more')),
      message.edited && !message.deleted && el('span', {}, t('edited')), el('time', { dateTime: new Date(message.at_ms).toISOString() }, time(message.at_ms)), ...ticks(message)),
    (mine || theirs) && el('span', { class: 'reaction' }, [mine, theirs].filter(Boolean).join(' ')));
  node.dataset.id = message.id;
  return node;
}
