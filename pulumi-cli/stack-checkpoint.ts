import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectName } from "../common/system/project";

/**
 * Replaces a checkpoint that can't be read by the previous one, which lies beside it. Pulumi's file backend writes in place, so
 * a kill can cut a checkpoint off. The next `up` takes over resources that the previous checkpoint does not contain.
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
