import assert from "node:assert/strict";
import test from "node:test";
import type { ClusterApi } from "../../../cluster/api";
import { prometheusProblems } from "../../../cluster/prometheus";
import { renderProblem } from "../../../common/problem";

/** An API server that gives this answer about the operator's resources. */
function serverThat(answer: () => Promise<unknown>): ClusterApi {
  return { context: "prod", custom: { getAPIResources: answer } } as unknown as ClusterApi;
}

const asked = { labels: {} };

test("monitoring needs the Prometheus operator's resources", async () => {
  const none = serverThat(() => Promise.reject(Object.assign(new Error("not found"), { code: 404 })));
  const message = (await prometheusProblems(none, asked)).map(renderProblem).join("\n");
  assert.match(message, /no Prometheus operator[\s\S]*`podmonitors.monitoring.coreos.com\/v1`/);
  assert.match(message, /set `tenantry:kubernetes.monitoring` to `false`/);
});

test("reports nothing if the operator's resources exist, and asks nothing without monitoring", async () => {
  const resources = ["podmonitors", "prometheusrules", "servicemonitors"].map((name) => ({ name }));
  assert.deepEqual(
    await prometheusProblems(
      serverThat(async () => ({ resources })),
      asked,
    ),
    [],
  );
  assert.deepEqual(
    await prometheusProblems(
      serverThat(() => assert.fail("asked")),
      undefined,
    ),
    [],
  );
});
