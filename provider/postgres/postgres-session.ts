import type { Client } from "pg";
import { type ConnectOptions, connect, type Server } from "./postgres-connection";

/** Time after its last use, in ms, in which a connection counts as connected. */
const trustMs = 500;

/** One connection that can check whether it still works, and interrupt its statement. */
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

  /** Cancels from another connection, because this one is busy. If it fails, there is nothing left to cancel. */
  async signalBackend(how: "pg_cancel_backend" | "pg_terminate_backend"): Promise<void> {
    try {
      const other = await connect(this.server);
      // Citus adds a second function of each name, so the call needs its schema and types.
      await other.query(`SELECT ${how}($1::int)`, [this.pid]).finally(() => other.end());
    } catch {
      this.breaks();
    }
  }

  /** Call it after the server has answered. */
  wasUsed(): void {
    this.usedAt = performance.now();
  }

  /**
   * True if the connection works. A broken one has lost the lock and may not have noticed. One that was just used is
   * not asked again.
   */
  async isConnected(): Promise<boolean> {
    if (this.broken || performance.now() - this.usedAt < trustMs) return !this.broken;
    await this.client.query("SELECT").catch(() => this.breaks());
    return !this.broken;
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {});
  }
}
