import assert from "node:assert/strict";
import test from "node:test";
import type { ClusterApi } from "../../../cluster/api";
import { strimziProblems } from "../../../cluster/strimzi";
import { renderProblem } from "../../../common/problem";

/** An API server that gives this answer about Strimzi's resources. */
function serverThat(answer: () => Promise<unknown>): ClusterApi {
  return { context: "prod", custom: { getAPIResources: answer } } as unknown as ClusterApi;
}

const serving = (...names: string[]) =>
  serverThat(async () => ({ resources: names.map((name) => ({ name, namespaced: true })) }));

test("an existing operator must serve the version of the resources that the stack uses", async () => {
  const none = serverThat(() => Promise.reject(Object.assign(new Error("not found"), { code: 404 })));
  const message = (await strimziProblems(none, "existing")).map(renderProblem).join("\n");
  assert.match(message, /no Strimzi operator that this stack could use[\s\S]*`kafkas.kafka.strimzi.io\/v1`/);
  assert.match(message, /Strimzi 1.2[\s\S]*or set `tenantry:kubernetes.kafka.operator` to `chart`/);
  const partly = await strimziProblems(serving("kafkas", "kafkausers", "kafkaconnects"), "existing");
  assert.match(partly.map(renderProblem).join("\n"), /got: +no `kafkanodepools.kafka.strimzi.io\/v1`\n/);
});

test("asks nothing if the stack installs the operator, and reports nothing if it exists", async () => {
  assert.deepEqual(
    await strimziProblems(
      serverThat(() => assert.fail("asked")),
      "chart",
    ),
    [],
  );
  const all = serving("kafkas", "kafkanodepools", "kafkausers", "kafkaconnects", "kafkatopics");
  assert.deepEqual(await strimziProblems(all, "existing"), []);
});

test("an answer without information about Strimzi does not count as its absence", async () => {
  const broken = serverThat(() => Promise.reject(Object.assign(new Error("boom"), { code: 500 })));
  await assert.rejects(strimziProblems(broken, "existing"), /boom/);
});
