import { StatefulSet } from "@pulumi/kubernetes/apps/v1/statefulSet";
import { Job } from "@pulumi/kubernetes/batch/v1/job";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import * as pulumi from "@pulumi/pulumi";
import type { Login } from "../architecture/endpoints";
import { childrenOf, type MakeChild } from "./children";
import { createAuthority, issueNodeCertificate, type KeyPair } from "./citus/certificates";
import {
  authorityMap,
  certificateNames,
  clusterLabels,
  groupName,
  groupsOf,
  loginSecret,
  tlsSecret,
  workerName,
} from "./citus/citus-names";
import { networkPolicy } from "./citus/citus-network";
import { type CitusOptions, type CitusPlan, planCitus } from "./citus/citus-plan";
import { clusterRules, groupRules } from "./citus/citus-rights";
import { disruptionBudget, statefulSet, volumeClaims } from "./citus/citus-workload";
import { derivedPassword } from "./citus/password-secret";
import { patroniConfig } from "./citus/patroni-config";
import { loginRoles, prepareJob } from "./citus/prepare";
import { headlessService, primaryService, stateServices } from "./citus/services";
import { generatedSecret, secretData, secretValue } from "./generated-secret";
import { queriesMap } from "./monitoring/exporter";
import { queriesFile } from "./monitoring/queries";

export interface CitusClusterArgs extends CitusOptions {}

/**
 * A Citus cluster: one Patroni group for the coordinator and one for each worker, with Kubernetes as Patroni's store.
 * The first `up` generates passwords and keys. Raising `rotation` replaces all of them except the authority's key.
 *
 * @example new CitusCluster("citus", { namespace: "shop", database: "shop", workers: 2 }, { provider: cluster })
 */
export class CitusCluster extends pulumi.ComponentResource {
  /** The certificate, in PEM, of the authority that signs the nodes' certificates. */
  readonly authority: pulumi.Output<string>;
  /** The authority with its key, to sign further certificates for the cluster. */
  readonly signer: pulumi.Output<KeyPair>;
  /** The nodes' own certificate and key. */
  readonly certificate: pulumi.Output<KeyPair>;
  /** The logins of the administrator and of every declared role, by role. */
  readonly logins: pulumi.Output<Readonly<Record<string, Login>>>;
  /** Complete when all nodes are registered and the administrator can log in. Resources that use the database depend on it. */
  readonly ready: pulumi.Resource;
  /** The StatefulSet of each node that holds shards, by the node's name. */
  readonly servers: ReadonlyMap<string, pulumi.Resource>;
  private readonly plan: CitusPlan;
  private readonly child: MakeChild;

  /** Throws Problems if the arguments are invalid. */
  constructor(name: string, args: CitusClusterArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:CitusCluster", name, {}, options);
    this.plan = planCitus(name, args);
    this.child = childrenOf(this, name);
    const tls = this.certificates();
    const secrets = loginRoles(this.plan).map((role) => ({ role, secret: this.login(role, tls.signer) }));
    const foundation = [...this.account(), ...this.network(), ...this.questions(), tls.secret];
    const groups = groupsOf(this.plan).map((group) => this.group(group, foundation));
    this.servers = new Map(groups.slice(1).map((pods, index) => [workerName(index + 1), pods]));
    const job = prepareJob(this.plan);
    // The logical name contains the Job's hash, so a finished Job stays until its successor is done.
    this.ready = this.child(Job, job.metadata.name.slice(name.length + 1), job, {
      dependsOn: [...groups, tls.secret, ...secrets.map(({ secret }) => secret)],
      customTimeouts: { create: "16m" },
    });
    this.authority = tls.authority;
    this.signer = tls.signer;
    this.certificate = pulumi.secret(keyPair(tls.secret));
    this.logins = pulumi.secret(
      pulumi
        .all(secrets.map(({ secret }) => secretValue(secret, "password")))
        .apply((passwords) =>
          Object.fromEntries(
            secrets.map(({ role }, index) => [role, { user: role, password: passwords[index] ?? "" }]),
          ),
        ),
    );
    this.registerOutputs({ authority: this.authority, logins: this.logins });
  }

