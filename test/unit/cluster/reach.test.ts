import assert from "node:assert/strict";
import test from "node:test";
import { renderProblem } from "../../../architecture/problem";
import type { ClusterApi } from "../../../cluster/api";
import { requireReachable, unreachable } from "../../../cluster/reach";

const place = { context: "staging", server: "https://10.0.0.1:6443" };
const told = (error: unknown) => renderProblem(unreachable(place, error));

test("a cluster that is not there is told with its address and what to try", () => {
  assert.equal(
    told(new Error("connect ECONNREFUSED 10.0.0.1:6443")),
    `The cluster of the context \`staging\` does not answer
  got:      https://10.0.0.1:6443: connect ECONNREFUSED 10.0.0.1:6443
  expected: an API server
  fix:      Start the cluster, or connect to its network; \`kubectl --context staging version\` must answer. Nothing was changed`,
  );
  assert.match(told(Object.assign(new Error("aborted"), { name: "AbortError" })), /no answer within 20 s/);
});

test("refused credentials are told as such, with the server's own words", () => {
  const refused = Object.assign(new Error("HTTP-Code: 401"), { code: 401, body: '{"message":"Unauthorized"}' });
  assert.match(told(refused), /refuses your credentials\n {2}got: {6}https:\/\/10\.0\.0\.1:6443: Unauthorized/);
});

test("a cluster older than what Strimzi needs is refused", async () => {
  const version = (minor: string) =>
    ({ ...place, version: { getCode: async () => ({ minor }) } }) as unknown as ClusterApi;
  await assert.rejects(
    requireReachable(version("29+")),
    /too old\n {2}got: {6}Kubernetes 1\.29\n {2}expected: 1\.30 or newer/,
  );
  await requireReachable(version("33"));
});
