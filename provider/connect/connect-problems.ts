import { type Problem, Problems } from "../../common/problem";

/** Problems with Kafka Connect. `url` has no credentials: the endpoint keeps them apart. */

export function connectDown(url: string, error: unknown): Problems {
  return problems({
    what: `Kafka Connect does not answer at ${url}`,
    got: networkReason(error),
    fix: "start it, or correct `connect.url` in the stack's endpoints (`tenantry local status` shows the embedded one)",
  });
}

export function connectStarting(url: string, waitedMs: number, said: string): Problems {
  return problems({
    what: `Kafka Connect at ${url} is not ready after ${Math.round(waitedMs / 1_000)} s`,
    got: said || "no reason given",
    expected: "`GET /health` to answer 200, and no rebalance that does not end",
    fix: "Read the worker's log (it can't start without Kafka), then run again",
  });
}

export function connectUnauthorized(url: string, status: number): Problems {
  return problems({
    what: `Kafka Connect at ${url} refused the login`,
    got: `HTTP ${status}`,
    fix: "set `connect.user` and `connect.password` in the stack's endpoints",
  });
}

export function connectRefuses(
  url: string,
  call: { readonly method: string; readonly path: string },
  status: number,
  said: string,
): Problems {
  return problems({
    what: `Kafka Connect refused ${call.method} ${url}${call.path}`,
    got: `HTTP ${status}: ${said}`,
    fix: "see the worker's log for the reason, then run again",
  });
}

export function pluginMissing(
  url: string,
  wanted: string,
  installed: readonly { readonly class: string; readonly version?: string | null | undefined }[],
): Problems {
  const listed = installed.map((plugin) => [plugin.class, plugin.version].filter(Boolean).join(" "));
  return problems({
    what: `Kafka Connect at ${url} lacks a connector plugin`,
    got: `installed: ${listed.join(", ") || "none"}`,
    expected: wanted,
    fix: "put the plugin's folder into a directory of the worker's `plugin.path`, then restart the worker",
  });
}

function problems(problem: Problem): Problems {
  return new Problems([problem]);
}

/** Replaces the message `fetch failed` by its cause. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(networkReason).join(", ");
  return cause instanceof Error ? cause.message || error.message : error.message;
}
