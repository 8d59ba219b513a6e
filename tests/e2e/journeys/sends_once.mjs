import assert from "node:assert/strict";

export const title = "a double click and a line that is lost while sending send once";

export async function journey(scene) {
  const app = await scene.app();
  const { page } = app;
  await app.signIn();
  const { name, phone } = await scene.writer("Dora Nunes", "Pode mandar o endereço?");
  await app.row(name).waitFor();
  await app.open(name);

  await app.composer().fill("Rua das Flores, 12.");
  await page.getByRole("button", { name: "Enviar", exact: true }).dblclick();
  await app.reaches("Rua das Flores, 12.", /aceita|enviada|entregue|lida/);

  // The first answer of the server is lost on its way back.
  scene.expectComplaint(/ERR_FAILED|Failed to load resource|net::/);
  let isLost = false;
  await page.route("**/api/v1/**", async (route) => {
    if (route.request().method() === "POST" && !isLost && route.request().postData()?.includes("portão azul")) {
      isLost = true;
      await route.fetch();
      await route.abort();
    } else {
      await route.continue();
    }
  });
  await app.say("É o portão azul.");
  await app.reaches("É o portão azul.", /aceita|enviada|entregue|lida/);
  assert.ok(isLost, "no answer was lost");

  const accepted = await scene.simulator.accepted();
  assert.equal(accepted.get(phone), 2, "the provider accepted each once");
  for (const text of ["Rua das Flores, 12.", "É o portão azul."]) {
    await app.isShownOnce(text);
  }
}