  /** Stores the authority's key in a Secret that no pod mounts, and its certificate in a ConfigMap for clients. */
  private certificates() {
    const { name, namespace, rotation, protect } = this.plan;
    const common = { namespace, labels: clusterLabels(this.plan), type: "kubernetes.io/tls" } as const;
    const created = pulumi.output(createAuthority(`${namespace}/${name}`));
    const kept = generatedSecret(
      `${name}-authority`,
      {
        ...common,
        name: `${name}-authority`,
        // A new authority would make every client reject the servers.
        rotation: 1,
        protect,
        values: { "tls.crt": created.certificate, "tls.key": created.key },
      },
      this,
    );
    const authority = pulumi.unsecret(secretValue(kept, "tls.crt"));
    const signer = pulumi.secret(keyPair(kept));
    const issued = signer.apply((authority) => issueNodeCertificate(authority, certificateNames(this.plan)));
    const secret = generatedSecret(
      `${name}-tls`,
      {
        ...common,
        name: tlsSecret(this.plan),
        rotation,
        values: { "ca.crt": authority, "tls.crt": issued.certificate, "tls.key": issued.key },
      },
      this,
    );
    this.child(ConfigMap, "ca", {
      metadata: { name: authorityMap(this.plan), namespace, labels: clusterLabels(this.plan) },
      data: { "ca.crt": authority },
    });
    return { authority, signer, secret };
  }

  private login(role: string, signer: pulumi.Output<KeyPair>): Secret {
    const { namespace, rotation, protect } = this.plan;
    const password = signer.apply(({ key }) => derivedPassword(key, role, rotation));
    return this.child(
      Secret,
      `login-${role}`,
      {
        metadata: { name: loginSecret(this.plan, role), namespace, labels: clusterLabels(this.plan) },
        type: "kubernetes.io/basic-auth",
        data: pulumi.secret(secretData({ username: role, password })),
      },
      { protect, additionalSecretOutputs: ["data"] },
    );
  }

  private account(): pulumi.Resource[] {
    const { name, namespace } = this.plan;
    const metadata = { name, namespace, labels: clusterLabels(this.plan) };
    return [this.child(ServiceAccount, "account", { metadata }), ...this.rights(name, "", clusterRules)];
  }

  /** Grants rules to the service account of all pods. */
  private rights(name: string, prefix: string, rules: (typeof clusterRules)[number][]): pulumi.Resource[] {
    const { name: account, namespace } = this.plan;
    const metadata = { name, namespace, labels: clusterLabels(this.plan) };
    return [
      this.child(Role, `${prefix}role`, { metadata, rules }),
      this.child(RoleBinding, `${prefix}binding`, {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", name: account, namespace }],
      }),
    ];
  }

  private network(): pulumi.Resource[] {
    const { name, namespace } = this.plan;
    const metadata = { name, namespace, labels: clusterLabels(this.plan) };
    return [
      this.child(Service, "pods", headlessService(this.plan)),
      this.child(NetworkPolicy, "network", { metadata, spec: networkPolicy(this.plan) }),
    ];
  }

  /** The ConfigMap with the exporter's queries, if the cluster is monitored. */
  private questions(): pulumi.Resource[] {
    if (!this.plan.monitoring) return [];
    const metadata = {
      name: queriesMap(this.plan),
      namespace: this.plan.namespace,
      labels: clusterLabels(this.plan),
    };
    return [this.child(ConfigMap, "queries", { metadata, data: { "queries.yaml": queriesFile() } })];
  }

  private group(group: number, foundation: readonly pulumi.Resource[]): pulumi.Resource {
    const { plan } = this;
    const set = statefulSet(plan, group);
    const config = this.child(ConfigMap, `${group}-config`, {
      metadata: { name: groupName(plan, group), namespace: plan.namespace, labels: set.metadata.labels },
      data: { "patroni.yaml": patroniConfig(plan, group) },
    });
    const rights = this.rights(groupName(plan, group), `${group}-`, groupRules(plan, group));
    const services = [
      this.child(Service, `${group}-primary`, primaryService(plan, group)),
      ...stateServices(plan, group).map((service) => this.child(Service, `${group}-${service.key}`, service.args)),
    ];
    const protect = plan.protect && !plan.leaving.includes(workerName(group));
    const claims = volumeClaims(plan, group).map((claim, index) =>
      this.child(PersistentVolumeClaim, `${group}-data-${index}`, claim, { protect }),
    );
    this.child(PodDisruptionBudget, `${group}-budget`, disruptionBudget(plan, group));
    return this.child(StatefulSet, `${group}-pods`, set, {
      dependsOn: [...foundation, config, ...rights, ...services, ...claims],
      // Kubernetes never lets this field change. Volumes grow through their claims.
      ignoreChanges: ["spec.volumeClaimTemplates"],
      customTimeouts: { create: "15m", update: "30m" },
    });
  }
}

function keyPair(secret: Secret): pulumi.Output<KeyPair> {
  return pulumi
    .all([secretValue(secret, "tls.crt"), secretValue(secret, "tls.key")])
    .apply(([certificate, key]) => ({ certificate, key }));
}
