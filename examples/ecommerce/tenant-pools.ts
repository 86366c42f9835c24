import { Pool } from "pg";
import type { Endpoints } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { clientConfig } from "../../provider/postgres/postgres-connection";

/** Where a tenant's rows are reached; undefined for one that the stack does not know. */
export type Reach = (tenant: string) => Endpoints | undefined;

/** The application's connections, opened when first needed: a pool for all tenants, or one for each place of its own. */
export class TenantPools {
  private readonly pools = new Map<string, Pool>();

  /** @param max connections of a pool */
  constructor(
    private readonly reach: Reach,
    private readonly max: number,
  ) {}

  /** @throws Problems with a tenant that has no place, or no login there */
  of(tenant: string): Pool {
    const postgres = this.reach(tenant)?.postgres;
    if (!postgres) throw new Problems([unknownTenant(tenant)]);
    const login = postgres.roles["app"];
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
    what: "An event is of a tenant that the stack does not list",
    got: tenant,
    fix: "add it to `tenantry:tenants`, or let its events grow old",
  };
}

const noLogin = {
  what: "The stack's endpoints have no login of the role `app`, as which the demo writes",
  fix: "add `roles.app` (in the models `schema` and `silo` `TENANT/app`) with `user` and `password` to the endpoints",
};
