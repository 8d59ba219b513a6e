// The browser and what a journey may use: pages of people at work, phones of customers, pictures,
// and the check for accessibility.
//
// Nothing here sleeps: everything waits for a state, and says which one did not come.
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { App } from "./app.mjs";
import { Phones } from "./phone.mjs";
import { Simulator } from "./simulator.mjs";

const require = createRequire(import.meta.url);

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long a state may take to come before a journey fails. */
export const PATIENCE = 15_000;

/** How wide a desk and a telephone are. */
export const DESK = { width: 1440, height: 900 };
export const TELEPHONE = { width: 360, height: 740 };

export class Stage {
  static async open() {
    const demo = JSON.parse(await readFile(given("MASTERIA_E2E_DEMO"), "utf8"));
    const browser = await chromium.launch({ executablePath: given("MASTERIA_E2E_CHROMIUM"), args: FLAGS });
    const shots = given("MASTERIA_E2E_SHOTS");
    await mkdir(shots, { recursive: true });
    return new Stage(browser, demo, shots);
  }

  constructor(browser, demo, shots) {
    this.browser = browser;
    this.demo = demo;
    this.shots = shots;
    this.url = given("MASTERIA_E2E_URL");
    this.simulator = new Simulator(given("MASTERIA_E2E_SIM"));
  }

  /** A Brazilian phone number that nobody had before. */
  nextPhone() {
    this.lastPhone = (this.lastPhone ?? 0) + 1;
    return `5511${String(970_000_000 + (process.pid % 10_000) * 1_000 + this.lastPhone)}`;
  }

  scene(name) {
    return new Scene(this, name);
  }

  close() {
    return this.browser.close();
  }
}

class Scene {
  #contexts = [];
  #complaints = [];
  // Nobody is signed in yet when the page asks who is.
  #expected = [/status of 401 .*\/api\/v1\/me$/];

  constructor(stage, name) {
    this.stage = stage;
    this.name = name;
    this.demo = stage.demo;
    this.simulator = stage.simulator;
  }

  /** A page of the platform in a browser of its own; nobody is signed in. */
  async app({ viewport = DESK, locale = "pt-BR", colorScheme = "light", ...more } = {}) {
    const page = await this.#page({ viewport, locale, colorScheme, baseURL: this.stage.url, ...more });
    return new App(page, this);
  }

  /** The customers' phones, side by side. */
  async phones() {
    const page = await this.#page({ viewport: DESK, locale: "pt-BR", baseURL: this.simulator.url });
    const phones = new Phones(page);
    await phones.open();
    return phones;
  }

  /** Somebody of the demo company who answers customers. */
  operator() {
    const { users } = this.demo;
    return users.find((user) => user.role === "operator") ?? users[0];
  }

  /** A customer whom only this journey knows. */
  async customer(name) {
    const phone = this.stage.nextPhone();
    await this.simulator.addCustomer(name, phone);
    return { name, phone };
  }

  /** A customer whom only this journey knows, who has written something. */
  async writer(name, text, more = {}) {
    const phone = this.stage.nextPhone();
    const to = this.demo.channels[0].phone_number_id;
    await this.simulator.inbound({ from: phone, name, to, text, ...more });
    return { name, phone };
  }

  /** A refusal that this journey provokes, so that the browser's complaint about it is expected. */
  expectComplaint(pattern) {
    this.#expected.push(pattern);
  }

  /** The console stays clean: no error, no refused resource, no exception. */
  async checkConsole() {
    const left = this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    if (left.length > 0) throw new Error(`the browser complained:\n${left.join("\n")}`);
  }

  /** A picture of a page, named after the journey. */
  async photograph(page, what) {
    await page.screenshot({ path: join(this.stage.shots, `${this.name}-${what}.png`), animations: "disabled" });
  }

  async photographAll(what) {
    let count = 0;
    for (const context of this.#contexts) {
      for (const page of context.pages()) {
        count += 1;
        await this.photograph(page, `${what}-${count}`).catch(() => {});
      }
    }
  }

  /** axe-core finds nothing that hinders people who see, hear or move differently. */
  async checkAccess(page) {
    await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
    const found = await page.evaluate(() =>
      globalThis.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
    );
    const lines = found.violations.map(
      ({ id, impact, help, nodes }) => `${id} (${impact}): ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`,
    );
    if (lines.length > 0) throw new Error(`not everybody can use this page:\n${lines.join("\n")}`);
  }

  async close() {
    for (const context of this.#contexts) await context.close();
  }

  async #page(options) {
    const context = await this.stage.browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") this.#complaints.push(`${message.text()} ${message.location().url ?? ""}`);
    });
    page.on("pageerror", (error) => this.#complaints.push(String(error)));
    return page;
  }
}

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: cargo xtask e2e starts the platform and describes it`);
  return value;
}
