import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { durationMs } from "../../common/duration";
import { root } from "../../common/system/checkout";
import type { Aggregate, Application } from "../application";
import { replicationPrefix } from "../application-names";
import { type PostgresNode, unknownYet } from "../endpoints";
import { isExactlyOnce, type ReplicationSettings } from "./data-plane-settings";
import type { ConnectorInputs } from "./declaration";
import { headerColumns, outbox, outboxConnector, outboxSlot } from "./outbox-table";
import { producerLimitBytes, topicLimitBytes } from "./record-limits";

const section = z.record(z.string(), z.string());
const template = z
  .strictObject({
    config: section,
    namedAuthority: section,
    systemAuthorities: section,
    aggregate: section,
    exactlyOnce: section,
  })
  .parse(parse(readFileSync(join(root, "connectors", "outbox.yaml"), "utf8")));

type Values = Readonly<Record<string, string>>;

/** Fills in outbox.yaml: the connector that turns the outbox rows of one node into records. */
export function renderOutboxConnector(
  application: Application,
  settings: ReplicationSettings,
  node: PostgresNode,
): ConnectorInputs {
  const prefix = replicationPrefix(application);
  const connector = outboxConnector(prefix, node);
  const aggregates = application.events.aggregates.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = outboxPattern(application);
  const values = {
    ...endpointValues(settings, node),
    application: application.name,
    connector,
    slot: outboxSlot(prefix, node),
    publication: outbox.publication,
    table: rows,
    rowTopicPattern: `${literalPattern(`${connector}.`)}${rows}`,
    headers: [...headerColumns(application.tenant.column)].map(([column, name]) => `${column}:header:${name}`).join(),
    groups: aggregates.map(group).join(),
    producerLimit: String(producerLimitBytes),
  };
  return {
    connector,
    config: {
      ...fill(template.config, values),
      ...renderTrust(settings),
      ...Object.assign({}, ...aggregates.map((aggregate) => fill(template.aggregate, aggregateValues(aggregate)))),
      ...(isExactlyOnce(settings) ? fill(template.exactlyOnce, values) : {}),
    },
  };
}

/**
 * Matches the outbox, or in the model `schema` the outboxes of all tenants, so that a new tenant changes no connector.
 */
function outboxPattern({ name, scope }: Application): string {
  const table = literalPattern(`.${outbox.table}`);
  return scope?.model === "schema"
    ? `${literalPattern(`${name}_`)}[a-z0-9_]+${table}`
    : literalPattern(outbox.schema) + table;
}

function endpointValues({ endpoints }: ReplicationSettings, node: PostgresNode): Values {
  return {
    host: node.host,
    port: String(node.port),
    database: endpoints?.postgres.database ?? unknownYet,
    user: endpoints?.postgres.roles.cdc?.user ?? unknownYet,
    password: endpoints?.connect.databasePassword ?? unknownYet,
    sslmode: endpoints?.postgres.sslmode ?? unknownYet,
  };
}

function renderTrust({ endpoints }: ReplicationSettings): Values {
  if (endpoints?.postgres.sslmode !== "verify-full") return {};
  const { ca } = endpoints.postgres;
  return ca === undefined ? template.systemAuthorities : fill(template.namedAuthority, { ca });
}

function aggregateValues(aggregate: Aggregate): Values {
  return {
    group: group(aggregate),
    topicPattern: literalPattern(aggregate.topic),
    partitions: String(aggregate.partitions),
    topicLimit: String(topicLimitBytes),
    retentionMs: String(durationMs(aggregate.retention)),
  };
}

/** With the suffix, an aggregate named `default` does not become Connect's default group. */
function group({ name }: Aggregate): string {
  return `${name}-events`;
}

/** Escapes a text, because Debezium's lists and Connect's predicates are regular expressions. */
function literalPattern(text: string): string {
  return text.replaceAll(/[^\w-]/g, "\\$&");
}

/** Fills in `<name>`. It keeps `${...}`, which Debezium and Connect read. */
function fill(section: Values, values: Values): Values {
  const filled = (text: string) =>
    text.replaceAll(/<(\w+)>/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`connectors/outbox.yaml: nothing is known of <${name}>`);
      return value;
    });
  return Object.fromEntries(Object.entries(section).map(([key, value]) => [filled(key), filled(value)]));
}
