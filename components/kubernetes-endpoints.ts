import { cdcRole } from "../architecture/application-names";
import { type Endpoints, type PostgresEndpoint, unknownYet } from "../architecture/endpoints";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import { adminUser, groupHost, loginSecret, shardNodes } from "./citus/citus-names";
import { databaseAuthority, restUrl } from "./connect/connect-names";
import { bootstrapServer } from "./kafka/kafka-names";

/** The names of a stack's components on Kubernetes. */
export const componentNames = {
  citus: "citus",
  pooler: "citus-pooler",
  kafka: "kafka",
  connect: "connect",
  lifecycle: "lifecycle",
} as const;

/**
 * The endpoints as far as they are known before the servers run: host names without addresses. The certificate is the path
 * of a file in Connect's pods.
 *
 * @param roles the application's roles by the names in `architecture.yaml`, and `cdc`
 */
export function declaredEndpoints(
  application: string,
  { namespace, workers }: KubernetesSettings,
  roles: Readonly<Record<string, string>>,
): Endpoints {
  const citus = { name: componentNames.citus, namespace, workers };
  const login = (user: string) => ({ user, password: unknownYet });
  const postgres: PostgresEndpoint = {
    host: groupHost(citus, 0),
    port: 5432,
    database: application,
    ...login(adminUser),
    sslmode: "verify-full",
    ca: `file:${databaseAuthority.file}`,
    nodes: shardNodes(citus),
    roles: Object.fromEntries(Object.entries(roles).map(([role, user]) => [role, login(user)])),
  };
  return {
    postgres,
    kafka: {
      bootstrapServers: [bootstrapServer({ name: componentNames.kafka, namespace })],
      tls: true,
      ...login(adminUser),
    },
    connect: {
      url: restUrl({ name: componentNames.connect, namespace }),
      databasePassword: `\${secrets:${namespace}/${loginSecret({ name: componentNames.citus }, cdcRole(application))}:password}`,
    },
  };
}
