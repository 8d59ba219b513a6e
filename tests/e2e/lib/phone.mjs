// A customer's phone, on the simulator's page.
export class Phone {
  constructor(page) {
    this.page = page;
  }

  async open() {
    await this.page.goto("/phone");
  }
}
