import assert from "node:assert/strict";

export const title = "someone signs in and out; a wrong password says so without saying which part was wrong";

export async function journey(scene) {
  const app = await scene.app();
  await app.page.goto("/");
  assert.equal(await app.page.title(), "Master IA");
}
