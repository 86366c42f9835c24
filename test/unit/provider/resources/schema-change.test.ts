import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { type Phase, phases } from "../../../../architecture/changes/phase";
import type { SchemaChangeInputs } from "../../../../architecture/data-plane/declaration";
import { ranSince } from "../../../../provider/evolution/column-users";
import { schemaChange } from "../../../../provider/resources/schema-change";
import { matchesGolden } from "../../golden";
import { lasting } from "../../lasting";

const golden = join(__dirname, "..", "..", "..", "golden", "provider", "schema-change.sql");

function inPhase(phase: Phase): SchemaChangeInputs {
  return {
    change: "085_total_in_cents",
    path: "sql/shop/changes/085_total_in_cents.yaml",
    schema: "shop",
    table: "orders",
    phase,
    key: ["tenant_id", "order_id"],
    tenant: { column: "tenant_id", rootSchema: "shop", root: "tenants" },
    add: [
      {
        name: "total_cents",
        type: "bigint",
        notNull: true,
        value: '("total" * 100)::bigint',
        valueOfNew: '(NEW."total" * 100)::bigint',
      },
    ],
    drop: [{ name: "total", value: '("total_cents" / 100.0)', valueOfNew: '(NEW."total_cents" / 100.0)' }],
    soak: lasting("7 days"),
  };
}

test("shows the statements of each phase, forwards and back", () => {
  const way: readonly (Phase | undefined)[] = [undefined, ...phases, undefined];
  const forwards = phases.map((phase, index) => {
    const from = way[index];
    return [`-- ${from ?? "not begun"} -> ${phase}`, ...schemaChange.preview(from && inPhase(from), inPhase(phase))];
  });
  const backwards = (["switch-reads", "backfill", "dual-write"] as const).map((phase) => {
    const to = phases[phases.indexOf(phase) - 1] ?? "expand";
    return [`-- ${phase} -> ${to}`, ...schemaChange.preview(inPhase(phase), inPhase(to))];
  });
  const removed = ["-- expand -> not begun", ...schemaChange.preview(inPhase("expand"), undefined)];
  matchesGolden(golden, `${[...forwards, ...backwards, removed].map((lines) => lines.join("\n")).join("\n\n")}\n`);
});

test("changes only the phase of a change that goes on", () => {
  assert.deepEqual(schemaChange.diff(inPhase("expand"), inPhase("dual-write")), [{ path: "phase", how: "update" }]);
  assert.deepEqual(schemaChange.diff(inPhase("expand"), inPhase("expand")), []);
});

test("refuses in the preview to skip a phase, to go back from contract, and to contract without the opt-in", () => {
  const check = (from: Phase, to: Phase, ...allow: readonly string[]) =>
    schemaChange.check?.(inPhase(from), inPhase(to), new Set(allow)).map(({ what }) => what);
  assert.deepEqual(check("expand", "backfill"), [
    "The schema change 085_total_in_cents can't go from expand to backfill",
  ]);
  assert.deepEqual(check("contract", "switch-reads"), [
    "The schema change 085_total_in_cents can't go from contract to switch-reads",
  ]);
  assert.deepEqual(check("switch-reads", "contract"), [
    "The phase contract of 085_total_in_cents drops columns with their values",
  ]);
  assert.deepEqual(check("switch-reads", "contract", "contract 085_total_in_cents"), []);
  assert.deepEqual(check("backfill", "dual-write"), []);
});

test("refuses in the preview what was edited after the change had begun", () => {
  const edited = { ...inPhase("expand"), drop: [] };
  const [problem] = schemaChange.check?.(inPhase("expand"), edited, new Set()) ?? [];
  assert.match(problem?.what ?? "", /was edited after it had begun/);
});

test("counts only statements that ran since the readers switched", () => {
  const found = ["1", "2", "3"].map((id) => ({ id, calls: id === "2" ? "8" : "7", query: `query ${id}` }));
  assert.deepEqual(
    ranSince({ "1": "7", "2": "7" }, found).map(({ id }) => id),
    ["2", "3"],
  );
});

test("recognises its definition in whatever order Pulumi stores the properties", () => {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toSorted()
              .map(([key, inner]) => [key, sorted(inner)]),
          )
        : value;
  const stored = sorted(inPhase("expand")) as SchemaChangeInputs;
  assert.deepEqual(schemaChange.check?.(stored, inPhase("dual-write"), new Set()), []);
});
