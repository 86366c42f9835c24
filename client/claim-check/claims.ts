import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { sha256Of } from "../../store/digest";
import { openStore } from "../../store/open-store";
import type { Body, Store } from "../../store/store";
import type { StoreSettings } from "../../store/store-settings";
import { ClaimCheckError } from "../errors";
import { type TenantClient, transactionOf } from "../transaction";
import type { Content } from "./content";
import { type DataKey, seal, sealFile, unseal, unsealFile } from "./envelope";
import { type MasterKey, MasterKeys, type WrappedKey } from "./master-key";
import { PayloadLimit } from "./payload-limit";
import { type ClaimReference, claimKey, isClaim } from "./reference";

export interface ClaimOptions {
  /** The stack's store, as `tenantry:store` names it, with its prefix. */
  readonly store: StoreSettings;
  /** The application's master keys. The first one encrypts the keys of new tenants; all decrypt. */
  readonly masterKeys: readonly MasterKey[];
}

/** Opens the claim check: payloads above the outbox's limit lie in the store, encrypted with a key of their tenant. */
export async function openClaims({ store, masterKeys }: ClaimOptions): Promise<Claims> {
  const keys = new MasterKeys(masterKeys);
  // A transaction waits meanwhile, so a store that does not answer fails it within about half a minute.
  return new Claims(await openStore(store, { attempts: 4, silenceMs: 5_000 }), keys);
}

export class Claims {
  /** The outbox's limit, above which `emit` uses the store. */
  readonly limit = new PayloadLimit();

  constructor(
    private readonly store: Store,
    private readonly masterKeys: MasterKeys,
  ) {}

  /**
   * Encrypts the content and stores it. The object is durable when this returns, so that the event that refers to it can
   * commit.
   *
   * @throws ClaimCheckError if the store refuses or stays away
   */
  async put(client: TenantClient, { body, contentType }: Content): Promise<ClaimReference> {
    const key = await this.provideKey(client, transactionOf(client, "Claims.put").tenant);
    if (Buffer.isBuffer(body)) return this.keep(key, seal(body, key), body.length, contentType);
    return inFolder(async (folder) => {
      const sealed = join(folder, "sealed");
      await sealFile(body.path, sealed, key);
      return this.keep(key, { path: sealed }, (await stat(body.path)).size, contentType);
    });
  }

  private async keep(key: DataKey, sealed: Body, bytes: number, contentType: string): Promise<ClaimReference> {
    const datasha256 = await sha256Of(sealed);
    const name = claimKey(key.tenant, datasha256);
    await this.answered("write", name, () => this.store.put(name, sealed, { sha256: datasha256 }));
    return {
      dataref: `${this.store.url}/${name}`,
      datacontenttype: contentType,
      datasha256,
      databytes: bytes,
      datakey: key.keyId,
      dataencryption: "A256GCM",
    };
  }

  /**
   * Returns an event's payload: the one in the store if the event refers to it, else the given one. JSON is parsed; any
   * other content is a Buffer.
   *
   * @throws ClaimCheckError if the object is missing or was changed, belongs to another tenant, or its key was erased
   */
  async resolve(client: TenantClient, payload: unknown): Promise<unknown> {
    if (!isClaim(payload)) return payload;
    const key = await this.openKey(client, payload);
    const name = this.nameOf(key.tenant, payload);
    const sealed = await this.answered("read", name, async () => buffer(await this.store.get(name)));
    await refuseOther(payload, sealed);
    const content = unseal(sealed, key);
    return payload.datacontenttype === jsonType ? JSON.parse(content.toString()) : content;
  }

  /**
   * Writes the content that an event refers to into a file, whole or not at all, whatever its size.
   *
   * @throws ClaimCheckError as `resolve` does, and for a payload that refers to nothing
   */
  async download(client: TenantClient, payload: unknown, path: string): Promise<void> {
    if (!isClaim(payload)) throw new ClaimCheckError("The payload refers to no object: use it as it is");
    const key = await this.openKey(client, payload);
    const name = this.nameOf(key.tenant, payload);
    const part = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
    const [sealed, content] = [`${part}.sealed`, `${part}.content`];
    try {
      await this.answered("read", name, () => this.store.download(name, sealed));
      await refuseOther(payload, { path: sealed });
      await unsealFile(sealed, content, key);
      await rename(content, path);
    } finally {
      for (const each of [sealed, content]) await rm(each, { force: true });
    }
  }

  private async provideKey(client: TenantClient, tenant: string): Promise<DataKey> {
    const offered = { keyId: randomUUID(), key: randomBytes(32) };
    const { wrapped, master_key } = this.masterKeys.wrap(offered.keyId, offered.key);
    const { rows } = await client.query<{ found: TenantKey & { readonly key_id: string } }>(
      "SELECT tenantry.provide_tenant_key($1, $2, $3, $4) AS found",
      [tenant, offered.keyId, wrapped, master_key],
    );
    const found = rows[0]?.found;
    if (!found) throw new ClaimCheckError(`The database returned no key of tenant ${tenant}`);
    return this.unwrapped(found.key_id, found);
  }

  /** The key, if an event of the transaction's tenant refers to the object. */
  private async openKey(client: TenantClient, { datasha256, datakey }: ClaimReference): Promise<DataKey> {
    const { tenant } = transactionOf(client, "Claims.resolve");
    try {
      const { rows } = await client.query<{ found: TenantKey }>("SELECT tenantry.open_claim($1, $2, $3) AS found", [
        tenant,
        datasha256,
        datakey,
      ]);
      const found = rows[0]?.found;
      if (found) return this.unwrapped(datakey, found);
    } catch (error) {
      const { code = "", message = "", hint = "" } = error as { code?: string; message?: string; hint?: string };
      if (!refusals.includes(code)) throw error;
      throw new ClaimCheckError(`${message}: ${hint}`, { cause: error });
    }
    throw new ClaimCheckError(`The database returned no key of tenant ${tenant}`);
  }

  private unwrapped(keyId: string, found: TenantKey): DataKey {
    return { tenant: found.tenant, keyId, key: this.masterKeys.unwrap(keyId, found) };
  }

  /** The key in this store. A reference can't lead anywhere else. */
  private nameOf(tenant: string, { dataref, datasha256 }: ClaimReference): string {
    const name = claimKey(tenant, datasha256);
    if (dataref === `${this.store.url}/${name}`) return name;
    throw new ClaimCheckError(
      `The event refers to ${dataref}, which is not this tenant's object in ${this.store.url}: open the claim check with the store of the event's producer`,
    );
  }

  private async answered<T>(action: "read" | "write", name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ClaimCheckError(`Could not ${action} ${this.store.url}/${name}: ${reason}`, { cause });
    }
  }
}

interface TenantKey extends WrappedKey {
  /** As PostgreSQL writes it, which is the same for whoever asks. */
  readonly tenant: string;
}

export const jsonType = "application/json";

/** The errors of `tenantry.open_claim`. */
const refusals = ["TC001", "TC002"];

async function refuseOther({ dataref, datasha256 }: ClaimReference, sealed: Body): Promise<void> {
  const got = await sha256Of(sealed);
  if (got === datasha256) return;
  throw new ClaimCheckError(
    `Somebody changed ${dataref}: its SHA-256 is ${got}, and the event says ${datasha256}. Restore the object from a backup of the store`,
  );
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "tenantry-claim-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
