import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  type ClaimReference,
  type Claims,
  isClaim,
  type MasterKey,
  openClaims,
  type StoreSettings,
} from "../../client";
import { openStore } from "../../store/open-store";
import type { Store } from "../../store/store";
import { clientTenants } from "./client-tenants";

export const masterKey: MasterKey = { id: "first", key: randomBytes(32) };
export const temporary = () => mkdtempSync(join(tmpdir(), "tenantry-claims-"));
export const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

type ClientTenants = Awaited<ReturnType<typeof clientTenants>>;

export interface ClaimFixture extends ClientTenants {
  readonly settings: StoreSettings;
  readonly store: Store;
  readonly claims: Claims;
  /** The payloads of a tenant's events, in no order. */
  payloads(tenant: string): Promise<readonly unknown[]>;
  keys(): Promise<readonly string[]>;
}

export async function claimFixture(t: TestContext, given?: StoreSettings): Promise<ClaimFixture> {
  const tenants = await clientTenants(t);
  const settings = given ?? { folder: temporary(), prefix: "ecommerce/test" };
  const store = await openStore(settings);
  return {
    ...tenants,
    settings,
    store,
    claims: await openClaims({ store: settings, masterKeys: [masterKey] }),
    payloads: async (tenant) =>
      (await tenants.database.events(tenant)).map((event) => (event as { readonly payload: unknown }).payload),
    keys: async () => {
      const keys: string[] = [];
      for await (const { key } of store.list("claims/")) keys.push(key);
      return keys;
    },
  };
}

/** The reference of a tenant's only event. */
export async function onlyClaim(fixture: ClaimFixture, tenant = fixture.acme): Promise<ClaimReference> {
  const [payload, ...others] = await fixture.payloads(tenant);
  assert.deepEqual(others, []);
  assert.ok(isClaim(payload), JSON.stringify(payload));
  return payload;
}
