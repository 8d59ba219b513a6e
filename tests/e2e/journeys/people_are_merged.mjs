import assert from "node:assert/strict";

export const title = "two records of one person are merged, and separated again";

export async function journey(scene) {
  const app = await scene.app();
  const { page } = app;
  await app.signIn(scene.demo.users.find((user) => user.role === "supervisor"));
  const first = await scene.writer("Rosa Antunes", "Escrevi do celular.");
  const second = await scene.writer("Rosinha do Trabalho", "E agora do trabalho.");
  await app.row(second.name).waitFor();
  await app.row(first.name).waitFor();
  await app.open(first.name);
  const pane = page.getByRole("complementary", { name: `Sobre ${first.name}` });
  await pane.getByRole("button", { name: "Juntar outro contato…" }).click();

  const dialog = page.getByRole("dialog", { name: "Juntar" });
  await dialog.getByRole("button", { name: "Juntar", exact: true }).click();
  await dialog.getByText("Escolha um contato da lista.").waitFor();
  await dialog.getByLabel("Quem é a mesma pessoa?").fill("Rosinha");
  await dialog.getByRole("radio", { name: /Rosinha do Trabalho/ }).check();
  await dialog.getByText(`${second.name} passa a aparecer em ${first.name}.`).waitFor();
  // Whoever has chosen is not told to choose any more.
  await dialog.getByText("Escolha um contato da lista.").waitFor({ state: "detached" });
  await scene.checkAccess(page);
  await scene.photograph(page, "dialog");
  await dialog.getByRole("button", { name: "Juntar", exact: true }).click();
  await dialog.waitFor({ state: "detached" });

  // Her numbers and her conversations stand together.
  await pane.getByText("Fichas juntas nesta").waitFor();
  await pane.locator("dd").nth(3).waitFor();
  assert.equal(await pane.locator(".mini-tl a").count(), 2);
  await scene.photograph(page, "merged");

  await pane.getByRole("button", { name: /^Separar/ }).click();
  await pane.getByText("Fichas juntas nesta").waitFor({ state: "detached" });
  assert.equal(await pane.locator(".mini-tl a").count(), 0);
}
