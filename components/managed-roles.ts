import { Provider } from "@pulumi/postgresql/provider";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../architecture/application";
import { cdcRole } from "../architecture/application-names";
import { addressOf, type PostgresEndpoint } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import type { Settings } from "../settings/settings";
import { DatabaseRoles } from "./database-roles";
import type { Platform } from "./platform";

/** Declares the application's roles on its servers, through `@pulumi/postgresql`. Throws Problems if the plugin can't reach them. */
export function managedRoles(application: Application, settings: Settings, servers: Platform): DatabaseRoles {
  const { endpoints, certificate, ready, namespace } = servers;
  if (!endpoints) throw new Problems([nowhere]);
  if (settings.endpoints?.postgres.ca !== undefined) throw new Problems([ownAuthority]);
  const postgres = pulumi.output(endpoints).apply((known) => known.postgres);
  const provider = new Provider("postgresql", connection(postgres, certificate), {
    dependsOn: [...ready],
  });
  const createWith =
    settings.postgres?.manageDatabase &&
    new Provider("postgresql-server", { ...connection(postgres, certificate), database: "postgres" });
  const database = settings.endpoints?.postgres.database ?? application.name;
  return new DatabaseRoles(
    "database",
    {
      database,
      applicationRoles: application.roles.map(({ user }) => user),
      replicationRoles: [cdcRole(application.name)],
      passwords: postgres.apply(({ roles }) =>
        Object.fromEntries(Object.values(roles).map(({ user, password }) => [user, password])),
      ),
      ...(createWith && { createWith }),
      dropDatabase: settings.allow.includes(`drop ${database}`),
      ...(namespace && { deletedWith: namespace }),
    },
    { providers: { postgresql: provider }, dependsOn: [...ready] },
  );
}

const nowhere = {
  what: "The stack creates roles in PostgreSQL but has no endpoint for it",
  expected: "`tenantry:endpoints`, or the file that it names",
  fix: "Write the endpoints, or set `tenantry:postgres.manageRoles` to `false`",
};
const ownAuthority = {
  what: "The plugin postgresql, which creates the roles, trusts only the system's certificate authorities, not the one in the stack file",
  got: "`tenantry:endpoints.postgres.ca`",
  fix: "Remove `ca` and name its file in SSL_CERT_FILE and NODE_EXTRA_CA_CERTS, or set `tenantry:postgres.manageRoles` to `false` and create the roles yourself",
};

/**
 * The plugin's login. It accepts a certificate authority as text only together with a client certificate, so it gets the
 * nodes' own, which the server accepts. It can't expect another name than the address in the server's certificate; if they
 * differ, it checks only the authority, which signs for this cluster alone.
 */
function connection(
  postgres: pulumi.Output<PostgresEndpoint>,
  certificate: pulumi.Output<{ readonly certificate: string; readonly key: string }> | undefined,
) {
  const password = pulumi.secret(postgres.password);
  // Only the password and the key are secret; reviewers need to see the rest.
  const shown = pulumi.unsecret(postgres);
  const address = shown.apply(addressOf);
  const sslmode = pulumi
    .all([shown, address])
    .apply(([{ host, sslmode }, at]) =>
      certificate && sslmode === "verify-full" && at.host !== host ? "verify-ca" : sslmode,
    );
  return {
    host: address.host,
    port: address.port,
    username: shown.user,
    password,
    database: shown.database,
    sslmode,
    ...(certificate && {
      sslrootcert: shown.apply(({ ca }) => ca ?? ""),
      clientcert: pulumi.secret(certificate.apply(({ certificate: cert, key }) => ({ cert, key, sslinline: true }))),
    }),
    connectTimeout: 10,
    maxConnections: 4,
  };
}
