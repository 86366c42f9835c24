import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import * as pulumi from "@pulumi/pulumi";
import { ruleGroups } from "./monitoring/alerts";
import { dashboardOf } from "./monitoring/dashboard";
import { citusMonitor, strimziMonitor } from "./monitoring/monitors";

export interface MonitoringArgs {
  readonly namespace: string;
  /** The name of the CitusCluster; it needs `monitoring: true`. */
  readonly citus: string;
  /** Names of the Kafka and Connect clusters that Strimzi runs. @default none */
  readonly strimzi?: readonly string[];
  /** The URL of docs/alerts.md, for `runbook_url`. @default the file on GitHub */
  readonly runbooks?: string;
  /** Labels by which the Prometheus operator selects its monitors and rules. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

const defaultRunbooks = "https://github.com/tenantry/tenantry/blob/main/docs/alerts.md";

/**
 * Monitors, alerts (each with a runbook) and a dashboard, with which a Prometheus operator and Grafana watch a stack. Their
 * CRDs must be installed; the component does not install Prometheus.
 *
 * @example new Monitoring("monitoring", { namespace: "shop", citus: "citus", strimzi: ["kafka", "connect"] }, { provider })
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:Monitoring", name, {}, options);
    const { namespace, citus, strimzi = [], runbooks = defaultRunbooks, labels = {} } = args;
    // The API drops an empty map, so each `up` would show a change.
    const labelled = Object.keys(labels).length > 0 && { labels: { ...labels } };
    const custom = (suffix: string, kind: string, spec: object) =>
      new CustomResource(
        `${name}-${suffix}`,
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind,
          metadata: { name: `${name}-${suffix}`, namespace, ...labelled },
          spec,
        },
        { parent: this },
      );
    custom("citus", "PodMonitor", citusMonitor({ namespace }, citus));
    if (strimzi.length > 0) custom("strimzi", "PodMonitor", strimziMonitor({ namespace }, strimzi));
    custom("alerts", "PrometheusRule", { groups: ruleGroups({ namespace, runbooks }) });
    new ConfigMap(
      `${name}-dashboard`,
      {
        // Grafana's sidecar selects ConfigMaps by this label.
        metadata: { name: `${name}-dashboard`, namespace, labels: { ...labels, grafana_dashboard: "1" } },
        data: { "tenantry.json": JSON.stringify(dashboardOf(namespace), undefined, 2) },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
