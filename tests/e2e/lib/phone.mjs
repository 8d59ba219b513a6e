// Customers' phones, on the simulator's page.
export class Phones {
  constructor(page) {
    this.page = page;
  }

  async open() {
    await this.page.goto("/phone");
  }

  /** The phone of a customer. */
  of(name) {
    return new Phone(this.page, this.page.getByRole("region", { name, exact: true }));
  }
}

class Phone {
  constructor(page, node) {
    this.page = page;
    this.node = node;
  }

  /** Writes to the company. */
  async write(text) {
    await this.node.getByRole("textbox", { name: "Mensagem" }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** A bubble on this phone. */
  bubble(text) {
    return this.node.getByRole("log").getByText(text, { exact: true });
  }

  /** Brings it into view, and with that reads what is on it. */
  async look() {
    await this.node.scrollIntoViewIfNeeded();
  }
}
