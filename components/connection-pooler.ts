import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget";
import * as pulumi from "@pulumi/pulumi";
import type { Login } from "../architecture/endpoints";
import { issueCertificate, type KeyPair } from "./citus/certificates";
import { generatedSecret } from "./generated-secret";
import { poolerUsers } from "./pooler/config";
import {
  poolerBudget,
  poolerDeployment,
  poolerHost,
  poolerIni,
  poolerLabels,
  poolerPolicy,
  poolerService,
  poolerTls,
  usersSecret,
} from "./pooler/manifests";
import { type PoolerOptions, planPooler } from "./pooler/pooler-plan";

export interface ConnectionPoolerArgs extends PoolerOptions {
  /** The roles' logins, by role. */
  readonly logins: pulumi.Input<Readonly<Record<string, Login>>>;
  /** The cluster's authority, which signs the pooler's certificate. */
  readonly signer: pulumi.Input<KeyPair>;
}

/**
 * PgBouncer in front of a Citus cluster's coordinator: it serves many clients with few server connections. Clients
 * connect to `NAME.NAMESPACE.svc:5432` by TLS and use the same logins as at the database.
 *
 * @example new ConnectionPooler("pooler", { namespace, cluster: "citus", database, roles, logins, signer }, { provider })
 */
export class ConnectionPooler extends pulumi.ComponentResource {
  /** The pooler's host name in the cluster; the port is 5432. */
  readonly host: string;

  /** Throws Problems if the arguments are invalid. */
  constructor(name: string, args: ConnectionPoolerArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:ConnectionPooler", name, {}, options);
    const { logins, signer, ...given } = args;
    const plan = planPooler(name, given);
    this.host = poolerHost(plan);
    const { namespace, rotation, roles } = plan;
    const inside = { parent: this };
    const labels = poolerLabels(plan);
    const issued = pulumi
      .output(signer)
      .apply((authority) => issueCertificate(authority, name, [this.host, `${this.host}.cluster.local`]));
    const tls = generatedSecret(
      `${name}-tls`,
      {
        name: poolerTls(plan),
        namespace,
        labels,
        type: "kubernetes.io/tls",
        rotation,
        values: { "tls.crt": issued.certificate, "tls.key": issued.key },
      },
      this,
    );
    const verifiers = pulumi.output(logins).apply((known) => poolerUsers(roles.flatMap((role) => known[role] ?? [])));
    const users = new Secret(
      `${name}-users`,
      {
        metadata: { name: usersSecret(plan), namespace, labels },
        stringData: { "userlist.txt": pulumi.secret(verifiers) },
      },
      { ...inside, additionalSecretOutputs: ["data", "stringData"] },
    );
    const config = new ConfigMap(
      `${name}-config`,
      { metadata: { name, namespace, labels }, data: { "pgbouncer.ini": poolerIni(plan) } },
      inside,
    );
    new NetworkPolicy(`${name}-network`, poolerPolicy(plan), inside);
    new PodDisruptionBudget(`${name}-budget`, poolerBudget(plan), inside);
    const pods = new Deployment(`${name}-pods`, poolerDeployment(plan), {
      ...inside,
      dependsOn: [tls, users, config],
      customTimeouts: { create: "10m", update: "10m" },
    });
    new Service(`${name}-service`, poolerService(plan), { ...inside, dependsOn: [pods] });
    this.registerOutputs({ host: this.host });
  }
}
