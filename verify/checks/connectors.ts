import type { Endpoints } from "../../architecture/endpoints";
import { openConnect } from "../../provider/connect/connect-client";
import type { Connect } from "../../provider/connect/connect-state";
import { fallsBack, standsIn } from "../../provider/connect/connector-class-change";
import { describeChange, diagnose } from "../../provider/connect/stream-diagnosis";
import { rootCause } from "../../provider/connect/task-failure";
import { type OutboxStream, streamsOf } from "../../provider/events/outbox-stream";
import type { Check } from "../check";
import { type Finding, fail, judge } from "../finding";

/** Checks connectors and their tasks, because a RUNNING connector may have a failed task. */
export const connectors: Check = {
  name: "connectors",
  scope: "database",
  claim: "every connector and all its tasks run, or what they fail at and why; and Connect shows nobody a password",
  async run({ endpoints, declarations }) {
    const connect = openConnect(endpoints.connect, { refusedPatienceMs: 2_000, startPatienceMs: 10_000 });
    const findings: Finding[] = [];
    for (const stream of streamsOf(declarations)) {
      findings.push(await checkConnector(connect, endpoints, stream));
    }
    return findings;
  },
};

async function checkConnector(connect: Connect, endpoints: Endpoints, stream: OutboxStream): Promise<Finding> {
  const { connector, config } = stream.connector;
  try {
    const status = await connect.status(connector);
    if (!status) return fail(connector, "Connect does not have it");
    const wrong: string[] = [];
    if (status.connector !== "RUNNING") wrong.push(`the connector is ${status.connector}`);
    if (status.tasks.length === 0) wrong.push("it has no task");
    for (const { id, state, trace } of status.tasks) {
      if (state !== "RUNNING") wrong.push(`task ${id} is ${state}${trace ? ` (${rootCause(trace)})` : ""}`);
    }
    const { state, failure, suspect } = await diagnose(endpoints, connect, stream);
    if (failure && state === "RUNNING")
      wrong.push(`it runs, and sends nothing from slot ${stream.slot.slot}: ${failure.cause}`);
    if (suspect) wrong.push(`it fails at ${describeChange(suspect.unsent)}; see \`tenantry events status\``);
    else if (failure) wrong.push(failure.fix);
    const found = await connect.config(connector);
    for (const key of exposed(found, endpoints)) wrong.push(`its configuration shows ${key}`);
    const own = standsIn(config, found) ? `; ${fallsBack}` : "";
    return judge(connector, wrong, `RUNNING with ${status.tasks.length} task(s); its password is a reference${own}`);
  } catch (error) {
    return fail(connector, (error as Error).message.split("\n", 1)[0] ?? "Connect can't be asked");
  }
}

/** Keys under which Connect shows a password to every client. */
export function exposed(
  config: Readonly<Record<string, string>> | undefined,
  { postgres }: Endpoints,
): readonly string[] {
  const passwords = [postgres, ...Object.values(postgres.roles)].map(({ password }) => password).filter(Boolean);
  return Object.entries(config ?? {})
    .filter(([key, value]) => {
      if (passwords.some((password) => value.includes(password))) return true;
      return /password|secret|token/i.test(key) && !/^\$\{[^}]+\}$/.test(value);
    })
    .map(([key]) => key);
}
