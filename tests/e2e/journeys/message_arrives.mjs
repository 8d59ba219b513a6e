import assert from "node:assert/strict";

export const title = "a customer writes on her phone and the operator sees it within a second";

const TRIES = 5;
const WITHIN_MS = 1_000;

export async function journey(scene) {
  const app = await scene.app();
  await app.signIn();
  const { name } = await scene.customer("Marina Prado");
  const phones = await scene.phones();
  const phone = phones.of(name);

  // The first message opens a conversation; the others arrive in it.
  const times = [];
  for (let at = 1; at <= TRIES; at += 1) {
    const text = at === 1 ? "Oi, quanto custa?" : `Oi, quanto custa? ${at}`;
    const written = performance.now();
    await phone.write(text);
    await app.row(name).filter({ hasText: text }).waitFor();
    times.push(performance.now() - written);
  }
  times.sort((one, other) => one - other);
  const median = times[Math.floor(TRIES / 2)];
  assert.ok(median <= WITHIN_MS, `it took ${times.map(Math.round).join(", ")} ms to be seen`);

  await app.row(name).getByText("não lidas:").waitFor({ state: "attached" });
  await app.open(name);
  await app.bubble("Oi, quanto custa? 5").waitFor();
  assert.equal(await app.log().locator("li.msg").count(), TRIES);
  await scene.photograph(app.page, "conversation");
  await scene.checkAccess(app.page);
}
