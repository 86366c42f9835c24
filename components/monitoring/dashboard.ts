interface Panel {
  readonly title: string;
  /** PromQL expressions, by legend. */
  readonly series: Readonly<Record<string, string>>;
  readonly unit: "bytes" | "s" | "short" | "percentunit" | "ops";
}

/** The dashboard's rows of panels, from the database to Kafka. */
function rowsOf(namespace: string): Readonly<Record<string, readonly Panel[]>> {
  const of = (name: string, more = "") => `${name}{namespace="${namespace}"${more}}`;
  const rate = (name: string) => `rate(${of(name)}[5m])`;
  return {
    Database: [
      {
        title: "Primaries",
        unit: "short",
        series: { "group {{citus_group}}": `sum by (citus_group) (${of("patroni_primary")})` },
      },
      {
        title: "Transactions",
        unit: "ops",
        series: {
          "committed, group {{citus_group}}": `sum by (citus_group) (${rate("pg_stat_database_xact_commit")})`,
          "rolled back, group {{citus_group}}": `sum by (citus_group) (${rate("pg_stat_database_xact_rollback")})`,
        },
      },
      {
        title: "Connections",
        unit: "short",
        series: { "{{pod}}": `sum by (pod) (${of("pg_stat_database_numbackends")})` },
      },
      {
        title: "Standbys behind",
        unit: "bytes",
        series: { "{{replica}}": `max by (replica) (${of("tenantry_replica_lag_bytes")})` },
      },
    ],
    "Shards, partitions, volumes": [
      {
        title: "Shards a node",
        unit: "short",
        series: { "group {{group}}": `max by (group) (${of("tenantry_shards_placements")})` },
      },
      {
        title: "Partitions ahead of now",
        unit: "short",
        series: {
          "{{schema}}.{{table}}": `min by (schema, table) (${of("tenantry_partitions_ahead", ',citus_group="0"')})`,
        },
      },
      {
        title: "Database size",
        unit: "bytes",
        series: { "group {{citus_group}}": `max by (citus_group) (${of("pg_database_size_bytes")})` },
      },
      {
        title: "Volumes left",
        unit: "percentunit",
        series: {
          "{{persistentvolumeclaim}}": `min by (persistentvolumeclaim) (${of("kubelet_volume_stats_available_bytes")} / ${of("kubelet_volume_stats_capacity_bytes")})`,
        },
      },
    ],
    "Old rows": [
      {
        title: "Past their tier",
        unit: "s",
        series: {
          "{{schema}}.{{table}}": `max by (schema, table) (${of("tenantry_lifecycle_late_seconds", ',citus_group="0"')})`,
        },
      },
      {
        title: "Partitions that can't move",
        unit: "short",
        series: {
          "{{schema}}.{{table}}": `max by (schema, table) (${of("tenantry_lifecycle_failing", ',citus_group="0"')})`,
        },
      },
      {
        title: "Since the last success",
        unit: "s",
        series: {
          "{{activity}}": `max by (activity) (${of("tenantry_lifecycle_activity_age_seconds", ',citus_group="0"')} >= 0)`,
        },
      },
      {
        title: "Requests for cold rows that wait",
        unit: "short",
        series: {
          waiting: `max(${of("tenantry_lifecycle_activity_waiting", ',citus_group="0",activity="requests"')})`,
        },
      },
    ],
    Events: [
      {
        title: "Slots behind",
        unit: "bytes",
        series: {
          "{{slot_name}}, group {{citus_group}}": `max by (slot_name, citus_group) (${of("tenantry_slot_lag_bytes")})`,
        },
      },
      {
        title: "WAL kept for slots",
        unit: "bytes",
        series: {
          "{{slot_name}}, group {{citus_group}}": `max by (slot_name, citus_group) (${of("tenantry_slot_retained_bytes")})`,
        },
      },
      {
        title: "Events a second",
        unit: "ops",
        series: {
          "{{connector}}": `sum by (connector) (${rate("kafka_connect_source_task_source_record_write_total")})`,
        },
      },
      {
        title: "Failed tasks",
        unit: "short",
        series: {
          "{{connector}}": `sum by (connector) (${of("kafka_connect_connector_task_status", ',status="failed"')})`,
        },
      },
    ],
    Kafka: [
      {
        title: "Messages in",
        unit: "ops",
        series: {
          "{{topic}}": `sum by (topic) (rate(${of("kafka_server_brokertopicmetrics_messagesin_total", ',topic!=""')}[5m]))`,
        },
      },
      {
        title: "Partitions without all copies",
        unit: "short",
        series: { "{{pod}}": `sum by (pod) (${of("kafka_server_replicamanager_underreplicatedpartitions")})` },
      },
    ],
  };
}

const [width, height, columns] = [6, 8, 4];

/** The Grafana dashboard, in the JSON that the sidecar of Grafana's chart reads from a ConfigMap. */
export function dashboardOf(namespace: string): object {
  let [id, y] = [0, 0];
  const panels = Object.entries(rowsOf(namespace)).flatMap(([title, row]) => {
    const head = {
      id: ++id,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: width * columns, h: 1 },
    };
    const drawn = row.map((panel, index) => ({
      ...draw(panel),
      id: ++id,
      gridPos: { x: index * width, y, w: width, h: height },
    }));
    y += height;
    return [head, ...drawn];
  });
  return {
    uid: `tenantry-${namespace}`.slice(0, 40),
    title: `tenantry: ${namespace}`,
    tags: ["tenantry"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }] },
    panels,
  };
}

function draw({ title, series, unit }: Panel): object {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  return {
    type: "timeseries",
    title,
    datasource,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: Object.entries(series).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat,
    })),
  };
}

/** All PromQL expressions of the dashboard, for tests. */
export function expressionsOf(namespace: string): string[] {
  return Object.values(rowsOf(namespace)).flatMap((row) => row.flatMap(({ series }) => Object.values(series)));
}
