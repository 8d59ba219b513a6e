import assert from "node:assert/strict";

export const title = "someone signs in and out; a wrong password is refused and what was typed stays";

export async function journey(scene) {
  const app = await scene.app();
  const { page } = app;
  const user = scene.operator();
  scene.expectComplaint(/status of 401/);

  await page.goto("/");
  await page.getByRole("heading", { name: "Entrar" }).waitFor();
  await scene.checkAccess(page);
  await scene.photograph(page, "empty");

  await app.enter(user.email, "não é esta");
  const password = page.getByLabel("Senha", { exact: true });
  await page.locator("#password[aria-invalid=true]").waitFor();
  assert.equal(await page.getByLabel("E-mail", { exact: true }).inputValue(), user.email);
  const wrong = await page.locator("form").innerText();
  await app.enter("ninguem@example.com", "não é esta");
  await page.locator("#password[aria-invalid=true]").waitFor();
  await page.waitForFunction((text) => document.querySelector("form").innerText === text, wrong);

  await app.enter(user.email, user.password);
  await app.isLive();
  assert.equal(await password.count(), 0);
  await scene.checkAccess(page);

  await page.getByRole("button", { name: /Sua conta:/ }).click();
  await page.getByRole("button", { name: "Sair" }).or(page.getByRole("menuitem", { name: "Sair" })).first().click();
  await page.getByRole("heading", { name: "Entrar" }).waitFor();
  await page.goto("/");
  await page.getByRole("heading", { name: "Entrar" }).waitFor();
}
