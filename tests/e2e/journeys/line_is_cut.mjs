import assert from "node:assert/strict";

export const title = "while the line is down people go on reading, and when it is back nothing is missing or twice";

export async function journey(scene) {
  const app = await scene.app();
  const { page } = app;
  await app.signIn();
  const { name, phone } = await scene.writer("Iara Fontes", "Mensagem 1");
  await app.row(name).waitFor();
  await app.open(name);
  await app.bubble("Mensagem 1").waitFor();

  scene.expectComplaint(/ERR_INTERNET_DISCONNECTED|WebSocket|Failed to load|net::/);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: /Reconectando|Sem conexão/ }).waitFor();
  await app.bubble("Mensagem 1").waitFor();
  const to = scene.demo.channels[0].phone_number_id;
  const now = Math.floor(Date.now() / 1000);
  for (let at = 2; at <= 6; at += 1) {
    await scene.simulator.inbound({ from: phone, name, to, text: `Mensagem ${at}`, timestamp: now + at });
  }
  await app.say("Escrita sem linha.");
  await app.bubble("Escrita sem linha.").waitFor();
  await scene.photograph(page, "offline");

  await page.context().setOffline(false);
  await app.isLive();
  await app.bubble("Mensagem 6").waitFor();
  await app.reaches("Escrita sem linha.", /aceita|enviada|entregue|lida/);
  const texts = await app.log().locator("li.msg:not(.out)").allInnerTexts();
  const order = texts.map((text) => /Mensagem (\d)/.exec(text)?.[1]).filter(Boolean);
  assert.deepEqual(order, ["1", "2", "3", "4", "5", "6"]);
  const accepted = await scene.simulator.accepted();
  assert.equal(accepted.get(phone), 1);
}
