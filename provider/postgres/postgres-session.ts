import type { Client } from "pg";
import { type ConnectOptions, connect, type Server } from "./postgres-connection";

/** How long after its last use a connection counts as living. */
const trustMs = 500;

/** One connection, which knows whether it still lives, and how to interrupt what runs on it. */
export class Session {
  broken = false;
  private usedAt = performance.now();

  private constructor(
    readonly client: Client,
    readonly server: Server,
    private readonly pid: number,
  ) {
    client.on("error", () => this.breaks());
    client.on("end", () => this.breaks());
  }

  static async open(server: Server, options: Omit<ConnectOptions, "pipeline">): Promise<Session> {
    const client = await connect(server, { ...options, pipeline: true });
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return new Session(client, server, rows[0]?.pid ?? 0);
  }

  private breaks(): void {
    this.broken = true;
  }

  /** From another connection, as this one waits. A failure only means that there is nothing left to interrupt. */
  async signalBackend(how: "pg_cancel_backend" | "pg_terminate_backend"): Promise<void> {
    try {
      const other = await connect(this.server);
      // With Citus there are two functions of each name, and nothing would choose between them.
      await other.query(`SELECT ${how}($1::int)`, [this.pid]).finally(() => other.end());
    } catch {
      this.breaks();
    }
  }

  /** To be called where its server has just answered. */
  wasUsed(): void {
    this.usedAt = performance.now();
  }

  /** A connection that broke has lost the lock, and may not have noticed; one that was just used is asked by its next use. */
  async isConnected(): Promise<boolean> {
    if (this.broken || performance.now() - this.usedAt < trustMs) return !this.broken;
    await this.client.query("SELECT").catch(() => this.breaks());
    return !this.broken;
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {});
  }
}
