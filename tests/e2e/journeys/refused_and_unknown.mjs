import assert from "node:assert/strict";

export const title = "a refusal shows its reason and keeps the text; an unknown outcome is said and never repeated";

export async function journey(scene) {
  const app = await scene.app();
  await app.signIn();
  const refused = await scene.writer("Rui Sampaio", "Recebeu meu documento?");
  await scene.simulator.config({ answers_to: { [refused.phone]: ["131026"] } });
  await app.row(refused.name).waitFor();
  await app.open(refused.name);
  await app.say("Recebemos sim, obrigado.");
  await app.reaches("Recebemos sim, obrigado.", "não enviada");
  await app.bubble("Recebemos sim, obrigado.").getByText(/não está no WhatsApp/).waitFor();
  await scene.photograph(app.page, "refused");

  const unknown = await scene.writer("Lia Moraes", "Confirma para amanhã?");
  await scene.simulator.config({ answers_to: { [unknown.phone]: ["cut"] } });
  await app.row(unknown.name).waitFor();
  await app.open(unknown.name);
  await app.say("Confirmado, às 9.");
  // The provider had accepted it: its status settles the question, without a second send.
  await app.reaches("Confirmado, às 9.", /enviada|entregue|lida/);
  const accepted = await scene.simulator.accepted();
  assert.equal(accepted.get(unknown.phone), 1);
}
