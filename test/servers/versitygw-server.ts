import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { freePort } from "../../local/servers/port";
import { s3Client } from "../../store/s3-client";
import type { BucketSettings } from "../../store/store-settings";
import { versitygw } from "./versitygw-setup";

/** For `test(name, { skip }, …)`: why a test that needs a bucket does not run, or false if it does. */
export const skipBucket: string | false = existsSync(versitygw) ? false : "needs versitygw: `make test` builds it";

const login = { accessKeyId: "tenantry-test", secretAccessKey: "not a secret" };

export interface VersitygwOptions {
  /** @default a fresh folder */
  readonly folder?: string;
  /** More options of the command line, before `posix`. */
  readonly args?: readonly string[];
  readonly scheme?: "http" | "https";
}

/** A server that speaks S3, with one bucket, for the life of one test file. */
export class VersitygwServer {
  private process: ChildProcess | undefined;

  private constructor(
    readonly settings: BucketSettings,
    readonly folder: string,
    private readonly port: number,
    private readonly args: readonly string[],
  ) {}

  static async start({ folder, args = [], scheme = "http" }: VersitygwOptions = {}): Promise<VersitygwServer> {
    const root = folder ?? mkdtempSync(join(tmpdir(), "tenantry-bucket-"));
    const port = await freePort();
    const endpoint = `${scheme}://127.0.0.1:${port}`;
    const settings = { bucket: "shop", prefix: "shop/dev", endpoint, ...login };
    const server = new VersitygwServer(settings, root, port, args);
    // A bucket is a folder.
    mkdirSync(join(root, settings.bucket), { recursive: true });
    await server.run();
    return server;
  }

  /** Starts the server, again after `kill`, at the same address. */
  async run(args: readonly string[] = this.args): Promise<void> {
    const env = { ...process.env, ROOT_ACCESS_KEY: login.accessKeyId, ROOT_SECRET_KEY: login.secretAccessKey };
    const all = ["--quiet", "--port", `127.0.0.1:${this.port}`, ...args, "posix", this.folder];
    this.process = spawn(versitygw, all, { env, stdio: ["ignore", "ignore", "inherit"] });
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const answer = await fetch(`http://127.0.0.1:${this.port}`).catch((error: Error) => error.cause as Error);
      if (!("code" in answer) || answer.code !== "ECONNREFUSED") return;
      await sleep(50);
    }
    throw new Error("versitygw does not answer");
  }

  async createBucket(bucket: string): Promise<void> {
    await s3Client(this.settings).send(new CreateBucketCommand({ Bucket: bucket }));
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.process?.kill(signal);
  }
}
