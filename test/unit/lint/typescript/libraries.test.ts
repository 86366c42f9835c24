import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { lint } from "../../../../lint/lint";
import { parseLintConfiguration } from "../../../../lint/lint-configuration";
import { loadTypeScript } from "../../../../lint/typescript/typescript";

const parse = (text: string) => parseLintConfiguration({ path: "tenantry-lint.yaml", text });

/** Findings in code with the libraries that the settings add, as `LINE RULE`. */
async function find(settings: string, text: string) {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  const { libraries, rules } = parse(settings);
  return lint({ name: "shop", sql: [], code: [{ path: "a.ts", text }], libraries }, rules).map(
    ({ at, rule }) => `${at.line} ${rule}`,
  );
}

const bus = `libraries:
  - packages: ["@acme/bus", "@acme/queues/*"]
    sends: [announce]
    handlers: { methods: [listen], decorators: [Handles] }
  - packages: ["@acme/rows"]
    writes: [store]
    transactions: [within]
    sql: { methods: [ask], tags: [q] }
`;

test("recognises writes and sends of a configured library, by methods and by functions", async () => {
  const head = 'import { announce, Bus } from "@acme/bus"; import { Rows } from "@acme/rows"; const rows = new Rows();';
  assert.deepEqual(await find(bus, `${head}\nconst f = async () => { await rows.store({});\nawait announce({}); };`), [
    "3 dual-write",
  ]);
  assert.deepEqual(
    await find(
      bus,
      `${head}\nconst f = async () => { await rows.within(async (tx) => { await tx.store({}); });\nnew Bus().announce({}); };`,
    ),
    ["3 dual-write"],
  );
  assert.deepEqual(
    await find("", `${head}\nconst f = async () => { await rows.store({});\nawait announce({}); };`),
    [],
  );
});

test("recognises messages and SQL of a configured library", async () => {
  const head =
    'import { Handles, Queue } from "@acme/queues/orders"; import { Rows } from "@acme/rows"; const rows = new Rows();';
  assert.deepEqual(
    await find(bus, `${head}\nnew Queue().listen(async () => {\nawait rows.ask("DELETE FROM carts"); });`),
    ["3 missing-idempotency"],
  );
  assert.deepEqual(
    await find(bus, `${head}\nclass C { @Handles("x") async on() {\nawait rows.q\`DELETE FROM carts\`; } }`),
    ["3 missing-idempotency"],
  );
});

test("reports every problem of a configured library at once, each with its line", () => {
  assert.throws(() => parse("libraries:\n  - packages: []\n    sends: [x]\n  - packages: [a]\n    sends: announce\n"), {
    message:
      /tenantry-lint.yaml:2:[\s\S]*at least one package[\s\S]*tenantry-lint.yaml:5:[\s\S]*a list of names such as `\[publish\]`/,
  });
  assert.throws(() => parse("libraries:\n  - packages: [a]\n    send: [x]\n"), {
    message: /:3:\d+: [\s\S]*`send`[\s\S]*Write `sends`/,
  });
  assert.throws(() => parse("libraries:\n  - packages: [a]\n  - packages: [./bus]\n    sends: [x]\n"), {
    message:
      /:2:\d+: Library `a` has no key that says what it does[\s\S]*:3:\d+: Lint follows the code's own files by itself/,
  });
  assert.throws(() => parse("libraries:\n  - packages: [a]\n    sql: { placeholders: ['%s'] }\n"), {
    message: /:3:\d+[\s\S]*`\?`, `:name`, `@name`/,
  });
  assert.throws(
    () => parse("libraries:\n  - packages: [a]\n    models: { named: [class], writes: { save: where } }\n"),
    {
      message: /:3:\d+[\s\S]*`0`, `0.where` or `none`/,
    },
  );
  assert.throws(() => parse("libraries: { packages: [a] }\n"), { message: /a list of libraries such as/ });
});
