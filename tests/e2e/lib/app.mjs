// The platform as a person at work sees it: found by roles and labels, as they would.
export class App {
  constructor(page, scene) {
    this.page = page;
    this.scene = scene;
  }

  /** Signs in as somebody of the demo company; by default the first. */
  async signIn(user = this.scene.demo.users[0]) {
    await this.page.goto("/");
    await this.page.getByRole("textbox", { name: /e-mail/i }).fill(user.email);
    await this.page.getByLabel(/^(senha|password)$/i).fill(user.password);
    await this.page.getByRole("button", { name: /^(entrar|sign in)$/i }).click();
  }
}
