// The desk with the customers' phones.
import { api, ask, close, el, icon, open } from './dom.js';
import { bubble, summary } from './bubble.js';
import { attach, location } from './attach.js';
import { locale, t } from './words.js';

const desk = document.getElementById('desk');
const tabs = document.getElementById('tabs');
const line = document.getElementById('line');
const phones = new Map();
let numbers = [];

document.documentElement.lang = locale;
for (const node of document.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
document.title = `Master IA · ${t('title')}`;

const shown = digits => {
  const br = /^55(\d{2})(\d{4,5})(\d{4})$/.exec(digits);
  return br ? `+55 ${br[1]} ${br[2]}-${br[3]}` : `+${digits}`;
};
const initials = name => name.split(/\s+/).map(word => word[0]).slice(0, 2).join('').toUpperCase();
const remembered = (key, value) => { try { if (value === undefined) return localStorage.getItem(key); localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ } return null; };
const say = text => { line.textContent = text; line.hidden = !text; };
const fail = text => { say(`${t('refused')}: ${text}`); setTimeout(() => line.textContent.startsWith(t('refused')) && say(''), 6000); };

class Phone {
  constructor(customer) {
    this.customer = customer; this.messages = new Map(); this.number = null; this.unread = new Map();
    this.isReading = true; this.isVisible = false; this.replyTo = null; this.editing = null; this.typingTimer = null;
    this.node = this.build();
    new IntersectionObserver(entries => {
      this.isVisible = entries.at(-1).intersectionRatio > .5;
      if (this.isVisible) { this.markTab(); this.read(); }
    }, { root: null, threshold: [0, .51, 1] }).observe(this.node);
  }

  build() {
    this.title = el('b'); this.subtitle = el('span');
    this.face = el('span', { class: 'face', 'aria-hidden': 'true' });
    this.eye = el('button', { type: 'button', class: 'btn-icon', onclick: () => { this.isReading = !this.isReading; this.dress(); this.read(); } });
    this.select = el('select', { 'aria-label': t('talkingTo'), onchange: () => this.talkTo(this.select.value) });
    this.strip = el('p', { class: 'strip', hidden: true });
    this.thread = el('div', { class: 'thread', role: 'log', 'aria-live': 'polite', tabIndex: 0 });
    this.about = el('div', { class: 'about', hidden: true });
    this.text = el('textarea', { rows: 1, placeholder: t('write'), 'aria-label': t('write'), maxLength: 4096, onkeydown: event => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
      if (event.key === 'Escape') this.setAside();
    } });
    const form = el('form', { onsubmit: event => { event.preventDefault(); this.submit(); } },
      el('button', { type: 'button', class: 'btn-icon', 'aria-label': t('attach'), title: t('attach'), onclick: () => attach({ number: this.number, send: message => this.send(message), fail, caption: () => { const text = this.text.value.trim(); this.text.value = ''; return text; } }) }, icon('plus')),
      this.text, el('button', { class: 'btn-icon send', 'aria-label': t('send'), title: t('send') }, icon('send')));
    this.clock = el('span');
    const status = el('div', { class: 'status', 'aria-hidden': 'true' }, this.clock, el('span', { class: 'island' }), el('span', { class: 'signs' }, icon('wifi'), icon('battery')));
    const node = el('section', { class: 'phone' }, status,
      el('header', {}, this.face, el('div', { class: 'who' }, this.title, this.subtitle), this.eye,
        el('button', { type: 'button', class: 'btn-icon', 'aria-label': t('menu'), title: t('menu'), onclick: () => this.options() }, icon('more'))),
      el('label', { class: 'to' }, el('span', {}, t('talkingTo')), this.select), this.strip, this.thread,
      el('div', { class: 'write' }, this.about, form));
    node.dataset.customer = this.customer.id;
    return node;
  }

  tick() { this.clock.textContent = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(); }

  dress() {
    this.tick();
    const { name, phone, user_id } = this.customer;
    this.title.textContent = name; this.face.textContent = initials(name);
    this.subtitle.textContent = phone ? shown(phone) : `${t('hidden')} · ${user_id}`;
    this.node.setAttribute('aria-label', name);
    this.eye.replaceChildren(icon(this.isReading ? 'eye' : 'eyeOff'));
    this.eye.setAttribute('aria-pressed', String(this.isReading));
    const word = t(this.isReading ? 'reading' : 'notReading');
    this.eye.title = word; this.eye.setAttribute('aria-label', word);
    this.select.replaceChildren(...numbers.map(number => {
      const unread = this.unread.get(number.id)?.size ?? 0;
      return el('option', { value: number.id }, `${number.name} · ${shown(number.display)}${unread ? ` · ${unread} ${t('unread')}` : ''}`);
    }));
    const wanted = this.number ?? remembered(`number.${this.customer.id}`);
    const number = numbers.find(number => number.id === wanted) ?? numbers[0];
    if (number) this.select.value = number.id;
    this.strip.hidden = Boolean(number?.subscribed);
    this.strip.textContent = number ? t('unsubscribed') : t('noNumbers');
    return number?.id ?? null;
  }

  async refresh() {
    this.number = this.dress();
    if (!this.number) { this.messages.clear(); this.draw(); return; }
    const { items } = await api(`customers/${this.customer.id}/thread?number=${encodeURIComponent(this.number)}`);
    this.messages = new Map(items.map(message => [message.id, message]));
    this.draw(); this.read();
  }

  async talkTo(number) {
    this.number = number; remembered(`number.${this.customer.id}`, number);
    this.unread.delete(number); this.setAside();
    await this.refresh();
  }

  draw() {
    const nodes = []; let day = '';
    for (const message of this.messages.values()) {
      const date = new Date(message.at_ms).toLocaleDateString(locale, { day: 'numeric', month: 'long' });
      const node = this.make(message);
      if (!node) continue;
      if (date !== day) { nodes.push(el('div', { class: 'day' }, date === new Date().toLocaleDateString(locale, { day: 'numeric', month: 'long' }) ? t('today') : date)); day = date; }
      nodes.push(...node);
    }
    if (!nodes.length) nodes.push(el('p', { class: 'empty' }, t('empty')));
    this.thread.replaceChildren(...nodes);
    this.thread.scrollTop = this.thread.scrollHeight;
  }

  make(message) {
    const node = bubble(message, id => this.messages.get(id), this);
    if (!node) return null;
    return message.error ? [node, el('p', { class: 'why' }, `${t('failed')}: ${message.error.title ?? ''} (${message.error.code ?? ''})`)] : [node];
  }

  take(number, message) {
    if (message.from_company) this.typing(false);
    if (number !== this.number && !this.messages.size && !remembered(`number.${this.customer.id}`)) {
      // The first word came from another number of the company: look there.
      this.number = number; this.refresh().catch(() => {});
      return;
    }
    if (number !== this.number) {
      if (message.from_company && !['read', 'played'].includes(message.progress)) { const set = this.unread.get(number) ?? new Set(); set.add(message.id); this.unread.set(number, set); this.dress(); }
      return;
    }
    const isKnown = this.messages.has(message.id);
    this.messages.set(message.id, message);
    const old = this.thread.querySelector(`[data-id="${CSS.escape(message.id)}"]`);
    const isPlaying = old?.querySelector('audio, video') && [...old.querySelectorAll('audio, video')].some(media => !media.paused);
    if (isKnown && old && !isPlaying) {
      const fresh = this.make(message);
      if (old.nextElementSibling?.classList.contains('why')) old.nextElementSibling.remove();
      if (fresh) old.replaceWith(...fresh);
    } else if (!isKnown) {
      const isAtEnd = this.thread.scrollHeight - this.thread.scrollTop - this.thread.clientHeight < 80;
      if (this.messages.size === 1) this.draw(); else this.thread.append(...(this.make(message) ?? []));
      if (isAtEnd || !message.from_company) this.thread.scrollTop = this.thread.scrollHeight;
    }
    if (message.from_company) this.read();
  }

  typing(isOn) {
    clearTimeout(this.typingTimer);
    this.thread.querySelector('.typing')?.remove();
    if (!isOn) return;
    this.thread.append(el('div', { class: 'typing', role: 'status', 'aria-label': t('typing') }, el('i'), el('i'), el('i')));
    this.thread.scrollTop = this.thread.scrollHeight;
    this.typingTimer = setTimeout(() => this.typing(false), 25000);
  }

  read() {
    if (!this.number || !this.isReading || !this.isVisible || document.visibilityState !== 'visible') return;
    const isUnread = [...this.messages.values()].some(message => message.from_company && !message.error && !['read', 'played'].includes(message.progress));
    if (isUnread) api(`customers/${this.customer.id}/read`, { number: this.number }).catch(() => {});
  }

  played(message) { api(`customers/${this.customer.id}/read`, { number: this.number, played: message.id }).catch(() => {}); }

  async send(message, replyTo = this.replyTo?.id) {
    if (!this.number) { fail(t('noNumbers')); return; }
    try { await api(`customers/${this.customer.id}/send`, { number: this.number, message, reply_to: replyTo }); this.setAside(); } catch (error) { fail(error.message); }
  }

  async submit() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = '';
    if (this.editing) {
      const { id } = this.editing; this.setAside();
      await api(`customers/${this.customer.id}/edit`, { id, text }).catch(error => fail(error.message));
    } else await this.send({ type: 'text', text: { body: text } });
  }

  set(kind, message) {
    this.replyTo = kind === 'reply' ? message : null; this.editing = kind === 'edit' ? message : null;
    this.about.hidden = false;
    this.about.replaceChildren(el('span', {}, `${t(kind === 'reply' ? 'replyingTo' : 'editing')} ${summary(message)}`), el('button', { type: 'button', class: 'btn-icon', 'aria-label': t('cancel'), onclick: () => this.setAside() }, icon('x')));
    if (kind === 'edit') this.text.value = message.content.text?.body ?? '';
    this.text.focus();
  }

  setAside() {
    if (this.editing) this.text.value = '';
    this.replyTo = null; this.editing = null; this.about.hidden = true;
  }

  jump(id) {
    const node = this.thread.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!node) return;
    node.scrollIntoView({ block: 'center' }); node.classList.add('flash'); setTimeout(() => node.classList.remove('flash'), 900);
  }

  react(message, emoji) { return this.send({ type: 'reaction', reaction: { message_id: message.id, ...(emoji && { emoji }) } }, null); }

  menu(message) {
    const item = (name, label, on) => el('button', { type: 'button', class: 'item', onclick: () => { close(); on(); } }, icon(name), label);
    const mine = !message.from_company;
    open(t('more'),
      el('div', { class: 'emoji', role: 'group', 'aria-label': t('react') }, ...['👍', '❤️', '😂', '😮', '😢', '🙏', '🎉', '👎'].map(emoji => el('button', { type: 'button', onclick: () => { close(); this.react(message, emoji); } }, emoji))),
      el('div', { class: 'list' },
        message.reactions[0] && item('x', t('unreact'), () => this.react(message, '')),
        item('reply', t('reply'), () => this.set('reply', message)),
        mine && message.content.type === 'text' && item('pencil', t('edit'), () => this.set('edit', message)),
        mine && item('trash', t('remove'), () => api(`customers/${this.customer.id}/delete`, { id: message.id }).catch(error => fail(error.message)))));
  }

  choose(action, message) {
    const sections = (action.sections ?? []).flatMap(section => [
      section.title && el('h3', {}, section.title),
      ...(section.rows ?? []).map(row => el('button', { type: 'button', class: 'item', onclick: () => { close(); this.send({ type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: row.id, title: row.title, ...(row.description && { description: row.description }) } } }, message.id); } }, el('span', {}, row.title, row.description && el('small', {}, row.description)))),
    ]);
    open(action.button ?? t('choose'), el('div', { class: 'list' }, ...sections.filter(Boolean)));
  }

  location(replyTo) { location((message, to) => this.send(message, to), replyTo); }

  flow(action, message) {
    ask(action.parameters?.flow_cta ?? t('flow'), { answer: { label: t('answer'), required: true } }, { save: t('send'), cancel: t('cancel') }, ({ answer }) => this.send({
      type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', response_json: JSON.stringify({ flow_token: action.parameters?.flow_token ?? 'unused', answer }) } },
    }, message.id));
  }

  options() {
    const item = (name, label, on) => el('button', { type: 'button', class: 'item', onclick: () => { close(); on(); } }, icon(name), label);
    open(this.customer.name, el('div', { class: 'list' },
      this.customer.phone && item('swap', t('renumber'), () => ask(t('renumber'), { phone: { label: t('newPhone'), required: true, inputMode: 'tel' } }, { save: t('save'), cancel: t('cancel') }, ({ phone }) => api(`customers/${this.customer.id}/number`, { phone }))),
      item('x', t('hide'), () => api(`customers/${this.customer.id}/hide`, {}))));
  }

  markTab() { for (const tab of tabs.children) tab.setAttribute('aria-current', String(tab.dataset.customer === String(this.customer.id))); }
}

