import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import ts from "typescript";
import { stringify } from "yaml";
import { root } from "../../common/system/checkout";
import { installPackages } from "./consumer";
import { freshDatabase, skip } from "./servers";

const entries = ["tenantry", "tenantry/application", "tenantry/components", "tenantry/provider", "@tenantry/client"];

const imports = `import { emit, processOnce, withTenant } from "@tenantry/client";
import { program } from "tenantry";
import { databasesOf, loadApplication } from "tenantry/application";
import { CitusCluster, DataPlane, OutboxConnectors } from "tenantry/components";
import { Migration, Provider } from "tenantry/provider";
`;
const code = `${imports}import type { TenantClient } from "@tenantry/client";
import type { DataPlaneSettings, Endpoints } from "tenantry/application";

export async function shop(settings: DataPlaneSettings, endpoints: Endpoints): Promise<DataPlane[]> {
  const loaded = await loadApplication("sql/shop");
  return databasesOf(loaded, settings, endpoints).map(({ name, roles, declarations }) => {
    const tenantry = new Provider(name, { endpoints, roles });
    return new DataPlane(name, { declarations }, { providers: { tenantry } });
  });
}
export const tenantOf = (client: TenantClient): string => client.tenant;
export const used: readonly unknown[] = [program, CitusCluster, OutboxConnectors, Migration, emit, processOnce, withTenant];
`;

/** Prints the declarations of the program, as the project's own unit test would. */
const mocked = `import * as pulumi from "@pulumi/pulumi";
const types = [];
await pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => (types.push(type), { id: name, state: inputs }),
  call: () => ({}),
}, "shop", "it", true);
const { program } = await import("tenantry");
const { application } = await program();
await pulumi.runtime.disconnect();
console.log(application, types.includes("tenantry:index:TenantIsolation"), types.includes("tenantry:index:Connector"));
`;

test("the packages, installed into an empty project", { skip }, async (t) => {
  const consumer = await installPackages();
  t.after(() => consumer.remove());
  const { folder, files, write, run } = consumer;
  const compilerOptions = { strict: true, skipLibCheck: false, target: "es2022", module: "node16", outDir: "out" };

  await t.test("contain every page that lint refers to, but no test and no TypeScript source", () => {
    const unneeded = files.filter(
      (path) => /(^|\/)(test|bench|examples|stacks)\//.test(path) || /(?<!\.d)\.ts$/.test(path),
    );
    assert.deepEqual(unneeded, []);
    const pages = readdirSync(join(root, "docs", "rules")).map((page) => `docs/rules/${page}`);
    for (const page of pages) assert.ok(files.includes(page), page);
  });

  await t.test("compile with strict types, declarations of libraries included", async () => {
    write("shop.ts", code);
    write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["shop.ts"] }));
    assert.equal(await run("node_modules/.bin/tsc", ["-p", "."]), "");
    await run("node", ["out/shop.js"]);
  });

  await t.test("resolve with their types under the module settings of Pulumi's templates and of bundlers", () => {
    for (const moduleResolution of [ts.ModuleResolutionKind.Node10, ts.ModuleResolutionKind.Bundler])
      for (const entry of entries) {
        const { resolvedModule } = ts.resolveModuleName(entry, join(folder, "index.ts"), { moduleResolution }, ts.sys);
        assert.match(resolvedModule?.resolvedFileName ?? entry, /\.d\.ts$/);
      }
  });

  await t.test("load by import and by require", async () => {
    write("load.mjs", imports);
    write("load.cjs", entries.map((entry) => `require("${entry}");`).join("\n"));
    await run("node", ["load.mjs"]);
    await run("node", ["load.cjs"]);
  });

  const application = `shop${randomBytes(3).toString("hex")}`;
  const fresh = await freshDatabase(application);
  t.after(() => fresh.drop());
  const own = join(folder, "sql", application);
  cpSync(join(root, "sql", "ecommerce"), own, { recursive: true });
  for (const file of readdirSync(own))
    writeFileSync(join(own, file), readFileSync(join(own, file), "utf8").replaceAll("ecommerce", application));
  write("endpoints.yaml", stringify(fresh.endpoints));
  const config = {
    "tenantry:application": application,
    "tenantry:citus": "auto",
    "tenantry:shardCount": 4,
    "tenantry:endpoints": { file: "../endpoints.yaml" },
    "tenantry:allow": [`drop ${application}.wishes`],
  };
  write("stacks/Pulumi.it.yaml", stringify({ config }));
  write("tenantry-lint.yaml", "rules: { unlisted-drop: warning }\n");
  const page = readFileSync(join(root, "docs", "package.md"), "utf8");
  const documented = (language: string) =>
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(page)?.[1] ??
    assert.fail(`docs/package.md has no ${language}`);
  write("Pulumi.yaml", documented("yaml"));
  write("index.ts", documented("ts"));

  await t.test("declare a stack by Pulumi's mocks", async () => {
    write("mocked.mjs", mocked);
    assert.equal(await run("node", ["mocked.mjs"]), `${application} true true\n`);
  });

  await t.test("preview and apply a stack by the project's program, and store the state in the project", async () => {
    write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["index.ts"] }));
    const tenantry = (...args: string[]) => run("node_modules/.bin/tenantry", args);
    const preview = await tenantry("preview", "-s", "it", "--policy-pack", "node_modules/tenantry/policy");
    assert.match(preview, /\+ \d+ to create/);
    assert.match(preview, /\[advisory\] .*stack-files.*unlisted-drop/s);
    assert.ok(existsSync(join(folder, ".tenantry", "state", ".pulumi", "stacks", "shop", "it.json")));
    try {
      await tenantry("up", "-s", "it", "--yes", "--skip-preview");
      assert.match(await tenantry("preview", "-s", "it"), /\d+ unchanged/);
    } finally {
      await tenantry("destroy", "-s", "it", "--yes");
    }
  });

  await t.test("lint the project's own files, with links to pages that exist", async () => {
    write("sql/other.sql", "CREATE INDEX customers_name ON customers (name);\n");
    const finding = await run("node_modules/.bin/tenantry", ["lint", "sql/other.sql"], { code: 1 });
    const [, found = ""] = /rule: .*: (\S+\.md)/.exec(finding) ?? [];
    assert.ok(existsSync(join(folder, found)), finding);
  });
});
