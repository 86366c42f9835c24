import { type Problem, Problems } from "../../common/problem";
import { cacheDirectory } from "../../common/system/cache";
import { requireOwnFolders } from "../../common/system/ownership";
import type { Progress } from "../../common/system/progress";
import { requireUsablePath } from "../../common/system/usable-path";
import { duckdbStep } from "./duckdb";
import { javaStep } from "./java";
import { debeziumStep, kafkaStep } from "./maven";
import { postgresStep } from "./postgres-setup";
import { pulumiStep } from "./pulumi-setup";
import type { SetupStep } from "./setup-step";

interface SetupResult {
  readonly part: string;
  readonly state: string;
}

/** All steps of set-up. The Node dependencies are missing here because they are installed before. */
const setupSteps: readonly SetupStep[] = [javaStep, postgresStep, kafkaStep, debeziumStep, pulumiStep, duckdbStep];

/** Runs all steps in parallel. Throws Problems with everything that is missing, in one error. */
export async function setup(progress: Progress, wanted = setupSteps): Promise<readonly SetupResult[]> {
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
