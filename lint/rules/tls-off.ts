import { isDebezium, isFilledInLater } from "../connector-facts";
import type { Finding, Rule } from "../rule";
import { isLoopback, type StackFacts } from "../stack-facts";
import { part, placeOfResource } from "../stack-resources";

const verify = "Use `verify-full`: other modes encrypt for any server that answers, or not at all";

export const tlsOff: Rule = {
  name: "tls-off",
  severity: "error",
  harm: "Without verified TLS, anybody on the network can read passwords and tenants' rows, and imitate servers.",
  checkConnector(connector) {
    const { config, name, placeOf } = connector;
    const { "database.hostname": host = "", "database.sslmode": mode = "prefer" } = config;
    const plain = Object.entries(config)
      .filter(([key, value]) => /security\.protocol$/.test(key) && /^(SASL_)?PLAINTEXT$/i.test(value))
      .map(([key]) => ({
        what: `\`${key}\` of connector \`${name}\` is not encrypted`,
        fix: "Use SSL or SASL_SSL",
        at: placeOf(key),
      }));
    if (!isDebezium(connector) || isLoopback(host) || mode === "verify-full" || isFilledInLater(mode)) return plain;
    const what = `Connector \`${name}\` reads the database with \`database.sslmode\` ${mode}`;
    return [...plain, { what, fix: verify, at: placeOf("database.sslmode") }];
  },
  checkStack: (stack) => [...ofPostgres(stack), ...ofConnect(stack)],
  checkResource(resource) {
    const listeners = part(part(part(resource.inputs, "spec"), "kafka"), "listeners");
    if (!/:Kafka$/.test(resource.type) || !Array.isArray(listeners)) return [];
    return listeners
      .filter((listener) => part(listener, "tls") !== true)
      .map((listener) => ({
        what: `Listener \`${String(part(listener, "name"))}\` of Kafka \`${resource.name}\` is not encrypted`,
        fix: "Write `tls: true`",
        at: placeOfResource(resource),
      }));
  },
};

function ofPostgres({ get, placeOf }: StackFacts): Finding[] {
  const [host, mode] = [get("endpoints", "postgres", "host"), get("endpoints", "postgres", "sslmode")];
  if (typeof host !== "string" || isLoopback(host) || mode === undefined || mode === "verify-full") return [];
  const what = `The database on ${host} is reached with sslmode ${String(mode)}`;
  return [{ what, fix: verify, at: placeOf("endpoints", "postgres", "sslmode") }];
}

function ofConnect({ get, placeOf }: StackFacts): Finding[] {
  const url = get("endpoints", "connect", "url");
  const host = typeof url === "string" ? /^http:\/\/([^/:]+|\[[^\]]+\])/.exec(url)?.[1] : undefined;
  // Network policies protect a host inside a cluster.
  if (host === undefined || isLoopback(host) || /\.svc(\.|$)/.test(host)) return [];
  return [
    {
      what: `Kafka Connect is reached by http on ${host}, which sends connectors' configurations unencrypted`,
      fix: "Give it an address with https",
      at: placeOf("endpoints", "connect", "url"),
    },
  ];
}
