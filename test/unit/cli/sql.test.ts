import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { renderApplication } from "../../../cli/sql";
import { externalSettings } from "../external-settings";
import { matchesGolden } from "../golden";

const settings = externalSettings({ shardCount: 12 });

test("ecommerce's SQL equals the reviewed golden file", async () => {
  const golden = join(__dirname, "..", "..", "golden", "ecommerce", "data-plane.sql");
  matchesGolden(golden, await renderApplication(settings));
});

test("every SQL statement ends in a semicolon, REST calls and comments do not", async () => {
  const text = await renderApplication(settings);
  assert.match(text, /ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\n/);
  assert.doesNotMatch(text, /;;/);
  assert.match(text, /^PUT \/connectors\/\S+$/m);
});

test("rejects an unknown application", async () => {
  await assert.rejects(renderApplication({ ...settings, application: "shop" }), /There is no application `shop`/);
});
