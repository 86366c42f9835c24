import { commandPod } from "../command-pod";
import { containerSecurity, podSecurity } from "../strimzi-resources";
import { connectClientLabel, restUrl } from "./connect-names";
import type { ConnectPlan } from "./connect-plan";

/**
 * The CronJob that restarts failed tasks. Connect leaves them failed although most causes pass, such as a broker's restart or
 * a failover of the database. Strimzi restarts only connectors that it manages, and the provider manages these.
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

/** Connector names contain only letters, digits, `-` and `_`, so the script needs no JSON parser. */
const script = `\
ask() { curl --silent --show-error --fail --max-time 60 "$@"; }
ask "$CONNECT/connectors" | tr -d '[]" ' | tr ',' '\\n' | while read -r connector || [ -n "$connector" ]; do
  if ask "$CONNECT/connectors/$connector/status" | grep -q '"state":"FAILED"'; then
    echo "$connector has failed: restarting what did"
    ask --request POST --output /dev/null "$CONNECT/connectors/$connector/restart?includeTasks=true&onlyFailed=true"
  fi
done
`;
