import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import * as pulumi from "@pulumi/pulumi";
import { CitusCluster, ConnectionPooler } from "tenantry/components";

// This program provisions a database; the team creates the schema and the roles by itself.
const namespaceName = "orders-database";
const database = "orders";
const roles = ["orders_app"];
/** Protects the volumes. Set it by `pulumi config set protect true` if the data matters. */
const protect = new pulumi.Config().getBoolean("protect") ?? false;

const namespace = new Namespace("namespace", { metadata: { name: namespaceName } });

const citus = new CitusCluster(
  "citus",
  {
    namespace: namespaceName,
    database,
    workers: 1,
    applicationRoles: roles,
    coordinator: { cpu: "100m", memory: { bytes: 512 * 2 ** 20 }, storage: { bytes: 2 ** 30 } },
    worker: { cpu: "100m", memory: { bytes: 512 * 2 ** 20 }, storage: { bytes: 2 ** 30 } },
    spread: "preferred",
    protect,
  },
  { dependsOn: [namespace] },
);

const pooler = new ConnectionPooler(
  "pooler",
  {
    namespace: namespaceName,
    cluster: "citus",
    database,
    roles,
    logins: citus.logins,
    signer: citus.signer,
    spread: "preferred",
  },
  { dependsOn: [citus.ready] },
);

export const host = pooler.host;
export const authority = citus.authority;
