import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problems } from "../../../common/problem";
import { loadSettings } from "../../../settings/stack-file";

/** Where a stack's servers are, as its file says it. */
export const endpoints = {
  postgres: {
    host: "db",
    database: "shop",
    user: "admin",
    password: "hush",
    roles: { cdc: { user: "c", password: "hush" } },
  },
  kafka: { bootstrapServers: ["kafka:9092"] },
  connect: { url: "http://connect:8083", databasePassword: "${file:/run/connect.properties:cdc}" },
};

/** A folder with the stack file `Pulumi.dev.yaml`, and one of endpoints beside it. */
export function stackFolder(text: string, endpointsText?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-settings-"));
  writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  if (endpointsText) writeFileSync(join(folder, "endpoints.yaml"), endpointsText);
  return folder;
}

export const noSecrets = () => assert.fail("nothing here is secret");

/** What is said of a stack file that is refused. */
export async function problemsOf(text: string, stack = "dev"): Promise<string> {
  const error: unknown = await loadSettings(stack, noSecrets, stackFolder(text)).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  return error.message;
}

/** The start of a stack file for Kubernetes. */
export const kubernetes = "config:\n  tenantry:application: shop\n  tenantry:platform: kubernetes\n";

/** One whose servers are reached from outside. */
export const reached = (access: string) =>
  `${kubernetes}  tenantry:kubernetes:\n    { context: prod, namespace: shop, workers: 2, access: ${access} }\n`;

/** A workload, as a key of a stack file. */
export const load =
  "{ tenants: { now: 300, largest: 5 % }, writes: 5000, retention: { hot: 3 months }, consistency: bounded }";
