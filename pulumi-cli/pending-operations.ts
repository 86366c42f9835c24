import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readIfThere } from "../common/system/files";
import { projectName, projectRoot } from "../common/system/project";
import { run } from "../common/system/run";

const operations = z.array(z.object({ type: z.string(), resource: z.object({ urn: z.string(), type: z.string() }) }));
export type PendingOperations = z.infer<typeof operations>;

const checkpointSchema = z.object({
  checkpoint: z.object({ latest: z.object({ pending_operations: operations.nullish() }).nullish() }),
});
const exportSchema = z.looseObject({ deployment: z.looseObject({ pending_operations: z.unknown() }) });

/**
 * Clears what a killed Pulumi noted as begun. Our resources can be applied again at any moment: `create` takes over what
 * is there and does the rest. So the next `up` puts it right, and nobody is asked to. What belongs to other providers
 * stays, for Pulumi to warn of.
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
    // If it fails, Pulumi itself says what is wrong when it runs next.
    await run(pulumi, ["stack", "import", "--stack", stack, "--file", copy, "--non-interactive"], {
      env,
      cwd: projectRoot,
    });
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** The operations that a checkpoint of the file backend has as begun and not ended. */
export function pendingOperations(checkpoint: string): PendingOperations {
  const parsed = checkpointSchema.safeParse(tryParse(checkpoint));
  return (parsed.success && parsed.data.checkpoint.latest?.pending_operations) || [];
}

/** An exported state without the operations that were begun. */
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
