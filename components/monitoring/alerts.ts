/** An alert for Prometheus. Each alert has a section in docs/alerts.md. */
interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long the condition must hold before the alert fires. */
  readonly for: string;
  /** `critical` wakes somebody; `warning` can wait until the next morning. */
  readonly severity: "critical" | "warning";
  readonly summary: string;
  readonly description: string;
}

interface AlertOptions {
  readonly namespace: string;
  /** The URL of docs/alerts.md. */
  readonly runbooks: string;
}

const perNode = "namespace, citus_group";

/** @param namespace restricts the alerts to one stack, because several stacks may share a Prometheus */
export function alertsOf(namespace: string): readonly Alert[] {
  const own = `namespace="${namespace}"`;
  const metric = (name: string, more = "") => `${name}{${own}${more}}`;
  const shards = metric("tenantry_shards_placements");
  const gaugeAt = (name: string, more = "") => `max by (${perNode}, slot_name) (${metric(name, more)})`;
  return [
    {
      name: "TenantryNoLeader",
      expr: `sum by (${perNode}) (${metric("patroni_primary")}) == 0`,
      for: "1m",
      severity: "critical",
      summary: "Citus group {{ $labels.citus_group }} has no primary",
      description: "Nothing can be written to the shards of this group, and reads of them fail.",
    },
    {
      name: "TenantryNoMetrics",
      expr: `absent(${metric("patroni_primary")})`,
      for: "10m",
      severity: "warning",
      summary: `Nothing is heard from Patroni in ${namespace}`,
      description: "Prometheus reaches no database pod: the other alerts would stay silent too.",
    },
    {
      name: "TenantrySlotLost",
      expr: `${gaugeAt("tenantry_slot_lost")} > 0`,
      for: "0m",
      severity: "critical",
      summary: "The slot {{ $labels.slot_name }} has lost WAL that it needed",
      description:
        "Events that were not read yet can no longer be read from the log; they lie in the outbox as long as it keeps them.",
    },
    {
      name: "TenantrySlotInactive",
      expr: `${gaugeAt("tenantry_slot_active")} == 0`,
      for: "5m",
      severity: "critical",
      summary: "Nobody reads the slot {{ $labels.slot_name }}",
      description: "No event of this node reaches Kafka, and its log grows.",
    },
    {
      name: "TenantrySlotStalled",
      expr: `max by (${perNode}, slot_name) (changes(${metric("tenantry_slot_confirmed_bytes")}[10m])) == 0 and ${gaugeAt("tenantry_slot_active")} == 1`,
      for: "5m",
      severity: "critical",
      summary: "The slot {{ $labels.slot_name }} is read, and nothing of it arrives",
      description:
        "Its connector says that it runs, and has confirmed nothing for 15 minutes, not even the heartbeats: it waits for Kafka, such as for a topic that was deleted.",
    },
    {
      name: "TenantrySlotLag",
      expr: `${gaugeAt("tenantry_slot_lag_bytes")} > 268435456`,
      for: "10m",
      severity: "warning",
      summary: "The slot {{ $labels.slot_name }} is {{ $value | humanize1024 }}B behind",
      description: "Events reach Kafka late: the connector reads more slowly than the node writes.",
    },
    {
      name: "TenantryRetainedWal",
      expr: `${gaugeAt("tenantry_slot_retained_bytes")} / (${gaugeAt("tenantry_slot_retained_bytes")} + (${gaugeAt("tenantry_slot_left_bytes")} >= 0)) > 0.5`,
      for: "5m",
      severity: "critical",
      summary: "The slot {{ $labels.slot_name }} keeps {{ $value | humanizePercentage }} of the WAL that it may keep",
      description: "At 100 % PostgreSQL gives the slot up, and events that were not read are lost to it.",
    },
    {
      name: "TenantryReplicaLag",
      expr: `max by (${perNode}, replica) (${metric("tenantry_replica_lag_bytes")}) > 67108864`,
      for: "5m",
      severity: "warning",
      summary: "The standby {{ $labels.replica }} is {{ $value | humanize1024 }}B behind",
      description: "A failover to it would lose what it has not got, or is refused.",
    },
    {
      name: "TenantryNoReplica",
      expr: `count by (${perNode}) (${metric("patroni_primary")}) > 1 unless count by (${perNode}) (${metric("tenantry_replica_lag_bytes")})`,
      for: "10m",
      severity: "warning",
      summary: "No standby of group {{ $labels.citus_group }} streams from its primary",
      description: "If the primary fails now, nobody can take over without a loss.",
    },
    {
      name: "TenantryPartitionsNotAhead",
      expr: `min by (namespace, schema, table) (${metric("tenantry_partitions_ahead", ',citus_group="0"')}) < 2`,
      for: "15m",
      severity: "critical",
      summary: "{{ $labels.schema }}.{{ $labels.table }} has {{ $value }} partitions ahead of now",
      description: "Writes fail as soon as there is no partition for their time: nobody makes new ones.",
    },
    {
      name: "TenantryPartitionMaintenance",
      expr: `max by (namespace, schema, table) (${metric("tenantry_partition_maintenance_age_seconds", ',citus_group="0"')}) > 3600`,
      for: "15m",
      severity: "warning",
      summary: "{{ $labels.schema }}.{{ $labels.table }} was not maintained for {{ $value | humanizeDuration }}",
      description:
        "Its rounds of maintenance fail, or none comes: it will run out of partitions, or keep what should go.",
    },
    {
      name: "TenantryLifecycleLate",
      expr: `max by (namespace, schema, table) (${metric("tenantry_lifecycle_late_seconds", ',citus_group="0"')}) > 172800`,
      for: "1h",
      severity: "warning",
      summary:
        "{{ $labels.schema }}.{{ $labels.table }} has rows that should have left the database {{ $value | humanizeDuration }} ago",
      description: "No run has moved them to the store: the volumes grow, and nothing is lost.",
    },
    {
      name: "TenantryLifecycleFailing",
      expr: `max by (namespace, schema, table) (${metric("tenantry_lifecycle_failing", ',citus_group="0"')}) > 0`,
      for: "3h",
      severity: "warning",
      summary: "{{ $value }} partitions of {{ $labels.schema }}.{{ $labels.table }} can't move to the store",
      description: "Each run fails for them. `tenantry lifecycle status` says why; their rows stay in the database.",
    },
    {
      name: "TenantryLifecycleStopped",
      expr: `max by (namespace) (${metric("tenantry_lifecycle_activity_age_seconds", ',citus_group="0",activity="run"')}) > 172800`,
      for: "1h",
      severity: "warning",
      summary: "No run of the lifecycle has succeeded for {{ $value | humanizeDuration }}",
      description: "Rows stay in the tier in which they are, and processed events are not pruned.",
    },
    {
      name: "TenantryColdRequestsWaiting",
      expr: `max by (namespace) (${metric("tenantry_lifecycle_activity_waiting_seconds", ',citus_group="0",activity="requests"')}) > 3600 or max by (namespace) (${metric("tenantry_lifecycle_activity_age_seconds", ',citus_group="0",activity="requests"')}) > 3600`,
      for: "15m",
      severity: "warning",
      summary: "Tenants wait for cold rows",
      description: "A request has waited for an hour, or nobody has served requests for as long.",
    },
    {
      name: "TenantryShardImbalance",
      expr: `max by (namespace) (${shards}) - min by (namespace) (${shards}) > 0.5 * avg by (namespace) (${shards})`,
      for: "1h",
      severity: "warning",
      summary: "One node holds {{ $value }} shards more than another",
      description: "Load and data are not spread over the nodes: a rebalance was not run, or did not end.",
    },
    {
      name: "TenantryConnectorFailed",
      expr: `max by (namespace, connector, task) (${metric("kafka_connect_connector_task_status", ',status="failed"')}) > 0`,
      for: "5m",
      severity: "critical",
      summary: "Task {{ $labels.task }} of {{ $labels.connector }} has failed and stays so",
      description:
        "It was not restarted by itself: no event of its node reaches Kafka. `tenantry events status` names the cause, and the event if it is one.",
    },
    {
      name: "TenantryParkedEvents",
      expr: `max by (namespace, schema) (${metric("tenantry_parked_events", ',citus_group="0"')}) > 0`,
      for: "15m",
      severity: "warning",
      summary: "{{ $value }} events of {{ $labels.schema }} are parked",
      description:
        "They were taken out of the stream so that others go on, and have not reached Kafka. `tenantry events list` says which and why, `tenantry events send` sends them.",
    },
    {
      name: "TenantryUnderReplicated",
      expr: `sum by (namespace) (${metric("kafka_server_replicamanager_underreplicatedpartitions")}) > 0`,
      for: "10m",
      severity: "warning",
      summary: "{{ $value }} partitions of Kafka lack a copy",
      description: "One more broker lost, and exactly-once connectors stop or events are lost.",
    },
    {
      name: "TenantryVolumeFilling",
      expr: `min by (namespace, persistentvolumeclaim) (${metric("kubelet_volume_stats_available_bytes")} / ${metric("kubelet_volume_stats_capacity_bytes")}) < 0.2`,
      for: "10m",
      severity: "critical",
      summary: "The volume {{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left",
      description: "A full volume stops the database or the broker on it.",
    },
  ];
}

/** The URL of the alert's section in docs/alerts.md, with GitHub's form of anchors: `tenantryslotlag`. */
function runbookOf(runbooks: string, { name }: Pick<Alert, "name">): string {
  return `${runbooks}#${name.toLowerCase()}`;
}

/** The rule groups, for a PrometheusRule or a rule file. */
export function ruleGroups({ namespace, runbooks }: AlertOptions) {
  return [
    {
      name: `tenantry-${namespace}`,
      rules: alertsOf(namespace).map((alert) => ({
        alert: alert.name,
        expr: alert.expr,
        for: alert.for,
        labels: { severity: alert.severity },
        annotations: {
          summary: alert.summary,
          description: alert.description,
          runbook_url: runbookOf(runbooks, alert),
        },
      })),
    },
  ];
}
