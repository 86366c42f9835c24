import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import * as pulumi from "@pulumi/pulumi";
import { ruleGroups } from "./monitoring/alerts";
import { dashboardOf } from "./monitoring/dashboard";
import { citusMonitor, strimziMonitor } from "./monitoring/monitors";

export interface MonitoringArgs {
  readonly namespace: string;
  /** The name of the CitusCluster, made with `monitoring`. */
  readonly citus: string;
  /** Names of Strimzi's clusters, Kafka's and Connect's. @default none */
  readonly strimzi?: readonly string[];
  /** Where docs/alerts.md is shown, for `runbook_url`. @default the file on GitHub */
  readonly runbooks?: string;
  /** Labels by which the Prometheus operator chooses what it reads. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

export const defaultRunbooks = "https://github.com/tenantry/tenantry/blob/main/docs/alerts.md";

/**
 * What a Prometheus operator and Grafana need to watch a stack: who is asked, alerts with a runbook each, a dashboard.
 * Their own CRDs must be installed; nothing of Prometheus itself is made here.
 *
 * @example new Monitoring("monitoring", { namespace: "shop", citus: "citus", strimzi: ["kafka", "connect"] }, { provider })
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:Monitoring", name, {}, options);
    const { namespace, citus, strimzi = [], runbooks = defaultRunbooks, labels = {} } = args;
    // The API keeps no empty map, and each `up` would put it back.
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
        // Grafana's sidecar looks for this label.
        metadata: { name: `${name}-dashboard`, namespace, labels: { ...labels, grafana_dashboard: "1" } },
        data: { "tenantry.json": JSON.stringify(dashboardOf(namespace), undefined, 2) },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
