export const title = "after the service window the composer says so and offers a template";

const A_DAY_AND_AN_HOUR = 25 * 60 * 60;

export async function journey(scene) {
  const app = await scene.app();
  await app.signIn();
  const timestamp = Math.floor(Date.now() / 1000) - A_DAY_AND_AN_HOUR;
  const { name } = await scene.writer("Célia Rocha", "Quero saber do plano anual", { timestamp });
  await app.row(name).waitFor();
  await app.row(name).getByText("fechada").waitFor();
  await app.open(name);
  await app.page.getByText(/Janela fechada/).first().waitFor();
  await app.page.getByRole("button", { name: "Usar modelo" }).waitFor();
  await scene.checkAccess(app.page);
  await scene.photograph(app.page, "closed");
}
