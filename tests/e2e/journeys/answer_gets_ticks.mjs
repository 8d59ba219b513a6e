export const title = "an answer reaches the phone, and its ticks turn as it is delivered and read";

export async function journey(scene) {
  const app = await scene.app();
  await app.signIn();
  const { name } = await scene.customer("Teresa Lima");
  const phones = await scene.phones();
  const phone = phones.of(name);
  await phone.write("Vocês abrem no sábado?");
  await app.row(name).waitFor();
  await app.open(name);
  await app.bubble("Vocês abrem no sábado?").waitFor();

  await app.say("Abrimos, das 9 às 13.");
  await phone.bubble("Abrimos, das 9 às 13.").waitFor();
  await phone.look();
  await app.reaches("Abrimos, das 9 às 13.", "lida");

  await app.bubble("Vocês abrem no sábado?").hover();
  await app.bubble("Vocês abrem no sábado?").getByRole("button", { name: "Responder a esta mensagem" }).click();
  await app.say("E no domingo também.");
  await phone.bubble("E no domingo também.").waitFor();
  await app.bubble("E no domingo também.").locator(".quote").getByText("Vocês abrem no sábado?").waitFor();
  await app.reaches("E no domingo também.", "lida");
}
