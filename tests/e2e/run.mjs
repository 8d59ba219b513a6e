// Runs the journeys one after the other, each in a browser context of its own, against the platform
// that `cargo xtask e2e` has started and describes in the environment. Words on the command line
// choose journeys by name; `--list` prints the names.
import { readdir } from "node:fs/promises";
import { Stage } from "./lib/stage.mjs";

const folder = new URL("journeys/", import.meta.url);
const names = (await readdir(folder))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.replace(/\.mjs$/, ""))
  .sort();
const words = process.argv.slice(2);
if (words.includes("--list")) {
  console.log(names.join("\n"));
  process.exit(0);
}
const chosen = names.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) {
  console.error(`no journey is named like ${words.join(" or ")}; there are: ${names.join(", ")}`);
  process.exit(2);
}

const stage = await Stage.open();
const failed = [];
for (const name of chosen) {
  const started = performance.now();
  const { title, journey } = await import(new URL(`${name}.mjs`, folder));
  const scene = stage.scene(name);
  try {
    await journey(scene);
    await scene.checkConsole();
    console.log(`    PASS [${seconds(started)}] ${name}: ${title}`);
  } catch (error) {
    failed.push(name);
    console.log(`    FAIL [${seconds(started)}] ${name}: ${title}\n${error.stack ?? error}`);
    await scene.photographAll("failed");
  } finally {
    await scene.close();
  }
}
await stage.close();
console.log(`${chosen.length} journeys: ${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);

function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
