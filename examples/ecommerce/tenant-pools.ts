import { Pool } from "pg";
import type { Endpoints } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { clientConfig } from "../../provider/postgres/postgres-connection";

/** Returns the endpoints of the database with a tenant's rows; undefined for a tenant that the stack does not list. */
export type Reach = (tenant: string) => Endpoints | undefined;

/** The application's connection pools, opened at first use: one for all tenants, or one for each tenant's database. */
export class TenantPools {
  private readonly pools = new Map<string, Pool>();

  /** @param max the limit of connections in each pool */
  constructor(
    private readonly reach: Reach,
    private readonly max: number,
  ) {}

  /** @throws Problems for a tenant that the stack does not list, or without a login in its database */
  of(tenant: string): Pool {
    const postgres = this.reach(tenant)?.postgres;
    if (!postgres) throw new Problems([unknownTenant(tenant)]);
    const login = postgres.roles.app;
    if (!login) throw new Problems([noLogin]);
    const key = `${login.user}@${postgres.database}`;
    const known = this.pools.get(key);
    if (known) return known;
    const pool = new Pool({ ...clientConfig({ ...postgres, ...login }), max: this.max });
    pool.on("error", () => {});
    this.pools.set(key, pool);
    return pool;
  }

  async end(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }
}

function unknownTenant(tenant: string) {
  return {
    what: "An event belongs to a tenant that the stack does not list",
    got: tenant,
    fix: "add it to `tenantry:tenants`, or wait until its events have expired",
  };
}

const noLogin = {
  what: "The stack's endpoints have no login for the role `app`, which the demo uses",
  fix: "add `roles.app` (in the models `schema` and `silo` `TENANT/app`) with `user` and `password` to the endpoints",
};
