import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Duration, durationMs, formatDuration } from "../common/duration";
import type { Problem } from "../common/problem";
import { sha256Of } from "./digest";
import { ObjectDamaged, ObjectExists, ObjectMissing, RightMissing, StoreError } from "./errors";
import { refuseBadKey } from "./key";
import { writeWhole } from "./local-file";
import { probe } from "./probe";
import { type Part, resumedBody } from "./s3-body";
import { type Patience, s3Client } from "./s3-client";
import { lifecycleProblems } from "./s3-lifecycle";
import { clockProblem, isDenied, isLoginError, type S3Error, s3Problem, statusOf } from "./s3-problem";
import type { Body, PutOptions, Store, StoredObject } from "./store";
import type { BucketSettings } from "./store-settings";

/** Larger bodies travel in parts, of which three are in memory. */
const partBytes = 8 * 2 ** 20;
/** S3 takes 10,000 parts. */
const mostParts = 9_000;
/** S3 signs for no longer. */
const longestSignature: Duration = { count: 7, unit: "day" };

/** A bucket of a server that speaks S3. */
export class S3Store implements Store {
  readonly url: string;
  private client: S3Client;

  constructor(
    private readonly settings: BucketSettings,
    private readonly patience: Patience = {},
  ) {
    this.url = `s3://${settings.bucket}/${settings.prefix}`;
    this.client = s3Client(settings, patience);
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject & { readonly sha256: string }> {
    const sha256 = await sha256Of(body);
    const { sha256: expected = sha256, ifAbsent = false, contentType = "application/octet-stream" } = options;
    if (sha256 !== expected) throw new ObjectDamaged(this.url, key, { expected, got: sha256 });
    const id = randomUUID();
    const object = {
      ...this.target(key),
      ContentType: contentType,
      Metadata: { put: id },
      ...(ifAbsent && { IfNoneMatch: "*" }),
    };
    await this.explained("write objects", async () => {
      try {
        await this.send(object, body, sha256);
      } catch (error) {
        if (statusOf(error as S3Error) !== 412) throw error;
        // An attempt of this very put may have stored the object, and its answer got lost.
        const found = await this.client.send(new HeadObjectCommand(this.target(key)));
        if (found.Metadata?.put !== id) throw new ObjectExists(this.url, key);
      }
    });
    const stored = await this.head(key);
    if (!stored) throw new ObjectMissing(this.url, key);
    return { ...stored, sha256 };
  }

  private async send(object: ReturnType<S3Store["target"]>, body: Body, sha256: string): Promise<void> {
    const bytes = Buffer.isBuffer(body) ? body.length : (await stat(body.path)).size;
    if (bytes <= partBytes) {
      const content = Buffer.isBuffer(body) ? body : await readFile(body.path);
      const checksum = Buffer.from(sha256, "hex").toString("base64");
      await this.client.send(new PutObjectCommand({ ...object, Body: content, ChecksumSHA256: checksum }));
      return;
    }
    const upload = new Upload({
      client: this.client,
      params: {
        ...object,
        Body: Buffer.isBuffer(body) ? body : createReadStream(body.path),
        ChecksumAlgorithm: "SHA256",
      },
      partSize: Math.max(partBytes, Math.ceil(bytes / mostParts)),
      queueSize: 3,
    });
    await upload.done();
  }

  async get(key: string): Promise<Readable> {
    const first = await this.open(key, 0);
    return resumedBody(first, (offset) => this.open(key, offset, first.etag));
  }

  private open(key: string, offset: number, etag?: string): Promise<Part & { readonly etag?: string }> {
    return this.explained("read objects", async () => {
      const range = offset > 0 ? { Range: `bytes=${offset}-` } : {};
      const found = await this.client
        .send(new GetObjectCommand({ ...this.target(key), ...range, ...(etag && { IfMatch: etag }) }))
        .catch((error: unknown) => this.missingIf404(error, key));
      const total = offset + (found.ContentLength ?? 0);
      return { body: found.Body as Readable, total, ...(found.ETag && { etag: found.ETag }) };
    });
  }

  async download(key: string, path: string): Promise<void> {
    await writeWhole(await this.get(key), path);
  }

  async head(key: string): Promise<StoredObject | undefined> {
    return this.explained("read objects", async () => {
      try {
        const found = await this.client.send(new HeadObjectCommand(this.target(key)));
        return { key, bytes: found.ContentLength ?? 0, storedAt: found.LastModified ?? new Date() };
      } catch (error) {
        if (this.isMissingObject(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const { bucket, prefix: own } = this.settings;
    let token: string | undefined;
    do {
      const page = await this.explained("list objects", () =>
        this.client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: `${own}/${prefix}`,
            ...(token && { ContinuationToken: token }),
          }),
        ),
      );
      for (const { Key = "", Size = 0, LastModified = new Date() } of page.Contents ?? []) {
        yield { key: Key.slice(own.length + 1), bytes: Size, storedAt: LastModified };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const objects = keys.map((key) => ({ Key: this.target(key).Key }));
    for (let at = 0; at < objects.length; at += 1_000) {
      await this.explained("delete objects", async () => {
        const batch = { Objects: objects.slice(at, at + 1_000), Quiet: true };
        const answer = await this.client.send(
          new DeleteObjectsCommand({ Bucket: this.settings.bucket, Delete: batch }),
        );
        const failed = answer.Errors?.find(({ Code }) => Code !== "NoSuchKey");
        if (failed) throw Object.assign(new Error(`${failed.Key}: ${failed.Message}`), { Code: failed.Code });
      });
    }
  }

  async signedUrl(key: string, lifetime: Duration): Promise<string> {
    if (durationMs(lifetime) > durationMs(longestSignature)) {
      throw new StoreError({
        what: "A signed URL can't live so long",
        got: formatDuration(lifetime),
        expected: `at most ${formatDuration(longestSignature)}`,
        fix: "Ask for a shorter lifetime, and sign again later",
      });
    }
    const command = new GetObjectCommand(this.target(key));
    return this.explained("sign URLs", () =>
      getSignedUrl(this.client, command, { expiresIn: Math.floor(durationMs(lifetime) / 1000) }),
    );
  }

  async check(): Promise<readonly Problem[]> {
    // A user who waits for a check wants the answer more than a server that may come back.
    const impatient = new S3Store(this.settings, { attempts: 2 });
    return [...(await probe(impatient)), ...(await impatient.ruleProblems()), ...impatient.clockProblems()];
  }

  /** Rules of the bucket that would end the life of our objects. A login that may not read the rules is fine. */
  private async ruleProblems(): Promise<readonly Problem[]> {
    const { bucket, prefix } = this.settings;
    try {
      const found = await this.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
      return lifecycleProblems(found.Rules ?? [], bucket, prefix);
    } catch {
      return [];
    }
  }

  /** The client corrects its signatures by the server's time, but ages and expiries count by this machine's. */
  private clockProblems(): readonly Problem[] {
    const minutes = Math.round(Math.abs(this.client.config.systemClockOffset) / 60_000);
    return minutes > 0 ? [clockProblem(this.settings, minutes)] : [];
  }

  private target(key: string): { readonly Bucket: string; readonly Key: string } {
    refuseBadKey(key);
    return { Bucket: this.settings.bucket, Key: `${this.settings.prefix}/${key}` };
  }

  private isMissingObject(error: unknown): boolean {
    const { name, Code } = error as S3Error;
    return statusOf(error as S3Error) === 404 && name !== "NoSuchBucket" && Code !== "NoSuchBucket";
  }

  private missingIf404(error: unknown, key: string): never {
    if (this.isMissingObject(error)) throw new ObjectMissing(this.url, key);
    throw error;
  }

  /** Runs `work`, again with a login read anew if the server refuses the present one, and explains errors. */
  private async explained<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isLoginError(error)) throw this.toStoreError(error, action);
    }
    this.client = s3Client(this.settings, this.patience);
    try {
      return await work();
    } catch (error) {
      throw this.toStoreError(error, action);
    }
  }

  private toStoreError(error: unknown, action: string): unknown {
    // Errors of this machine's files have their own text.
    if (error instanceof StoreError || (error as NodeJS.ErrnoException).syscall === "open") return error;
    const problem = s3Problem(error, this.settings, action);
    return isDenied(error) ? new RightMissing(problem, error) : new StoreError(problem, error);
  }
}
