import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { publishedColumns } from "../../../../architecture/data-plane/outbox-table";
import { type OutboxState, outbox } from "../../../../provider/resources/outbox";
import { matchesGolden } from "../../golden";

const wanted = {
  column: "tenant_id",
  type: "uuid",
  colocateWith: "ecommerce.tenants",
  maxPayloadBytes: 8192,
  aggregates: ["order", "payment"],
  publication: "tenantry_outbox",
} as const;
const state: OutboxState = {
  ...wanted,
  distributed: "yes",
  published: publishedColumns("tenant_id"),
  checks: "kept",
  shardCatalogs: "kept",
};
const none = new Set<string>();
const golden = (name: string) => join(__dirname, "../../../golden/provider", name);
const paths = (old: Partial<OutboxState>, next = wanted) =>
  outbox.diff({ ...state, ...old }, next).map(({ path }) => path);

test("creates the outbox as in the golden file", () => {
  matchesGolden(golden("outbox.sql"), `${outbox.preview(undefined, wanted).join(";\n")}\n`);
});

test("changes the limit as in the golden file", () => {
  const lines = outbox.preview(state, { ...wanted, maxPayloadBytes: 65_536 });
  matchesGolden(golden("outbox-limit.sql"), `${lines.join(";\n")}\n`);
});

test("finds no difference in an outbox as declared", () => {
  assert.deepEqual(outbox.diff(state, wanted), []);
  assert.deepEqual(outbox.preview(state, wanted), []);
});

test("lists each drifted part by its name", () => {
  assert.deepEqual(paths({ maxPayloadBytes: 0 }), ["maxPayloadBytes"]);
  assert.deepEqual(paths({ published: [] }), ["published"]);
  assert.deepEqual(paths({ distributed: "missing" }), ["distributed"]);
  assert.deepEqual(paths({ colocateWith: "ecommerce.others" }), ["colocateWith"]);
  assert.deepEqual(paths({ shardCatalogs: "missing" }), ["shardCatalogs"]);
});

test("ignores placement without Citus", () => {
  assert.deepEqual(paths({ distributed: "impossible", shardCatalogs: "impossible", colocateWith: "a.b" }), []);
});

test("previews the deletion with the effect of the opt-in", () => {
  assert.match(outbox.preview(state, undefined)[0] ?? "", /stays with its rows, unless .* "drop tenantry.outbox"/);
});

test("rejects another tenant column, and one named like a column of the outbox", () => {
  const [problem] = outbox.check?.(state, { ...wanted, column: "account_id" }, none) ?? [];
  assert.equal(problem?.expected, "tenant_id uuid, as it is now");
  const [taken] = outbox.check?.(undefined, { ...wanted, column: "type" }, none) ?? [];
  assert.match(taken?.what ?? "", /name of one of the outbox's own columns/);
});

test("rejects moving a distributed outbox without the opt-in", () => {
  const moved = { ...wanted, colocateWith: "ecommerce.others" };
  assert.match(outbox.check?.(state, moved, none)?.[0]?.fix ?? "", /redistribute tenantry.outbox/);
  assert.deepEqual(outbox.check?.(state, moved, new Set(["redistribute tenantry.outbox"])), []);
});
