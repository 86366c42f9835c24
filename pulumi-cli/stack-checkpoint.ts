import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectName } from "../common/system/project";

/**
 * Pulumi's file backend writes a checkpoint in place: one that a kill cut off can't be read. The one before lies beside
 * it, and what it does not know of, the next `up` adopts.
 */
export function restoreCheckpoint(state: string, stack: string): void {
  const checkpoint = join(state, ".pulumi", "stacks", projectName(), `${stack}.json`);
  const before = `${checkpoint}.bak`;
  if (existsSync(checkpoint) && !isWhole(checkpoint) && isWhole(before)) copyFileSync(before, checkpoint);
}

function isWhole(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return true;
  } catch {
    return false;
  }
}
