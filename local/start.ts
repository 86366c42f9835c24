import { Problems, refuseIfAny } from "../common/problem";
import type { Progress } from "../common/system/progress";
import type { Home } from "./home";
import { launch, type Server, stateOf, stopServer, waitUntilHealthy } from "./servers/server";
import type { ServerName } from "./servers/server-names";

/** Starts the servers that do not run, in parallel, and waits until all serve. Returns the names of those that it started. */
export async function startAll(
  home: Home,
  servers: readonly Server[],
  progress: Progress,
): Promise<readonly ServerName[]> {
  const runs = new Map<string, ReturnType<typeof start>>();
  for (const server of servers) {
    // Connect starts when Kafka serves. It would give up on a busy machine, where Kafka takes a minute to start.
    const first = server.name === "connect" ? runs.get("kafka") : undefined;
    const work = async () => {
      await first;
      return progress.part(
        server.title,
        () => start(home, server),
        ({ text }) => text,
      );
    };
    runs.set(server.name, work());
  }
  const outcomes = await Promise.allSettled(runs.values());
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  const problems = [...new Set(failures)].flatMap((failure) => (failure instanceof Problems ? failure.problems : []));
  const unexpected = failures.find((failure) => !(failure instanceof Problems));
  refuseIfAny(problems);
  if (unexpected) throw unexpected;
  return servers
    .filter((_, index) => {
      const outcome = outcomes[index];
      return outcome?.status === "fulfilled" && outcome.value.started;
    })
    .map(({ name }) => name);
}

async function start(home: Home, server: Server): Promise<{ readonly started: boolean; readonly text: string }> {
  const changed = await server.prepare();
  const before = stateOf(home, server.name);
  const where = `127.0.0.1:${server.port}`;
  if (before.state === "running" && !changed) {
    await waitUntilHealthy(home, server);
    return { started: false, text: `already runs on ${where}` };
  }
  if (before.state === "running") await stopServer(home, server.name);
  launch(home, server);
  await waitUntilHealthy(home, server);
  const how =
    before.state === "running"
      ? "restarted, settings changed"
      : before.state === "killed"
        ? "was killed, runs again"
        : "runs";
  return { started: true, text: `${how} on ${where}` };
}
