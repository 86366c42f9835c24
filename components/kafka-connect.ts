import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { CronJob } from "@pulumi/kubernetes/batch/v1/cronJob";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import * as pulumi from "@pulumi/pulumi";
import { root } from "../common/system/checkout";
import { metricsMap, restUrl, serviceAccount } from "./connect/connect-names";
import { networkPolicy } from "./connect/connect-network";
import { type ConnectOptions, type ConnectPlan, planConnect } from "./connect/connect-plan";
import { secretRules } from "./connect/connect-rights";
import { restartJob } from "./connect/restart";
import { kafkaConnect } from "./connect/worker";

export interface KafkaConnectArgs extends ConnectOptions {}

/**
 * Workers of Kafka Connect with Debezium, run by Strimzi. Connectors are created through the REST interface, which only pods
 * with the label `tenantry.io/connect-client: NAME` can reach. Connectors refer to secrets and never contain them.
 *
 * @example new KafkaConnect("connect", { namespace: "shop", kafka: login, secrets: { "citus-login-cdc": "1" } }, { provider, dependsOn })
 */
export class KafkaConnect extends pulumi.ComponentResource {
  /** The base URL of the REST interface. */
  readonly url: string;
  /** Complete when the workers answer. Resources that create connectors depend on it. */
  readonly ready: pulumi.Resource;
  private readonly plan: ConnectPlan;

  /** Throws Problems if the arguments are invalid. */
  constructor(name: string, args: KafkaConnectArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:KafkaConnect", name, {}, options);
    this.plan = planConnect(name, args);
    const { metrics } = this.plan;
    const dependsOn: pulumi.Resource[] = [...this.rights(), this.network()];
    if (metrics) dependsOn.push(this.metrics());
    this.ready = new CustomResource(`${name}-workers`, kafkaConnect(this.plan), {
      parent: this,
      dependsOn,
      customTimeouts: { create: "15m", update: "15m" },
    });
    new CronJob(`${name}-restart`, restartJob(this.plan), { parent: this, dependsOn: [this.ready] });
    this.url = restUrl(this.plan);
    this.registerOutputs({ url: this.url });
  }

  private rights(): pulumi.Resource[] {
    const { name, namespace } = this.plan;
    const metadata = { name: `${name}-secrets`, namespace };
    return [
      new Role(`${name}-role`, { metadata, rules: secretRules(this.plan) }, { parent: this }),
      new RoleBinding(
        `${name}-binding`,
        {
          metadata,
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
          subjects: [{ kind: "ServiceAccount", name: serviceAccount(this.plan), namespace }],
        },
        { parent: this },
      ),
    ];
  }

  private network(): pulumi.Resource {
    const { name, namespace } = this.plan;
    const metadata = { name: `${name}-rest`, namespace };
    return new NetworkPolicy(`${name}-network`, { metadata, spec: networkPolicy(this.plan) }, { parent: this });
  }

  private metrics(): pulumi.Resource {
    const { name, namespace } = this.plan;
    return new ConfigMap(
      `${name}-metrics`,
      {
        metadata: { name: metricsMap(this.plan), namespace },
        data: { "rules.yaml": readFileSync(join(root, "components", "connect", "metrics.yaml"), "utf8") },
      },
      { parent: this },
    );
  }
}
