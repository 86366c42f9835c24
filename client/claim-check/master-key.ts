import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ClaimCheckError } from "../errors";

/** A key of the application, which encrypts the tenants' keys. It never reaches the database or the store. */
export interface MasterKey {
  /** Its name, which the database stores beside each key that it encrypted: `2026-11`. */
  readonly id: string;
  /** 32 bytes, or these in base64: `openssl rand -base64 32`. */
  readonly key: Buffer | string;
}

/** A tenant's key as the database stores it. */
export interface WrappedKey {
  /** Nonce, ciphertext and tag, in base64. */
  readonly wrapped: string;
  /** The id of the master key. */
  readonly master_key: string;
}

const algorithm = "aes-256-gcm";
const [nonceBytes, tagBytes] = [12, 16];

/** The master keys of an application: the first one encrypts, and all decrypt. */
export class MasterKeys {
  private readonly keys: ReadonlyMap<string, Buffer>;
  readonly current: string;

  /** @throws ClaimCheckError for no key, for two with one id, and for a key that does not have 32 bytes */
  constructor(given: readonly MasterKey[]) {
    const [first] = given;
    if (!first) throw new ClaimCheckError("The claim check needs a master key: `masterKeys: [{ id, key }]`");
    this.current = first.id;
    this.keys = new Map(given.map(({ id, key }) => [id, bytesOf(id, key)]));
    if (this.keys.size < given.length)
      throw new ClaimCheckError("Two master keys have the same id: rename one of them");
  }

  wrap(keyId: string, key: Buffer): WrappedKey {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.keyOf(this.current), nonce).setAAD(Buffer.from(keyId));
    const sealed = Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return { wrapped: sealed.toString("base64"), master_key: this.current };
  }

  /** @throws ClaimCheckError if the master key is not among these, or is another one of the same name */
  unwrap(keyId: string, { wrapped, master_key: id }: WrappedKey): Buffer {
    const master = this.keyOf(id);
    const sealed = Buffer.from(wrapped, "base64");
    const end = sealed.length - tagBytes;
    try {
      const decipher = createDecipheriv(algorithm, master, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(keyId))
        .setAuthTag(sealed.subarray(end));
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
    } catch (cause) {
      throw new ClaimCheckError(
        `The master key \`${id}\` does not decrypt the tenant's key ${keyId}: it is another key of that name, or somebody changed the row in tenant_key`,
        { cause },
      );
    }
  }

  private keyOf(id: string): Buffer {
    const key = this.keys.get(id);
    if (key) return key;
    const known = [...this.keys.keys()].map((each) => `\`${each}\``).join(", ");
    throw new ClaimCheckError(
      `The master key \`${id}\` is not among the given ones (${known}): add it to \`masterKeys\``,
    );
  }
}

function bytesOf(id: string, key: Buffer | string): Buffer {
  const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key, "base64");
  if (bytes.length === 32) return bytes;
  throw new ClaimCheckError(
    `The master key \`${id}\` has ${bytes.length} bytes and needs 32: make one by \`openssl rand -base64 32\``,
  );
}
