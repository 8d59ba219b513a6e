import { DESK, TELEPHONE } from "../lib/stage.mjs";

export const title = "the screens are usable by everybody in both languages, light and dark, wide and narrow";

export async function journey(scene) {
  const { name } = await scene.writer("Ana Lobo", "Vocês entregam em Olinda?");
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, viewport] of [["wide", DESK], ["narrow", TELEPHONE]]) {
      const app = await scene.app({ viewport, colorScheme });
      await app.signIn();
      await app.row(name).waitFor();
      await app.open(name);
      await app.bubble("Vocês entregam em Olinda?").waitFor();
      await scene.checkAccess(app.page);
      await app.fits();
      await scene.photograph(app.page, `inbox-${colorScheme}-${width}`);
      await app.page.goto(app.page.url().replace(/\/conversas.*/, "/canais"));
      await app.page.getByRole("heading", { name: "Canais", exact: true }).first().waitFor();
      await app.page.getByText(scene.demo.channels[0].name).first().waitFor();
      await scene.checkAccess(app.page);
      await app.fits();
      await scene.photograph(app.page, `channels-${colorScheme}-${width}`);
    }
  }

  const english = await scene.app({ locale: "en-US" });
  const user = scene.operator();
  await english.page.goto("/");
  await english.page.getByRole("button", { name: "English", exact: true }).click();
  await english.page.getByLabel("E-mail", { exact: true }).fill(user.email);
  await english.page.getByLabel("Password", { exact: true }).fill(user.password);
  await english.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await english.page.getByRole("button", { name: /Live/ }).waitFor();
  await english.row(name).waitFor();
  await scene.checkAccess(english.page);
  await scene.photograph(english.page, "inbox-english");
}
