import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { networkPolicy } from "../../../../components/citus/citus-network";
import { type CitusPlan, planCitus } from "../../../../components/citus/citus-plan";
import { podTemplate } from "../../../../components/citus/pod";
import { Monitoring } from "../../../../components/monitoring";
import { monitorRole } from "../../../../components/monitoring/exporter";

const registered: { name: string; inputs: { kind?: string; metadata?: { labels?: object } } }[] = [];

const planOf = (monitoring: boolean) =>
  planCitus("citus", { namespace: "shop", database: "shop", workers: 1, monitoring });

/** The containers as plain values, because Pulumi's types allow outputs. */
function containersOf(plan: CitusPlan) {
  return (podTemplate(plan, 1).spec as { containers: { env?: { value?: string }[] }[] }).containers;
}
function ingressOf(plan: CitusPlan) {
  return networkPolicy(plan).ingress as { ports?: { port: number }[] }[];
}

test("without `monitoring` there is no exporter, and only nodes and clients can connect", () => {
  const plan = planOf(false);
  assert.equal(containersOf(plan).length, 1);
  assert.equal(ingressOf(plan).length, 2);
});

test("the exporter logs in through the pod's socket, without a password", () => {
  const exporter = containersOf(planOf(true))[1];
  const source = exporter?.env?.[0]?.value ?? "";
  assert.match(source, new RegExp(`^host=/run/postgresql user=${monitorRole} dbname=shop `));
  assert.doesNotMatch(source, /password/);
});

test("Prometheus' pods can reach only metrics", () => {
  const [, , metrics] = ingressOf(planOf(true));
  assert.deepEqual(
    metrics?.ports?.map(({ port }) => port),
    [9187, 8008],
  );
});

test("two monitors, the alerts and the dashboard have the labels that operators select by", async () => {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => {
        registered.push({ name, inputs });
        return { id: name, state: inputs };
      },
      call: () => ({}),
    },
    "tenantry",
    "unit",
  );
  const labels = { release: "prometheus" };
  new Monitoring("monitoring", { namespace: "shop", citus: "citus", strimzi: ["kafka"], labels }, {});
  await pulumi.runtime.disconnect();
  const made = registered.filter(({ inputs }) => inputs.metadata).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual(
    made.map(({ name, inputs }) => [name, inputs.kind, inputs.metadata?.labels]),
    [
      ["monitoring-alerts", "PrometheusRule", labels],
      ["monitoring-citus", "PodMonitor", labels],
      ["monitoring-dashboard", "ConfigMap", { ...labels, grafana_dashboard: "1" }],
      ["monitoring-strimzi", "PodMonitor", labels],
    ],
  );
});
