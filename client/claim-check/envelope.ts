import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { ClaimCheckError } from "../errors";

/** An object's bytes: a nonce of 12 bytes, the ciphertext by AES-256-GCM, and a tag of 16. */
const algorithm = "aes-256-gcm";
const [nonceBytes, tagBytes] = [12, 16];
/** Bytes by which an object is longer than its content. */
const envelopeBytes = nonceBytes + tagBytes;
/** GCM encrypts no more by one nonce. */
const mostBytes = 2 ** 36 - 32;

/** A tenant's key, and its names in the associated data. */
export interface DataKey {
  readonly tenant: string;
  readonly keyId: string;
  readonly key: Buffer;
}

export function seal(content: Buffer, key: DataKey): Buffer {
  const { nonce, cipher } = cipherOf(key);
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** @throws ClaimCheckError if the object was changed, or was encrypted for another tenant or by another key */
export function unseal(sealed: Buffer, key: DataKey): Buffer {
  if (sealed.length < envelopeBytes) throw tampered();
  const end = sealed.length - tagBytes;
  const decipher = decipherOf(key, sealed.subarray(0, nonceBytes), sealed.subarray(end));
  const content = decipher.update(sealed.subarray(nonceBytes, end));
  return Buffer.concat([content, finish(() => decipher.final())]);
}

/** Encrypts a file into another, whatever its size. */
export async function sealFile(source: string, target: string, key: DataKey): Promise<void> {
  const { size } = await stat(source);
  if (size > mostBytes) {
    throw new ClaimCheckError(`${source} has ${size} bytes, and one object holds ${mostBytes}: split it`);
  }
  const { nonce, cipher } = cipherOf(key);
  await pipeline(
    createReadStream(source),
    cipher,
    async function* (encrypted: AsyncIterable<Buffer>) {
      yield nonce;
      yield* encrypted;
      yield cipher.getAuthTag();
    },
    createWriteStream(target, { mode: 0o600 }),
  );
}

/** Decrypts a file into another one, whose content is right only if this returns. */
export async function unsealFile(source: string, target: string, key: DataKey): Promise<void> {
  const file = await open(source);
  try {
    const { size } = await file.stat();
    if (size < envelopeBytes) throw tampered();
    const [nonce, tag] = [Buffer.alloc(nonceBytes), Buffer.alloc(tagBytes)];
    await file.read(nonce, 0, nonceBytes, 0);
    await file.read(tag, 0, tagBytes, size - tagBytes);
    const decipher = decipherOf(key, nonce, tag);
    const range = { start: nonceBytes, end: size - tagBytes - 1, autoClose: false };
    const encrypted = size === envelopeBytes ? [] : file.createReadStream(range);
    await pipeline(encrypted, decipher, createWriteStream(target, { mode: 0o600 }));
  } catch (error) {
    throw isTagError(error) ? tampered() : error;
  } finally {
    await file.close();
  }
}

/** Binds an object to its tenant and key, so that it can't stand for another one. */
function associated(tenant: string, keyId: string): Buffer {
  return Buffer.from(`${tenant}/${keyId}`);
}

function cipherOf({ tenant, keyId, key }: DataKey) {
  const nonce = randomBytes(nonceBytes);
  return { nonce, cipher: createCipheriv(algorithm, key, nonce).setAAD(associated(tenant, keyId)) };
}

function decipherOf({ tenant, keyId, key }: DataKey, nonce: Buffer, tag: Buffer) {
  return createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
    .setAAD(associated(tenant, keyId))
    .setAuthTag(tag);
}

function finish(final: () => Buffer): Buffer {
  try {
    return final();
  } catch (error) {
    throw isTagError(error) ? tampered() : error;
  }
}

function isTagError(error: unknown): boolean {
  return error instanceof Error && /unable to authenticate data/.test(error.message);
}

function tampered(): ClaimCheckError {
  return new ClaimCheckError(
    "The object does not decrypt by its tenant's key: somebody changed it, or it is another tenant's",
  );
}
