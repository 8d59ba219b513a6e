import assert from "node:assert/strict";

export const title = "the customer sees that somebody is writing; an emoji goes into the text where the caret is";

export async function journey(scene) {
  const app = await scene.app();
  const { page } = app;
  await app.signIn();
  const { name } = await scene.customer("Nilza Campos");
  const phone = (await scene.phones()).of(name);
  await phone.write("Tem bolo de fubá?");
  await app.row(name).waitFor();
  await app.open(name);

  await app.composer().pressSequentially("Tem sim!");
  await phone.node.locator(".typing").waitFor();

  await page.getByRole("button", { name: "Inserir emoji" }).click();
  const grid = page.getByRole("group", { name: "Emojis" });
  await grid.getByRole("button", { name: "😀" }).waitFor();
  await scene.checkAccess(page);
  await scene.photograph(page, "emoji");
  await grid.getByRole("button", { name: "☕" }).click();
  assert.equal(await app.composer().inputValue(), "Tem sim!☕");
  await app.composer().press("Home");
  await page.getByRole("button", { name: "Inserir emoji" }).click();
  await grid.getByRole("button", { name: "👋" }).click();
  assert.equal(await app.composer().inputValue(), "👋Tem sim!☕");
  await page.getByRole("button", { name: "Enviar", exact: true }).click();
  await phone.bubble("👋Tem sim!☕").waitFor();
  await phone.node.locator(".typing").waitFor({ state: "detached" });
}
