// The simulated providers' controls.
export class Simulator {
  constructor(url) {
    this.url = url;
  }

  /** What was sent and received so far. */
  stats() {
    return this.#ask("GET", "/_sim/stats");
  }

  /** Changes how the providers behave from now on. */
  config(changes) {
    return this.#ask("POST", "/_sim/config", changes);
  }

  /** Makes a customer write. */
  inbound(message) {
    return this.#ask("POST", "/_sim/inbound", message);
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
