// Small hands for the page. Text enters as text only: nothing here or elsewhere sets HTML.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.includes('-')) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== false));
  return node;
}

// Lucide's lines (ISC licence).
const LINES = {
  wifi: ['M12 20h.01', 'M2 8.8a15 15 0 0 1 20 0', 'M5 12.9a10 10 0 0 1 14 0', 'M8.5 16.4a5 5 0 0 1 7 0'], battery: ['M22 14v-4', 'M2 7h16v10H2z', 'M6 11v2', 'M10 11v2', 'M14 11v2'],
  plus: ['M5 12h14', 'M12 5v14'], send: ['m5 12 7-7 7 7', 'M12 19V5'], x: ['M18 6 6 18', 'm6 6 12 12'],
  more: ['M12 12h.01', 'M19 12h.01', 'M5 12h.01'], reply: ['M20 18v-2a4 4 0 0 0-4-4H4', 'm9 17-5-5 5-5'],
  smile: ['M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0', 'M8 14s1.5 2 4 2 4-2 4-2', 'M9 9h.01', 'M15 9h.01'],
  pencil: ['M12 20h9', 'M16.4 3.6a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4Z'], trash: ['M3 6h18', 'M19 6v14H5V6', 'M8 6V3h8v3'],
  image: ['M3 5h18v14H3z', 'm21 15-4-4-8 8', 'M9 10h.01'], mic: ['M12 19v3', 'M19 10v2a7 7 0 0 1-14 0v-2', 'M12 2a3 3 0 0 1 3 3v7a3 3 0 0 1-6 0V5a3 3 0 0 1 3-3'],
  file: ['M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7z', 'M14 2v6h6'], pin: ['M20 10c0 5-8 12-8 12s-8-7-8-12a8 8 0 0 1 16 0', 'M15 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0'],
  user: ['M19 21v-2a4 4 0 0 0-4-4H9a4 4 0 0 0-4 4v2', 'M16 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0'], note: ['M9 18V5l12-2v13', 'M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0', 'M21 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0'],
  eye: ['M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7S2 12 2 12', 'M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0'], eyeOff: ['M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7S2 12 2 12', 'm3 3 18 18'],
  clock: ['M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0', 'M12 7v5l3 2'], check: ['M20 6 9 17l-5-5'], checks: ['M18 6 7 17l-5-5', 'm22 10-7.5 7.5L13 16'],
  alert: ['M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0', 'M12 8v4', 'M12 16h.01'], sparkle: ['M12 3l2 7 7 2-7 2-2 7-2-7-7-2 7-2z'], swap: ['m16 3 4 4-4 4', 'M20 7H4', 'm8 21-4-4 4-4', 'M4 17h16'],
};
const SVG = 'http://www.w3.org/2000/svg';
export function icon(name, kind = '') {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', class: kind })) svg.setAttribute(key, value);
  for (const d of LINES[name] ?? []) { const path = document.createElementNS(SVG, 'path'); path.setAttribute('d', d); svg.append(path); }
  return svg;
}

export async function api(path, body) {
  const answer = await fetch(`/phone/api/${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.error ?? `HTTP ${answer.status}`);
  return json;
}

const sheet = document.getElementById('sheet');
sheet.addEventListener('click', event => { if (event.target === sheet) sheet.close(); });
export function open(title, ...content) { sheet.replaceChildren(el('h2', {}, title), ...content); sheet.setAttribute('aria-label', title); sheet.showModal(); return sheet; }
export function close() { sheet.close(); }

// A form of texts; `done` gets the values and may refuse with an Error.
export function ask(title, fields, { save, cancel }, done) {
  const trouble = el('p', { class: 'bad', role: 'alert', hidden: true });
  const inputs = Object.entries(fields).map(([name, field]) => [name, el('input', { name, value: field.value ?? '', required: field.required ?? false, inputMode: field.inputMode ?? 'text', autocomplete: 'off', maxLength: 200 }), field]);
  const form = el('form', { onsubmit: async event => {
    event.preventDefault();
    try { await done(Object.fromEntries(inputs.map(([name, input]) => [name, input.value.trim()]))); close(); }
    catch (error) { trouble.textContent = error.message; trouble.hidden = false; }
  } }, ...inputs.map(([, input, field]) => el('label', {}, field.label, input, field.hint && el('span', { class: 'hint' }, field.hint))), trouble,
  el('div', { class: 'row' }, el('button', { type: 'button', class: 'btn', onclick: close }, cancel), el('button', { class: 'btn btn-main' }, save)));
  open(title, form);
}
