// The simulated providers' controls.
export class Simulator {
  constructor(url) {
    this.url = url;
  }

  /** What was sent and received so far. */
  stats() {
    return this.#ask("GET", "/_sim/stats");
  }

  /** How often something was accepted for each recipient. */
  async accepted() {
    const text = await this.#ask("GET", "/_sim/accepted");
    const lines = String(text).split("\n").filter(Boolean);
    return new Map(lines.map((line) => [line.split("\t")[0], Number(line.split("\t")[1])]));
  }

  /** Changes how the providers behave from now on. */
  config(changes) {
    return this.#ask("POST", "/_sim/config", changes);
  }

  /** Sends a webhook of any field. */
  webhook(change) {
    return this.#ask("POST", "/_sim/webhook", change);
  }

  /** What was accepted for somebody and says this. */
  async sentTo(phone, text) {
    const { items } = await this.#ask("GET", "/_sim/messages?from=company");
    return items.find((item) => JSON.stringify(item).includes(phone) && JSON.stringify(item).includes(text));
  }

  /** Makes a customer write. */
  inbound(message) {
    return this.#ask("POST", "/_sim/inbound", message);
  }

  /** Gives a customer a phone on the page. */
  addCustomer(name, phone) {
    return this.#ask("POST", "/phone/api/customers", { name, phone });
  }

  async #ask(method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: body ? { "content-type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
  }
}
