import assert from "node:assert/strict";
import { VECTORS } from "../lib/vectors.mjs";

export const title = "whatever a customer writes, calls herself or sends is shown as text and never runs";

export async function journey(scene) {
  const app = await scene.app();
  const { page } = app;
  await page.exposeFunction("alarm", (what) => {
    alarms.push(what);
  });
  const alarms = [];
  page.on("dialog", async (dialog) => {
    alarms.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url().includes("evil.example")) alarms.push(`request: ${request.url()}`);
  });
  await app.signIn();

  const to = scene.demo.channels[0].phone_number_id;
  const places = [
    (vector) => ({ text: vector }),
    (vector) => ({ message: { type: "document", document: { id: "none", filename: vector, caption: vector, mime_type: "application/pdf", sha256: "" } } }),
    (vector) => ({ message: { type: "button", button: { text: vector, payload: vector } } }),
    (vector) => ({ message: { type: "location", location: { latitude: -23.5, longitude: -46.6, name: vector, address: vector } } }),
    (vector) => ({ text: "veio do anúncio", referral: { headline: vector, body: vector, source_url: "https://example.com", source_type: "ad", source_id: "1" } }),
    (vector) => ({ message: { type: "unsupported", errors: [{ code: 131051, title: vector, message: vector, error_data: { details: vector } }] } }),
    (vector) => ({ message: { type: "interactive", interactive: { type: "button_reply", button_reply: { id: vector, title: vector } } } }),
    (vector) => ({ message: { type: "contacts", contacts: [{ name: { formatted_name: vector, first_name: vector }, phones: [{ phone: vector }] }] } }),
  ];
  const person = await scene.writer("Pessoa Comum", "Olá");
  await app.row(person.name).waitFor();
  await app.open(person.name);
  for (const [at, vector] of VECTORS.entries()) {
    const mark = `nº ${String(at).padStart(2, "0")}`;
    // In every place, and her name is a vector too.
    for (const place of places) {
      await scene.simulator.inbound({ from: person.phone, name: vector, to, ...place(vector) });
    }
    await scene.simulator.inbound({ from: person.phone, name: vector, to, text: `${vector} ${mark}` });
    const last = app.bubble(mark);
    await last.waitFor();
    // It stands there as it was written.
    const shown = await last.innerText();
    assert.ok(shown.includes(`${vector} ${mark}`), `${vector} is shown as ${shown}`);
  }
  await refusals(scene, app);
  assert.deepEqual(alarms, []);
  const foreign = await page.evaluate(() => document.querySelectorAll("[onerror],[onload],iframe,object,embed,a[href^='javascript:'],a[href^='data:']").length);
  assert.equal(foreign, 0, "something a customer wrote became an element");
  await scene.photograph(page, "inert");
}

/** The provider refuses fifty answers, in its own words each time. */
async function refusals(scene, app) {
  const { waba_id, phone_number_id } = scene.demo.channels[0];
  const { simulator } = scene;
  // Nothing but the refusal comes back.
  await simulator.config({ sent_ms: null, delivered_ms: null, read_ms: null });
  try {
    // One person is not written to fifty times in a row.
    for (const [n, half] of [VECTORS.slice(0, 25), VECTORS.slice(25)].entries()) {
      const name = `Recusada ${n + 1}`;
      const person = await scene.writer(name, "Oi");
      await app.row(name).waitFor();
      await app.open(name);
      for (const [at, vector] of half.entries()) {
        const text = `resposta ${String(at).padStart(2, "0")}`;
        await app.say(text);
        await app.reaches(text, /aceita|enviada/);
        const { id } = await simulator.sentTo(person.phone, text);
        const error = { code: 987_654, title: vector, message: vector, error_data: { details: vector } };
        const status = { id, status: "failed", recipient_id: person.phone, timestamp: String(Math.floor(Date.now() / 1000)), errors: [error] };
        const metadata = { display_phone_number: "551140000001", phone_number_id };
        await simulator.webhook({ waba_id, phone_number_id, field: "messages", value: { messaging_product: "whatsapp", metadata, statuses: [status] } });
        await app.bubble(text).getByText("987654").waitFor();
      }
    }
  } finally {
    await simulator.config({ sent_ms: 150, delivered_ms: 450, read_ms: 2_500 });
  }
}
