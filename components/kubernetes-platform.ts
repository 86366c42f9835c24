import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../architecture/application";
import { cdcRole } from "../architecture/application-names";
import type { Endpoints, Login } from "../architecture/endpoints";
import { requireReady } from "../cluster/cluster-preflight";
import { stackLabel } from "../cluster/namespace";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import type { Settings } from "../settings/settings";
import { adminUser } from "./citus/citus-names";
import { type CitusOptions, planCitus } from "./citus/citus-plan";
import { wantedVolumes } from "./citus/citus-workload";
import { CitusCluster } from "./citus-cluster";
import { planConnect } from "./connect/connect-plan";
import { ConnectionPooler, type ConnectionPoolerArgs } from "./connection-pooler";
import { planKafka } from "./kafka/kafka-plan";
import { kafkaVolumes } from "./kafka/node-pools";
import { KafkaCluster } from "./kafka-cluster";
import { KafkaConnect } from "./kafka-connect";
import { componentNames, declaredEndpoints } from "./kubernetes-endpoints";
import { connectOptions, kafkaOptions } from "./kubernetes-kafka";
import { Monitoring } from "./monitoring";
import type { Platform } from "./platform";
import { reachFromOutside } from "./reached-servers";

/** Provisions a stack's servers in the stack's namespace and cluster. */
export async function kubernetesPlatform(
  application: Application,
  settings: Settings,
  to: KubernetesSettings,
): Promise<Platform> {
  const { context, namespace, monitoring } = to;
  const applicationRoles = application.roles.map(({ user }) => user);
  const replicationRole = cdcRole(application.name);
  const options: CitusOptions = {
    namespace,
    workers: to.workers,
    replicas: to.replicas,
    coordinator: to.coordinator,
    worker: to.worker,
    synchronousMode: to.synchronousMode,
    maxConnections: to.maxConnections,
    maxWalSize: to.maxWalSize,
    maxSlotWalKeepSize: to.maxSlotWalKeepSize,
    storageClass: to.storageClass,
    image: to.image,
    spread: to.spread,
    protect: to.protect,
    rotation: to.rotation,
    database: application.name,
    consistency: settings.consistency,
    leaving: settings.allow.flatMap((optIn) => /^remove (\S+)$/.exec(optIn)?.[1] ?? []),
    applicationRoles,
    replicationRoles: [replicationRole],
    monitoring: monitoring !== undefined,
  };
  const kafkaArgs = kafkaOptions(application, settings, to);
  const connectArgs = connectOptions(application, settings, to);
  planConnect(componentNames.connect, connectArgs);
  const volumes = [
    ...wantedVolumes(planCitus(componentNames.citus, options)),
    ...kafkaVolumes(planKafka(componentNames.kafka, kafkaArgs)),
  ];
  const stack = pulumi.getStack();
  // A preview needs no cluster.
  if (!pulumi.runtime.isDryRun()) await requireReady(to, volumes, stack);
  const reach = { context, enableServerSideApply: true };
  const provider = new Provider("namespaced", {
    ...reach,
    // Otherwise Pulumi would replace them, which `protect` forbids. An annotation restarts the pods that read them.
    enableSecretMutable: true,
    enableConfigMapMutable: true,
    // The next `up` takes over the objects of a killed one. That is safe because namespaceProblems checks that the namespace is the stack's.
    upsertExistingObjects: true,
    enablePatchForce: true,
  });
  const { protect } = to;
  const metadata = { name: namespace, labels: { [stackLabel]: stack } };
  const stackNamespace = new Namespace("namespace", { metadata }, { provider, protect });
  const inside = { providers: { kubernetes: provider }, dependsOn: [stackNamespace] };
  const citus = new CitusCluster(componentNames.citus, options, inside);
  // The operator's objects are cluster-wide, so existing ones belong to someone else and must not be taken over.
  const operatorProvider = kafkaArgs.operator !== "existing" && new Provider("cluster", reach);
  const kafka = new KafkaCluster(
    componentNames.kafka,
    { ...kafkaArgs, ...(operatorProvider && { operatorProvider }) },
    inside,
  );
  const dependsOn = [citus.ready, ...kafka.ready];
  const connect = new KafkaConnect(componentNames.connect, connectArgs, { ...inside, dependsOn });
  if (to.pooler) {
    const args = poolerArgs(application, to, citus);
    new ConnectionPooler(componentNames.pooler, args, { ...inside, dependsOn: [citus.ready] });
  }
  if (monitoring) {
    const strimzi = [componentNames.kafka, componentNames.connect];
    const watched = { namespace, citus: componentNames.citus, strimzi, labels: monitoring.labels };
    new Monitoring("monitoring", watched, inside);
  }
  const roles = Object.fromEntries([
    ...application.roles.map(({ name, user }) => [name, user] as const),
    ["cdc", replicationRole] as const,
  ]);
  const declared = declaredEndpoints(application.name, to, roles);
  const outside = reachFromOutside(to, kafka, { ...inside, dependsOn: [citus.ready, connect.ready] });
  return {
    declared,
    endpoints: pulumi
      .all([citus.authority, citus.logins, kafka.authority, kafka.logins])
      .apply(
        ([ca, logins, kafkaAuthority, users]): Endpoints => ({
          ...withSecrets(declared, ca, logins),
          kafka: { ...declared.kafka, ca: kafkaAuthority, ...users[adminUser] },
        }),
      )
      .apply((known) => (outside ? outside.reached(known) : pulumi.output(known))),
    ready: [...dependsOn, connect.ready, ...(outside?.ready ?? [])],
    provider,
    namespace: stackNamespace,
    certificate: citus.certificate,
    servers: citus.servers,
  };
}

function poolerArgs(application: Application, to: KubernetesSettings, citus: CitusCluster): ConnectionPoolerArgs {
  const { namespace, maxConnections, poolSize, pooling, image, spread, rotation } = to;
  return {
    namespace,
    cluster: componentNames.citus,
    database: application.name,
    roles: application.roles.map(({ user }) => user),
    logins: citus.logins,
    signer: citus.signer,
    ...(maxConnections !== undefined && { maxConnections }),
    ...(poolSize !== undefined && { poolSize }),
    ...(pooling && { pooling }),
    image,
    spread,
    rotation,
  };
}

function withSecrets(declared: Endpoints, ca: string, logins: Readonly<Record<string, Login>>): Endpoints {
  const { postgres } = declared;
  const known = (login: Login): Login => logins[login.user] ?? login;
  return {
    ...declared,
    postgres: {
      ...postgres,
      ca,
      ...logins[adminUser],
      roles: Object.fromEntries(Object.entries(postgres.roles).map(([role, login]) => [role, known(login)])),
    },
  };
}
