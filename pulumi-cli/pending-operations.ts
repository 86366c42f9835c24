import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readIfThere } from "../common/system/files";
import { projectName, projectRoot } from "../common/system/project";
import { run } from "../common/system/run";

const operations = z.array(z.object({ type: z.string(), resource: z.object({ urn: z.string(), type: z.string() }) }));
type PendingOperations = z.infer<typeof operations>;

const checkpointSchema = z.object({
  checkpoint: z.object({ latest: z.object({ pending_operations: operations.nullish() }).nullish() }),
});
const exportSchema = z.looseObject({ deployment: z.looseObject({ pending_operations: z.unknown() }) });

/**
 * Clears the pending operations of our resources that a killed Pulumi left. The next `up` repairs these by itself, because
 * `create` takes over existing objects and does the rest. Pending operations of other providers stay, and Pulumi warns of them.
 */
export async function clearPending(
  pulumi: string,
  stack: string,
  state: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const file = join(state, ".pulumi", "stacks", projectName(), `${stack}.json`);
  const pending = pendingOperations(readIfThere(file) ?? "");
  if (pending.length === 0 || !pending.every(isOurs)) return;
  const room = mkdtempSync(join(tmpdir(), "tenantry-"));
  try {
    const copy = join(room, "state.json");
    const exported = await run(pulumi, ["stack", "export", "--stack", stack], { env, cwd: projectRoot });
    if (exported.code !== 0) return;
    writeFileSync(copy, withoutPending(exported.stdout), { mode: 0o600 });
    // If the import fails, Pulumi's next run reports the cause.
    await run(pulumi, ["stack", "import", "--stack", stack, "--file", copy, "--non-interactive"], {
      env,
      cwd: projectRoot,
    });
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** The pending operations in a checkpoint of the file backend: those that began and did not end. */
export function pendingOperations(checkpoint: string): PendingOperations {
  const parsed = checkpointSchema.safeParse(tryParse(checkpoint));
  return (parsed.success && parsed.data.checkpoint.latest?.pending_operations) || [];
}

/** Returns an exported state without its pending operations. */
export function withoutPending(exported: string): string {
  const state = exportSchema.parse(JSON.parse(exported));
  return JSON.stringify({ ...state, deployment: { ...state.deployment, pending_operations: [] } });
}

function isOurs({ resource }: PendingOperations[number]): boolean {
  return resource.type.startsWith("tenantry:") || resource.type === "pulumi:providers:tenantry";
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