async function reload() {
  const state = await api('state');
  numbers = state.numbers;
  const ids = new Set(state.customers.map(customer => customer.id));
  for (const [id, phone] of phones) if (!ids.has(id)) { phone.node.remove(); phones.delete(id); }
  for (const customer of state.customers) {
    const phone = phones.get(customer.id);
    if (phone) { phone.customer = customer; continue; }
    const made = new Phone(customer);
    phones.set(customer.id, made); desk.append(made.node);
  }
  tabs.replaceChildren(...state.customers.map(customer => {
    const tab = el('button', { type: 'button', onclick: () => phones.get(customer.id)?.node.scrollIntoView({ inline: 'center', behavior: 'smooth' }) }, customer.name);
    tab.dataset.customer = customer.id;
    return tab;
  }));
  await Promise.all([...phones.values()].map(phone => phone.refresh()));
  const front = [...phones.values()].find(phone => phone.isVisible) ?? phones.values().next().value;
  front?.markTab();
}

let pending = null;
const soon = () => { pending ??= setTimeout(() => { pending = null; reload().catch(() => {}); }, 50); };

function listen() {
  const source = new EventSource('/phone/api/events');
  source.onopen = () => { say(''); soon(); };
  source.onerror = () => { say(t('offline')); if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000); };
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    const phone = phones.get(event.customer);
    if (event.event === 'message') phone?.take(event.number, event.message);
    else if (event.event === 'typing') { if (phone?.number === event.number) phone.typing(true); }
    else soon();
  };
}

document.getElementById('add').addEventListener('click', () => ask(t('add'), { name: { label: t('name'), required: true }, phone: { label: t('phone'), hint: t('phoneHint'), inputMode: 'tel' } }, { save: t('save'), cancel: t('cancel') }, async ({ name, phone }) => {
  const { id } = await api('customers', { name, phone: phone || null });
  await reload();
  phones.get(id)?.node.scrollIntoView({ inline: 'center' });
}));
document.addEventListener('visibilitychange', () => { for (const phone of phones.values()) phone.read(); });
setInterval(() => { for (const phone of phones.values()) phone.tick(); }, 10_000);
listen();
