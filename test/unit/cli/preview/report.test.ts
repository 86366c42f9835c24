import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parseDigest } from "../../../../cli/preview/digest";
import { mostCharacters, renderMarkdown } from "../../../../cli/preview/markdown";
import { reportOf } from "../../../../cli/preview/report";
import { Problems } from "../../../../common/problem";
import { matchesGolden } from "../../golden";

const golden = join(__dirname, "..", "..", "..", "golden", "preview-report");
const recorded = readFileSync(join(golden, "preview.json"), "utf8");

interface Given {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly old?: object;
  readonly next?: object;
  readonly diff?: readonly string[];
}

/** A preview of a few steps, in Pulumi's format. */
function preview(steps: readonly Given[], more: object = {}): string {
  const state = (inputs: object | undefined) => inputs && { inputs, outputs: inputs };
  return JSON.stringify({
    steps: steps.map(({ op, type, name, old, next, diff }) => ({
      op,
      urn: `urn:pulumi:prod::tenantry::tenantry:index:Parent$${type}::${name}`,
      oldState: state(old),
      newState: state(next),
      detailedDiff: diff && Object.fromEntries(diff.map((path) => [path, { kind: "update" }])),
    })),
    ...more,
  });
}

const reportText = (text: string) => reportOf(parseDigest(text, "preview.json"));
const dangers = (steps: readonly Given[], more?: object) =>
  reportText(preview(steps, more)).destructive.map(({ verb, name, dangers }) => [verb, name, ...dangers]);

test("the comment on a recorded preview equals the reviewed golden file", () => {
  matchesGolden(join(golden, "comment.md"), renderMarkdown(reportText(recorded)));
});

test("its JSON equals the reviewed golden file", () => {
  matchesGolden(join(golden, "report.json"), `${JSON.stringify(reportText(recorded), undefined, 2)}\n`);
});

