// The platform as a person at work sees it: found by roles and labels, as they would.
import assert from "node:assert/strict";

export class App {
  constructor(page, scene) {
    this.page = page;
    this.scene = scene;
  }

  /** Writes somebody's address and password and presses the button. */
  async enter(email, password) {
    await this.page.getByLabel("E-mail", { exact: true }).fill(email);
    await this.page.getByLabel("Senha", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Entrar", exact: true }).click();
  }

  /** Signs in as somebody of the demo company who answers customers, and waits for the inbox. */
  async signIn(user = this.scene.operator()) {
    await this.page.goto("/");
    await this.enter(user.email, user.password);
    await this.isLive();
  }

  /** The line to the server stands and the list has come. */
  async isLive() {
    await this.page.getByRole("button", { name: /Ao vivo/ }).waitFor();
    await this.page.locator(".vlist").waitFor();
  }

  /** The row of a conversation. */
  row(name) {
    return this.page.locator("a.conv").filter({ hasText: name });
  }

  /** Opens the conversation with somebody, and leaves the list with the pointer: it holds still
   * under one. */
  async open(name) {
    await this.row(name).click();
    await this.page.mouse.move(2, 2);
    await this.page.locator("#talk-name", { hasText: name }).waitFor();
    await this.log().waitFor();
  }

  /** What was said in the open conversation. */
  log() {
    return this.page.getByRole("log");
  }

  /** A bubble of the open conversation. */
  bubble(text) {
    return this.log().locator("li.msg").filter({ hasText: text });
  }

  /** One bubble says it; one that was kept here until the server's answer gives way. */
  async isShownOnce(text) {
    await this.bubble(text).nth(1).waitFor({ state: "detached" });
    assert.equal(await this.bubble(text).count(), 1, `${text} is shown once`);
  }

  composer() {
    return this.page.locator("#composer");
  }

  /** Answers. */
  async say(text) {
    await this.composer().fill(text);
    await this.page.getByRole("button", { name: "Enviar", exact: true }).click();
  }

  /** How far a message came, in the words that are read out. */
  async reaches(text, word) {
    await this.bubble(text).locator(".sr", { hasText: word }).first().waitFor({ state: "attached" });
  }

  /** Nothing is wider than the screen. */
  async fits() {
    const { page } = this;
    const wide = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      screen: document.documentElement.clientWidth,
    }));
    assert.ok(wide.page <= wide.screen, `the page is ${wide.page} px wide on a screen of ${wide.screen}`);
  }
}
