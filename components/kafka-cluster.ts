import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { Chart } from "@pulumi/kubernetes/helm/v4/chart";
import * as pulumi from "@pulumi/pulumi";
import type { Login } from "../architecture/endpoints";
import { formatAddress } from "../common/address";
import { root } from "../common/system/checkout";
import { nodePorts } from "../settings/access";
import { generatedSecret, secretValue } from "./generated-secret";
import { kafka } from "./kafka/cluster";
import { externalBootstrap, externalPort } from "./kafka/external-listener";
import {
  authoritySecret,
  bootstrapServer,
  clusterLabel,
  metricsMap,
  passwordSecret,
  poolsOf,
} from "./kafka/kafka-names";
import { type KafkaOptions, type KafkaPlan, planKafka } from "./kafka/kafka-plan";
import { nodePool } from "./kafka/node-pools";
import { kafkaUser } from "./kafka/users";
import { strimziVersion } from "./strimzi-resources";

export interface KafkaClusterArgs extends KafkaOptions {
  /**
   * Installs the operator's chart, whose objects are cluster-wide. It must not take over existing objects
   * (`upsertExistingObjects`). @default the provider of the other resources
   */
  readonly operatorProvider?: pulumi.ProviderResource;
}

/**
 * A Kafka cluster without ZooKeeper, run by Strimzi, with its users. Clients in the cluster connect by TLS and log in by
 * SCRAM-SHA-512; pods need the label `tenantry.io/kafka-client: NAME`. The first `up` generates the passwords, and raising
 * `rotation` replaces them.
 *
 * @example new KafkaCluster("kafka", { namespace: "shop", users: { billing: consumerAccess("billing", topics) } }, { provider })
 */
export class KafkaCluster extends pulumi.ComponentResource {
  readonly bootstrapServer: string;
  /** The certificate, in PEM, of the authority that signs the brokers' certificates. */
  readonly authority: pulumi.Output<string>;
  /** Bootstrap servers for clients outside the Kubernetes cluster; empty if there are none. */
  readonly externalServers: pulumi.Output<readonly string[]>;
  /** The users' logins, by name. */
  readonly logins: pulumi.Output<Readonly<Record<string, Login>>>;
  /** Complete when the brokers run and all users can log in. Resources that use Kafka depend on them. */
  readonly ready: readonly pulumi.Resource[];
  private readonly plan: KafkaPlan;

  /** Throws Problems if the arguments are invalid. */
  constructor(name: string, args: KafkaClusterArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:KafkaCluster", name, {}, options);
    this.plan = planKafka(name, args);
    const cluster = this.cluster(args.operatorProvider);
    const users = Object.keys(this.plan.users)
      .toSorted()
      .map((user) => this.user(user, cluster));
    this.bootstrapServer = bootstrapServer(this.plan);
    this.authority = this.readAuthority(cluster);
    this.externalServers = this.readExternal(cluster);
    this.logins = pulumi.secret(
      pulumi
        .all(users.map(({ password }) => secretValue(password, "password")))
        .apply((passwords) =>
          Object.fromEntries(users.map(({ user }, index) => [user, { user, password: passwords[index] ?? "" }])),
        ),
    );
    this.ready = [cluster, ...users.map(({ resource }) => resource)];
    this.registerOutputs({ authority: this.authority, logins: this.logins });
  }

  private cluster(operatorProvider: pulumi.ProviderResource | undefined): CustomResource {
    const { name, protect, metrics } = this.plan;
    const before: pulumi.Resource[] = this.operator(operatorProvider);
    if (metrics) before.push(this.metrics());
    const pools = poolsOf(this.plan).map(
      (pool) =>
        new CustomResource(`${name}-${pool.name}`, nodePool(this.plan, pool), {
          parent: this,
          protect,
          dependsOn: before,
        }),
    );
    return new CustomResource(`${name}-cluster`, kafka(this.plan), {
      parent: this,
      protect,
      dependsOn: pools,
      customTimeouts: { create: "15m", update: "30m" },
    });
  }

  /** The operator's pods, permissions and custom resource definitions. A Kubernetes cluster can have only one operator. */
  private operator(provider: pulumi.ProviderResource | undefined): pulumi.Resource[] {
    const { name, namespace, operator } = this.plan;
    if (operator === "existing") return [];
    const chart = "oci://quay.io/strimzi-helm/strimzi-kafka-operator";
    return [
      new Chart(
        `${name}-operator`,
        { chart, version: strimziVersion, namespace },
        { parent: this, ...(provider && { provider }) },
      ),
    ];
  }

  private metrics(): pulumi.Resource {
    const { name, namespace } = this.plan;
    return new ConfigMap(
      `${name}-metrics`,
      {
        metadata: { name: metricsMap(this.plan), namespace, labels: clusterLabel(this.plan) },
        data: { "rules.yaml": readFileSync(join(root, "components", "kafka", "metrics.yaml"), "utf8") },
      },
      { parent: this },
    );
  }

  private user(user: string, cluster: pulumi.Resource) {
    const { name, namespace, protect, rotation } = this.plan;
    const password = generatedSecret(
      // A new rotation has a new name, because Kafka must accept the new password before the old one is deleted.
      `${name}-password-${user}-${rotation}`,
      {
        name: passwordSecret(this.plan, user, rotation),
        namespace,
        labels: clusterLabel(this.plan),
        type: "kubernetes.io/basic-auth",
        rotation: 1,
        values: { username: user, password: pulumi.secret(randomBytes(24).toString("base64url")) },
      },
      this,
    );
    const resource = new CustomResource(`${name}-user-${user}`, kafkaUser(this.plan, user), {
      parent: this,
      protect,
      dependsOn: [cluster, password],
    });
    return { user, password, resource };
  }

  private readExternal(cluster: CustomResource): pulumi.Output<readonly string[]> {
    const { name, access } = this.plan;
    switch (access.by) {
      case "cluster":
        return pulumi.output([]);
      case "nodePort":
        return pulumi.output([formatAddress({ host: access.host, port: nodePorts(access.firstPort).kafka })]);
      case "addresses":
        return pulumi.output(access.kafka.map(formatAddress));
      case "loadBalancer": {
        const id = cluster.id.apply(() => externalBootstrap(this.plan));
        const { status } = Service.get(`${name}-external`, id, { parent: this });
        return status.apply(({ loadBalancer }) =>
          (loadBalancer?.ingress ?? []).map(({ ip, hostname }) =>
            formatAddress({ host: ip ?? hostname ?? "", port: externalPort }),
          ),
        );
      }
    }
  }

  /** Reads the authority's certificate in each run, because Strimzi makes it with the cluster and renews it. */
  private readAuthority(cluster: CustomResource): pulumi.Output<string> {
    const { name, namespace } = this.plan;
    // The id is unknown until the cluster exists, so a preview does not look for the Secret.
    const id = cluster.id.apply(() => `${namespace}/${authoritySecret(this.plan)}`);
    return pulumi.unsecret(secretValue(Secret.get(`${name}-authority`, id, { parent: this }), "ca.crt"));
  }
}
