import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isDebeziumClass } from "../../architecture/data-plane/connector-class";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { unknownYet } from "../../architecture/endpoints";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import type { ConnectorConfig } from "../connect/connect-state";
import { asDeclared, runnable } from "../connect/connector-class-change";
import {
  awaitRunning,
  type ConnectorHealth,
  examineConnector,
  type Outcome,
  slotReader,
} from "../connect/connector-health";
import { configurationProblems, literalSecrets } from "../connect/connector-keys";
import { stopWhenSent } from "../events/connector-end";
import { gapProblem, hasNothingToReplay, replayOptIn, replayOutbox } from "../events/outbox-replay";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

export interface ConnectorState extends ConnectorInputs {
  /** Any other state than RUNNING is drift. */
  readonly state: ConnectorHealth;
}

/**
 * Connector of Kafka Connect. It is created only if its plugin accepts the configuration, and is complete only when
 * its tasks run.
 */
export const connector: ResourceHandler<ConnectorInputs, ConnectorState> = {
  noun: "Connector",

  inputs: z.object({
    connector: z.string().regex(/^[\w.-]+$/, "a connector's name has letters, digits, dots, hyphens and underscores"),
    config: z.record(z.string(), z.string()),
  }) satisfies z.ZodType<ConnectorInputs>,

  check: (_old, { connector, config }) => [
    ...incomplete(connector, config),
    ...literalSecrets(connector, config, unknownYet),
  ],

  diff(old, next) {
    const goesOn = [old, next].every(({ config }) => isDebeziumClass(config["connector.class"]));
    const replaces = (key: string) => key === "connector.class" && !goesOn;
    return [
      ...(old.connector === next.connector ? [] : [{ path: "connector", how: "replace" as const }]),
      ...changedKeys(old.config, next.config).map((key) => ({
        path: `config[${JSON.stringify(key)}]`,
        how: replaces(key) ? ("replace" as const) : ("update" as const),
      })),
      ...(old.state === "RUNNING" ? [] : [{ path: "state", how: "update" as const }]),
    ];
  },

  preview(old, next) {
    if (!next) return old ? cleanUpCalls(old.connector) : [];
    const path = `/connectors/${next.connector}`;
    if (!old) return [`PUT ${path}/config`];
    const changed = changedKeys(old.config, next.config);
    const changes = changed.map((key) => `  ${key}: ${old.config[key] ?? "unset"} -> ${next.config[key] ?? "unset"}`);
    const lines = changed.length === 0 ? [] : [`PUT ${path}/config`, ...changes];
    return [...lines, ...(old.state === "RUNNING" ? [] : [recoveryCall(path, old.state)])];
  },

  async create(context, next) {
    return { id: next.connector, state: await apply(context, next, () => hasNothingToReplay(context)) };
  },

  update: (context, _id, _old, next) => apply(context, next, async () => false),

  async delete(context, _id, { connector }) {
    const { connect } = context;
    const config = await connect.config(connector);
    if (!config) return;
    await stopWhenSent(context, { connector, config });
    // A later connector of this name would otherwise continue at a position that its new slot doesn't have.
    await connect.deleteOffsets(connector);
    await connect.delete(connector);
  },

  async read(context, id, old) {
    const found = await find(context, old?.connector ?? id);
    return found && { ...found, config: await asDeclared(context.connect, old?.config, found.config) };
  },
};

/** Temporary states, which a refresh should not report as drift. */
const passing: ReadonlySet<ConnectorHealth> = new Set(["UNASSIGNED", "RESTARTING", "DETACHED"]);
const pauseMs = 1_000;

async function find(context: Context, connector: string, patienceMs = 10_000): Promise<ConnectorState | undefined> {
  const config = await context.connect.config(connector);
  const status = config && (await context.connect.status(connector));
  if (!config || !status) return undefined;
  const state = await examineConnector(context, config, status);
  if (!passing.has(state) || patienceMs <= 0) return { connector, config, state };
  await sleep(pauseMs, undefined, { signal: context.signal });
  return find(context, connector, patienceMs - pauseMs);
}

function incomplete(connector: string, config: ConnectorConfig): readonly Problem[] {
  const fix = "correct the configuration of the connector";
  const { "connector.class": pluginClass, name } = config;
  return [
    ...(pluginClass ? [] : [{ what: `Connector ${connector} names no plugin in \`connector.class\``, fix }]),
    ...(name === undefined || name === connector
      ? []
      : [
          { what: `Connector ${connector} has another name in its configuration`, got: name, expected: connector, fix },
        ]),
  ];
}

/** In alphabetical order. */
function changedKeys(old: ConnectorConfig, next: ConnectorConfig): readonly string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].filter((key) => old[key] !== next[key]).sort();
}

function cleanUpCalls(connector: string): readonly string[] {
  const path = `/connectors/${connector}`;
  return [`PUT ${path}/stop -- once every event is sent`, `DELETE ${path}/offsets`, `DELETE ${path}`];
}

function recoveryCall(path: string, state: ConnectorHealth): string {
  const halted = state === "PAUSED" || state === "STOPPED";
  return halted ? `PUT ${path}/resume` : `POST ${path}/restart?includeTasks=true`;
}

/** @param replays true if it may send every event again without the stack's opt-in */
async function apply(
  context: Context,
  declared: ConnectorInputs,
  replays: () => Promise<boolean>,
): Promise<ConnectorState> {
  const { connector } = declared;
  const config = await runnable(context, connector, declared.config);
  refuseIfAny(configurationProblems(connector, config, await context.connect.validate(connector, config)));
  const former = await start(context, { connector, config });
  const outcome = await awaitRunning(context, connector, config, former);
  if (outcome.kind === "gap" && (context.allow.has(replayOptIn(connector)) || (await replays()))) {
    await replayOutbox(context, connector);
    finish(connector, await awaitRunning(context, connector, config, undefined));
  } else {
    finish(connector, outcome);
  }
  return { ...declared, state: "RUNNING" };
}

/** Applies the configuration and starts the tasks. Returns the process that read its slot before the restart. */
async function start(context: Context, { connector, config }: ConnectorInputs) {
  const { connect } = context;
  const old = await find(context, connector, 0);
  const changed = !old || changedKeys(old.config, config).length > 0;
  const former = old && changed ? await slotReader(context, old.config) : undefined;
  if (changed) await connect.put(connector, config);
  if (old?.state === "PAUSED" || old?.state === "STOPPED") await connect.resume(connector);
  // What had failed is marked as restarting at once: a failure seen later is not the one of before, which another
  // configuration alone may leave standing.
  else if (old?.state === "FAILED" || (old && !changed && old.state !== "RUNNING")) await connect.restart(connector);
  return former;
}

function finish(connector: string, outcome: Outcome): void {
  if (outcome.kind === "gap") throw new Problems([gapProblem(connector)]);
  if (outcome.kind === "problem") throw new Problems([outcome.problem]);
}