test("deleting a volume, a namespace, a topic or a definition is destructive; deleting a service is not", () => {
  const gone = (type: string, name: string) => ({ op: "delete", type, name, old: {} });
  assert.deepEqual(
    dangers([
      gone("kubernetes:core/v1:PersistentVolumeClaim", "data-citus-1-0"),
      gone("kubernetes:core/v1:Namespace", "tenantry"),
      gone("kubernetes:kafka.strimzi.io/v1:KafkaTopic", "orders"),
      gone("kafka:index/topic:Topic", "payments"),
      gone("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "kafkas"),
      gone("kubernetes:core/v1:Service", "citus-1"),
    ]),
    [
      ["delete", "data-citus-1-0", "the volume goes with all data on it"],
      ["delete", "tenantry", "everything in it goes, volumes included"],
      ["delete", "orders", "the topic goes with its events"],
      ["delete", "payments", "the topic goes with its events"],
      ["delete", "kafkas", "every object of this kind in the cluster goes with it"],
    ],
  );
});

test("a replacement with several steps is one change, and loses the same data as a delete", () => {
  const of = { type: "kubernetes:core/v1:PersistentVolumeClaim", name: "data" };
  const steps = [
    { ...of, op: "delete-replaced", old: {} },
    { ...of, op: "replace", old: {}, next: {}, diff: ["spec.storageClassName"] },
    { ...of, op: "create-replacement", next: {} },
  ];
  assert.deepEqual(dangers(steps), [["replace", "data", "the volume goes with all data on it"]]);
  assert.deepEqual(reportText(preview(steps)).counts, { replace: 1 });
});

test("a deleted table resource keeps the table with its rows, unless the stack allows the drop", () => {
  const gone = {
    op: "delete",
    type: "tenantry:index:DistributedTable",
    name: "shop.carts",
    old: { schema: "shop", table: "carts", column: "tenant_id", placement: { colocateWith: "shop.tenants" } },
  };
  assert.match(String(dangers([gone])), /stays with its rows/);
  const allowed = { config: { "tenantry:allow": '["drop shop.carts"]' } };
  assert.match(String(dangers([gone], allowed)), /dropped with its rows/);
  const [sql] = reportText(preview([gone])).sql;
  assert.ok(sql?.lines.includes('DROP TABLE IF EXISTS "shop"."carts"'), "the handler computes the SQL of a delete");
});

test("a redistribution is destructive, another change of the same table is not", () => {
  const table = { op: "update", type: "tenantry:index:DistributedTable", name: "shop.carts", old: {}, next: {} };
  assert.deepEqual(dangers([{ ...table, diff: ["placement"] }]), [
    ["update", "shop.carts", "every row is rewritten, and its writers are blocked meanwhile"],
  ]);
  assert.deepEqual(dangers([{ ...table, diff: ["foreignKeys"] }]), []);
});

test("shows short values, and none that may be secret", () => {
  const values = (secret: string) => ({
    memory: `${secret}Gi`,
    password: `${secret}-word`,
    data: { a: secret },
    "x.y/z": secret,
  });
  const step = { op: "update", name: "one", old: values("4"), next: values("8") };
  const diff = ["memory", "password", "data", '["x.y/z"]'];
  const report = reportText(
    preview([
      { ...step, type: "tenantry:index:Outbox", diff },
      { ...step, name: "two", type: "kubernetes:core/v1:Secret", diff: ["data.a"] },
      { ...step, name: "three", type: "pulumi:providers:tenantry", diff: ["memory"] },
    ]),
  );
  assert.deepEqual(
    report.changes.map(({ properties }) => properties),
    [
      [
        { path: '["x.y/z"]', from: '"4"', to: '"8"' },
        { path: "data" },
        { path: "memory", from: '"4Gi"', to: '"8Gi"' },
        { path: "password" },
      ],
      [{ path: "data.a" }],
      [{ path: "memory" }],
    ],
  );
});

test("removes passwords in SQL and in URLs", () => {
  const urn = "urn:pulumi:prod::tenantry::tenantry:index:Migration::shop/100";
  const message = [
    "CREATE ROLE a LOGIN PASSWORD 'hush''hush';",
    "-- host=db password=hush sslmode=require",
    "-- postgres://me:hush@db/shop",
    '-- "database.password": "hush"',
    "-- database.password=${secrets:ns/name:password}",
  ].join("\n");
  const text = preview([{ op: "create", type: "tenantry:index:Migration", name: "shop/100" }], {
    diagnostics: [
      { urn: urn.replace("tenantry:index", "tenantry:index:Parent$tenantry:index"), message, severity: "info" },
    ],
  });
  const comment = renderMarkdown(reportText(text));
  assert.doesNotMatch(comment, /hush/);
  assert.match(comment, /PASSWORD '\[secret\]';/);
  assert.match(comment, /\$\{secrets:ns\/name:password\}/);
});

test("a failed preview begins with its errors", () => {
  const text = preview([], {
    diagnostics: [{ message: "error: sql/a.sql:1:1: wrong\n  fix: mend it\n", severity: "error" }],
  });
  assert.equal(
    renderMarkdown({ ...reportText(text), stack: "prod" }),
    [
      "<!-- tenantry preview: prod -->",
      "",
      "## Preview of `prod`",
      "",
      "Failed.",
      "",
      "> [!CAUTION]",
      "> **The preview failed: nothing of this would be applied.**",
      "",
      "```text",
      "sql/a.sql:1:1: wrong",
      "  fix: mend it",
      "```",
      "",
      "",
    ].join("\n"),
  );
});

test("a comment stays within GitHub's limit and reports its cuts; destructive changes come first", () => {
  const steps = Array.from({ length: 2_000 }, (_, index) => ({
    op: index % 4 === 0 ? "delete" : "create",
    type: "tenantry:index:DistributedTable",
    name: `shop.table_${index}`,
    ...(index % 4 === 0
      ? { old: { schema: "shop", table: `table_${index}`, column: "tenant_id", placement: { shardCount: 4 } } }
      : { next: {} }),
  }));
  const comment = renderMarkdown(reportText(preview(steps)));
  assert.ok(comment.length <= mostCharacters, `${comment.length} characters`);
  assert.ok(comment.length > mostCharacters - 4_000, "the limit is used");
  assert.match(comment, /\*\*500 destructive changes\*\*/);
  assert.match(comment, /\*\*Cut\*\*.*\d+ of 500 destructive changes, \d+ of 500 resources' SQL, \d+ of 2000 rows/);
});

test("cuts the SQL of one resource by lines if it is too long", () => {
  const message = Array.from({ length: 1_000 }, (_, line) => `INSERT INTO t VALUES (${line});`).join("\n");
  const text = preview([{ op: "create", type: "tenantry:index:Migration", name: "shop/100" }], {
    diagnostics: [
      {
        urn: "urn:pulumi:prod::tenantry::tenantry:index:Parent$tenantry:index:Migration::shop/100",
        message,
        severity: "info",
      },
    ],
  });
  assert.match(renderMarkdown(reportText(text)), /-- cut here: \d+ more lines\n```\n/);
});

test("nothing in a name or a value counts as Markdown, HTML or a mention", () => {
  const step = {
    op: "update",
    type: "tenantry:index:Outbox",
    name: "@team|`x`<b>",
    old: { a: "`|" },
    next: { a: "``" },
    diff: ["a"],
  };
  const comment = renderMarkdown(reportText(preview([step])));
  assert.match(comment, /\| ~ update \| `Outbox` \| ``@team\\\|`x`<b>`` \| `a`: ``"`\\\|"`` → ```"``"``` \|/);
});

test("rejects text that is not a preview, and shows its beginning", () => {
  for (const [text, got] of [
    ["", "nothing"],
    ["error: no stack selected\nmore", "error: no stack selected"],
    ['{"steps": 5}', '{"steps": 5}'],
  ] as const) {
    assert.throws(
      () => parseDigest(text, "preview.json"),
      (error: unknown) => error instanceof Problems && error.problems[0]?.got === got,
    );
  }
});
