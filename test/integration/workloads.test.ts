import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import type { Model, Tenant } from "../../architecture/tenancy/tenants";
import { skip } from "./servers";
import { acme, changes, globex, succeeded, tenantedProject, up, verified } from "./tenanted-stack";

const workloads = join(__dirname, "..", "..", "examples", "workloads");

/**
 * The workloads of docs/plan.md on a small scale: as many tenants and shards as the machine can carry, and all other
 * sizes as planned.
 */
const examples: readonly (readonly [file: string, model: Model, tenants: readonly Tenant[], small: object])[] = [
  ["8-tenants", "silo", [acme, globex], {}],
  ["500-tenants", "shared", [], { shardCount: 4 }],
  ["100000-tenants", "shared", [], { shardCount: 4 }],
];

for (const [file, model, tenants, small] of examples) {
  test(`plans the workload of ${file} as ${model}, applies the plan, and passes verify`, { skip }, async (t) => {
    const { workload, plan } = parse(readFileSync(join(workloads, `${file}.yaml`), "utf8"));
    const project = await tenantedProject(t, model, tenants, {
      "tenantry:workload": workload,
      "tenantry:plan": { ...plan, ...small },
      "tenantry:shardCount": undefined,
      ...(tenants.length > 0 && { "tenantry:tenants": tenants }),
    });
    const { values } = planOf(succeeded(await project.tenantry("plan", "-s", "it", "--json")).text);
    assert.equal(values.model?.value, model);

    await up(project);
    const findings = await verified(project);
    const homes = findings.filter(({ check, subject }) => check === "isolation" && subject.endsWith(".orders"));
    assert.equal(
      homes.length,
      Math.max(1, tenants.length),
      "each tenant has its own tables, or all tenants share them",
    );
    assert.deepEqual(await changes(project), []);
  });
}

function planOf(text: string): { readonly values: Readonly<Record<string, { readonly value: unknown }>> } {
  return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
}
