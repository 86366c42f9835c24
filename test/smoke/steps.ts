import { setTimeout as sleep } from "node:timers/promises";
import { type Comparison, compareEvents, startWriters, type Traffic } from "../integration/traffic";
import type { kubectl } from "./kubernetes";
import type { Keys } from "./place";
import { betrayals, keptIn } from "./secrets";
import { stack } from "./stack";

/** The input of every step of the test. */
export interface Setting {
  readonly application: string;
  readonly cluster: ReturnType<typeof kubectl>;
  /** Keys that override those of the stack `kind`. */
  readonly keys: Keys;
  /** Sends a signal to the API server, if the test knows how. */
  readonly signalApiServer?: (signal: "STOP" | "CONT") => Promise<unknown>;
}

/** A step. It returns a line for the table at the end; an error ends the test. */
export interface Step {
  readonly name: string;
  run(setting: Setting): Promise<string>;
}

const load = { writers: 4, pauseMs: 50 };
/** Duration of the traffic before and after the tested action. */
const calmMs = 10_000;
/** Duration of the API server's outage: three times a primary's lease. */
const outageMs = 60_000;

export const steps: readonly Step[] = [
  {
    name: "up",
    run: async () => `${count(await stack.tenantry("up", "--yes", "--skip-preview"), "created")} created`,
  },
  { name: "up again", run: unchanged },
  { name: "verify", run: verified },
  { name: "secrets", run: secretsKept },
  {
    name: "kill under traffic",
    run: (setting) =>
      underTraffic(setting, async ({ cluster }) => {
        const primary = await cluster.kill("citus-group=1,role=primary");
        await sleep(calmMs);
        const worker = await cluster.kill("strimzi.io/kind=KafkaConnect");
        return `${primary} and ${worker} deleted`;
      }),
  },
  {
    name: "coordinator killed under traffic",
    run: (setting) =>
      underTraffic(setting, async ({ cluster }) => `${await cluster.kill("citus-group=0,role=primary")} deleted`),
  },
  {
    name: "API server stopped under traffic",
    run: (setting) =>
      setting.signalApiServer
        ? underTraffic(setting, stopApiServer, outageMs / 2)
        : Promise.resolve("skipped: TENANTRY_SMOKE_SIGNAL_API_SERVER is not set"),
  },
  { name: "2 to 3 workers under traffic", run: (setting) => underTraffic(setting, () => scale(setting, 3)) },
  { name: "verify with 3", run: verified },
  { name: "3 to 2 workers under traffic", run: (setting) => underTraffic(setting, () => scale(setting, 2)) },
  { name: "verify with 2", run: verified },
  {
    name: "destroy",
    run: async ({ cluster }) => {
      await stack.tenantry("destroy", "--yes", "--skip-preview");
      const volumes = await cluster.volumes();
      if (await cluster.exists()) throw new Error("The namespace is still there");
      if (volumes.length > 0) throw new Error(`Volumes are left: ${volumes.join(", ")}`);
      return "no namespace and no volume left";
    },
  },
];

async function unchanged(): Promise<string> {
  const changed = count(await stack.tenantry("up", "--yes", "--skip-preview"), "(?:created|updated|deleted|replaced)");
  if (changed > 0) throw new Error(`A second up changed ${changed} resources`);
  return "nothing changed";
}

/** Sums Pulumi's closing lines, such as `+ 12 created`. */
function count(text: string, what: string): number {
  return [...text.matchAll(new RegExp(`^ +\\S+ (\\d+) ${what}`, "gm"))].reduce(
    (sum, [, found]) => sum + Number(found),
    0,
  );
}

async function verified(): Promise<string> {
  const text = await stack.tenantry("verify", "--timeout", "120");
  return /^\d+ pass.*$/m.exec(text)?.[0] ?? "";
}

/** Checks that no Secret's value is in the state, the output, another resource, a log, an argument or Connect's answers. */
async function secretsKept({ cluster }: Setting): Promise<string> {
  await stack.tenantry("preview", "--diff", "--show-sames");
  const { connect } = await stack.endpoints();
  const ask = async (path: string) => (await fetch(`${connect.url}${path}`)).text();
  const connectors = JSON.parse(await ask("/connectors")) as readonly string[];
  const paths = ["/connectors?expand=info&expand=status", ...connectors.map((name) => `/connectors/${name}/tasks`)];
  const answers = paths.map(async (path) => [`Connect's GET ${path}`, await ask(path)] as const);
  const kept = keptIn(await cluster.secrets());
  const texts = new Map([
    ...(await cluster.told()),
    ...(await Promise.all(answers)),
    ["the state", await stack.state()],
    ["tenantry's output", stack.said()],
  ]);
  const found = betrayals(kept, texts);
  if (found.length > 0) throw new Error(`Secrets are shown:\n${found.join("\n")}`);
  return `${kept.size} values in none of ${texts.size} texts`;
}

async function scale({ keys }: Setting, workers: number): Promise<string> {
  stack.write({ ...keys, workers });
  await stack.tenantry("up", "--yes", "--skip-preview");
  return `${workers} workers`;
}

async function stopApiServer({ signalApiServer }: Setting): Promise<string> {
  await signalApiServer?.("STOP");
  try {
    await sleep(outageMs);
  } finally {
    await signalApiServer?.("CONT");
  }
  return `away for ${outageMs / 1_000} s`;
}

/**
 * Runs an action while tenants write, and then compares all events by id. The test fails if a writer waits longer than
 * `longestPauseMs` for an acknowledgement.
 */
async function underTraffic(
  setting: Setting,
  act: (setting: Setting) => Promise<string>,
  longestPauseMs = Number.POSITIVE_INFINITY,
): Promise<string> {
  const shop = { application: setting.application, endpoints: await stack.endpoints() };
  const traffic = startWriters(shop, load);
  let did: string;
  try {
    await sleep(calmMs);
    did = await act(setting);
    await sleep(calmMs);
  } finally {
    await traffic.stop();
  }
  const pauseMs = traffic.longestPauseMs();
  const said = `${did}; ${judge(traffic, await compareEvents(shop, traffic))}; longest pause ${(pauseMs / 1_000).toFixed(1)} s`;
  if (pauseMs > longestPauseMs) throw new Error(`Writes stopped for longer than ${longestPauseMs / 1_000} s: ${said}`);
  return said;
}

/** Judges the comparison. Duplicates are reported but allowed: events may come again after a failover, and consumers expect that. */
function judge(traffic: Traffic, { committed, forgotten, lost, invented, twice }: Comparison): string {
  const said = `${traffic.acknowledged.size} acknowledged, ${committed} committed, ${traffic.failed()} refused, ${forgotten.length + lost.length} lost, ${twice.length} twice`;
  if (forgotten.length + lost.length + invented.length > 0) throw new Error(`${said}, ${invented.length} made up`);
  if (traffic.acknowledged.size === 0) throw new Error(`Nothing was written: ${said}`);
  return said;
}
