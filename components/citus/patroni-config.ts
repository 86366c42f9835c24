import { stringify } from "yaml";
import { hostRules, identityMap } from "./citus-access-rules";
import { clusterLabels, nodeUser } from "./citus-names";
import type { CitusPlan } from "./citus-plan";
import { localParameters, sharedParameters } from "./parameters";
import { paths } from "./paths";

/** Patroni's settings for a group in its store. Patroni reads them from its file only once, so `prepare` sends each change. */
export function dynamicConfig(plan: CitusPlan): Record<string, unknown> {
  return {
    ttl: 20,
    loop_wait: 5,
    retry_timeout: 5,
    // With this, a primary that can't reach the API server stays primary while every member of its group confirms it. Without,
    // all primaries demote themselves and writes stop for as long as the control plane is away.
    failsafe_mode: true,
    // An asynchronous standby that lags by more bytes than this does not become the primary.
    maximum_lag_on_failover: 2 ** 20,
    synchronous_mode: plan.synchronousMode !== "off",
    synchronous_mode_strict: plan.synchronousMode === "strict",
    postgresql: { use_pg_rewind: true, use_slots: true, parameters: sharedParameters(plan) },
    // Patroni would drop the slots of the toolkit and of Debezium because it does not know them.
    ignore_slots: [{ type: "logical", plugin: "pgoutput", database: plan.database }],
  };
}

/** `patroni.yaml` of a group; settings that differ between its pods come from their environment. */
export function patroniConfig(plan: CitusPlan, group: number): string {
  const trust = { sslmode: "verify-full", sslrootcert: paths.authority, sslcert: paths.certificate, sslkey: paths.key };
  return stringify(
    {
      scope: plan.name,
      kubernetes: {
        namespace: plan.namespace,
        labels: clusterLabels(plan),
        scope_label: "cluster-name",
        role_label: "role",
        use_endpoints: true,
        ports: [{ name: "postgresql", port: 5432 }],
      },
      citus: { database: plan.database, group },
      restapi: {
        listen: "0.0.0.0:8008",
        cafile: paths.authority,
        certfile: paths.certificate,
        keyfile: paths.key,
        // The kubelet's probes have no certificate; requests that change something need one.
        verify_client: "optional",
      },
      ctl: { cacert: paths.authority, certfile: paths.certificate, keyfile: paths.key },
      bootstrap: {
        dcs: dynamicConfig(plan),
        initdb: [{ encoding: "UTF8" }, { locale: "C.UTF-8" }, "data-checksums"],
      },
      postgresql: {
        listen: "0.0.0.0:5432",
        data_dir: paths.data,
        use_unix_socket: true,
        // The certificate holds for the names of pods, not for localhost.
        use_unix_socket_repl: true,
        pgpass: "/tmp/pgpass",
        authentication: {
          superuser: { username: nodeUser, ...trust },
          replication: { username: "standby", ...trust },
          rewind: { username: nodeUser, ...trust },
        },
        parameters: { unix_socket_directories: paths.sockets, ...localParameters(plan, group) },
        pg_hba: hostRules(plan, group),
        pg_ident: identityMap(),
        basebackup: [{ checkpoint: "fast" }],
      },
    },
    // Patroni reads YAML 1.1, where a bare `on` is a boolean.
    { lineWidth: 0, version: "1.1" },
  );
}
