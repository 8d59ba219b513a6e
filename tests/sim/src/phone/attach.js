// What a customer can add to a message: files, a place, a person.
import { ask, close, el, icon, open } from './dom.js';
import { t } from './words.js';

const words = () => ({ save: t('send'), cancel: t('cancel') });

async function upload(number, blob, name) {
  const query = new URLSearchParams({ number, name, type: blob.type });
  const answer = await fetch(`/phone/api/media?${query}`, { method: 'POST', body: blob });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error);
  return json.id;
}

function pick(accept, then) {
  const input = el('input', { type: 'file', accept });
  input.addEventListener('change', () => input.files[0] && then(input.files[0]));
  input.click();
}

// A picture nobody had to look for: evening paper with a number on it.
async function sample() {
  const canvas = el('canvas', { width: 640, height: 420 });
  const pen = canvas.getContext('2d');
  const paper = pen.createLinearGradient(0, 0, 640, 420);
  paper.addColorStop(0, '#f3e9d2'); paper.addColorStop(1, '#0f5673');
  pen.fillStyle = paper; pen.fillRect(0, 0, 640, 420);
  pen.fillStyle = '#bf4419'; pen.beginPath(); pen.arc(470, 130, 46, 0, 7); pen.fill();
  pen.fillStyle = 'rgb(255 254 251 / .92)'; pen.font = '600 40px system-ui, sans-serif';
  pen.fillText(new Date().toLocaleTimeString(), 40, 370);
  return new Promise(done => canvas.toBlob(done, 'image/jpeg', .85));
}

// Records until it is stopped.
async function record(number, send, fail) {
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ audio: true }); } catch { fail(t('noMicrophone')); return; }
  const kind = ['audio/ogg;codecs=opus', 'audio/mp4', 'audio/webm;codecs=opus'].find(kind => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, { mimeType: kind });
  const parts = [];
  let isKept = false;
  recorder.ondataavailable = event => parts.push(event.data);
  recorder.onstop = async () => {
    for (const track of stream.getTracks()) track.stop();
    if (!isKept) return;
    try { send({ type: 'audio', audio: { id: await upload(number, new Blob(parts, { type: recorder.mimeType }), 'audio'), voice: true } }); } catch (error) { fail(error.message); }
  };
  const sheet = open(t('recording'), el('div', { class: 'row' }, el('button', { class: 'btn', onclick: close }, t('cancel')), el('button', { class: 'btn btn-main', onclick: () => { isKept = true; close(); } }, t('stop'))));
  sheet.addEventListener('close', () => recorder.state !== 'inactive' && recorder.stop(), { once: true });
  recorder.start();
}

export function location(send, replyTo) {
  ask(t('location'), {
    name: { label: t('place'), value: 'Praça da Liberdade' }, address: { label: t('address'), value: 'Belo Horizonte, MG' },
    latitude: { label: t('latitude'), value: '-19.9320', required: true, inputMode: 'decimal' }, longitude: { label: t('longitude'), value: '-43.9381', required: true, inputMode: 'decimal' },
  }, words(), async values => {
    const latitude = Number(values.latitude.replace(',', '.'));
    const longitude = Number(values.longitude.replace(',', '.'));
    if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) throw new Error(`${t('latitude')} / ${t('longitude')}`);
    await send({ type: 'location', location: { latitude, longitude, ...(values.name && { name: values.name }), ...(values.address && { address: values.address }) } }, replyTo);
  });
}

function contact(send) {
  ask(t('contact'), { name: { label: t('name'), required: true }, phone: { label: t('phone'), required: true, inputMode: 'tel' } }, words(), async values => {
    const [first_name, ...rest] = values.name.split(' ');
    const name = { formatted_name: values.name, first_name, ...(rest.length && { last_name: rest.join(' ') }) };
    await send({ type: 'contacts', contacts: [{ name, phones: [{ phone: values.phone, type: 'CELL', wa_id: values.phone.replace(/\D/g, '') }] }] });
  });
}

// The menu of it all.
export function attach({ number, send, fail, caption }) {
  const put = async (kind, blob, name, extra = {}) => {
    try { await send({ type: kind, [kind]: { id: await upload(number, blob, name), ...extra } }); } catch (error) { fail(error.message); }
  };
  const words = () => { const text = caption(); return text ? { caption: text } : {}; };
  const items = [
    ['image', t('photo'), () => pick('image/*,video/*', file => put(file.type.startsWith('video/') ? 'video' : 'image', file, file.name, words()))],
    ['sparkle', t('sample'), async () => put('image', await sample(), 'exemplo.jpg', words())],
    ['smile', t('sticker'), () => pick('image/webp', file => put('sticker', file, file.name, { animated: false }))],
    ['mic', t('voice'), () => record(number, send, fail)],
    ['note', t('audio'), () => pick('audio/*', file => put('audio', file, file.name, { voice: false }))],
    ['file', t('document'), () => pick('', file => put('document', file, file.name, { filename: file.name, ...words() }))],
    ['pin', t('location'), () => location(send)],
    ['user', t('contact'), () => contact(send)],
  ];
  open(t('attach'), el('div', { class: 'list' }, ...items.map(([name, label, on]) => el('button', { type: 'button', class: 'item', onclick: () => { close(); on(); } }, icon(name), label))));
}

