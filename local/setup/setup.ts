import { type Problem, Problems } from "../../common/problem";
import { cacheDirectory } from "../../common/system/cache";
import { requireOwnFolders } from "../../common/system/ownership";
import type { Progress } from "../../common/system/progress";
import { requireUsablePath } from "../../common/system/usable-path";
import { javaPart } from "./java";
import { debeziumPart, kafkaPart } from "./maven";
import type { Part } from "./part";
import { postgresPart } from "./postgres-setup";
import { pulumiPart } from "./pulumi-setup";

export interface SetupResult {
  readonly part: string;
  readonly state: string;
}

/** Everything but the Node dependencies, which were needed to get here. */
export const parts: readonly Part[] = [javaPart, postgresPart, kafkaPart, debeziumPart, pulumiPart];

/** Provides all parts side by side; whatever is missing is reported together at the end. */
export async function setup(progress: Progress, wanted = parts): Promise<readonly SetupResult[]> {
  const cache = cacheDirectory();
  requireUsablePath(cache, "the cache of what they run", "Name another folder in XDG_CACHE_HOME.");
  requireOwnFolders(cache, "the cache of what the embedded servers run");
  const outcomes = await Promise.allSettled(
    wanted.map((part) =>
      progress.part(
        part.title,
        () => part.provide(progress.note),
        (state) => state,
      ),
    ),
  );
  const problems: Problem[] = [];
  const results: SetupResult[] = [];
  outcomes.forEach((outcome, index) => {
    if (outcome.status === "fulfilled") results.push({ part: wanted[index]?.title ?? "", state: outcome.value });
    else if (outcome.reason instanceof Problems) problems.push(...outcome.reason.problems);
    else throw outcome.reason;
  });
  if (problems.length > 0) throw new Problems(problems);
  return results;
}
