import { TELEPHONE } from "../lib/stage.mjs";

export const title = "everything can be done on a screen of 360 px";

export async function journey(scene) {
  const app = await scene.app({ viewport: TELEPHONE, hasTouch: true });
  const { page } = app;
  await page.goto("/");
  await page.getByRole("heading", { name: "Entrar" }).waitFor();
  await app.fits();
  await app.signIn();
  const { name } = await scene.writer("Otávio Bastos de Albuquerque", "Bom dia! Ainda tem vaga para amanhã?");
  await app.row(name).waitFor();
  await app.fits();
  await scene.checkAccess(page);
  await scene.photograph(page, "list");

  await app.open(name);
  await app.bubble("Ainda tem vaga").waitFor();
  await app.fits();
  await app.say("Temos, às 10 e às 15.");
  await app.reaches("Temos, às 10 e às 15.", /aceita|enviada|entregue|lida/);
  await scene.checkAccess(page);
  await scene.photograph(page, "conversation");
  await page.getByRole("link", { name: "Voltar à lista" }).click();
  await app.row(name).waitFor();
  await app.fits();
}
