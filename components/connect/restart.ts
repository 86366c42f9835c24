import { commandPod } from "../command-pod";
import { containerSecurity, podSecurity } from "../strimzi-resources";
import { connectClientLabel, restUrl } from "./connect-names";
import type { ConnectPlan } from "./connect-plan";

/**
 * Connect leaves a task that failed as it is, although most failures pass: a broker that restarts, a database that fails
 * over. Strimzi restarts connectors that it keeps itself; these are kept by the provider.
 */
export function restartJob(plan: ConnectPlan) {
  const { name, namespace, image } = plan;
  const labels = connectClientLabel(plan);
  return {
    metadata: { name: `${name}-restart`, namespace, labels },
    spec: {
      schedule: "* * * * *",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 60,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: {
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: 240,
          template: commandPod({
            labels,
            securityContext: podSecurity,
            container: {
              name: "restart",
              image,
              command: ["bash", "-euo", "pipefail", "-c", script],
              env: [{ name: "CONNECT", value: restUrl(plan) }],
              securityContext: containerSecurity,
              resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
            },
          }),
        },
      },
    },
  };
}

/** Connectors have names of letters, digits, `-` and `_`, so their JSON needs no parser. */
const script = `\
ask() { curl --silent --show-error --fail --max-time 60 "$@"; }
ask "$CONNECT/connectors" | tr -d '[]" ' | tr ',' '\\n' | while read -r connector || [ -n "$connector" ]; do
  if ask "$CONNECT/connectors/$connector/status" | grep -q '"state":"FAILED"'; then
    echo "$connector has failed: restarting what did"
    ask --request POST --output /dev/null "$CONNECT/connectors/$connector/restart?includeTasks=true&onlyFailed=true"
  fi
done
`;
