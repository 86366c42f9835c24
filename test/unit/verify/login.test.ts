import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import test from "node:test";
import { withLogin } from "../../../verify/login";

/** ReadyForQuery, outside a transaction: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);

/** A server that accepts every login, and passes each query's connection to `answers`. */
async function serverThat(t: test.TestContext, answers: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(Buffer.concat([authenticated, ready]));
      socket.on("data", () => answers(socket));
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { host: "127.0.0.1", port, database: "shop", user: "admin", password: "", sslmode: "disable" } as const;
}

const login = { user: "shop_app", password: "hush" };

test("reports a broken connection with its login and server, without its password", async (t) => {
  const server = await serverThat(t, (socket) => socket.destroy());
  const broken = withLogin(server, login, (client) => client.query("SELECT 1"));
  await assert.rejects(broken, (error: Error) => {
    assert.match(error.message, /^the connection of shop_app to 127\.0\.0\.1:\d+ broke: Connection terminated/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
});

test("passes errors unchanged while the connection works", async (t) => {
  const empty = Buffer.from([0x49, 0, 0, 0, 4]);
  const server = await serverThat(t, (socket) => socket.write(Buffer.concat([empty, ready])));
  const failed = withLogin(server, login, async () => {
    throw new Error("a row of another tenant");
  });
  await assert.rejects(failed, /^Error: a row of another tenant$/);
});

test("counts a failed transaction as connected in any server language, but not a terminated session", async (t) => {
  const refusal = (severity: string, code: string) => {
    const fields = Buffer.from(`S${severity}\0C${code}\0Mnein\0\0`);
    const length = Buffer.alloc(4);
    length.writeInt32BE(fields.length + 4);
    return Buffer.concat([Buffer.from("E"), length, fields]);
  };
  const outcome = async (message: Buffer) => {
    const server = await serverThat(t, (socket) => socket.write(Buffer.concat([message, ready])));
    const failed = withLogin(server, login, async () => {
      throw new Error("a row of another tenant");
    });
    return failed.catch((error: Error) => error.message);
  };
  assert.equal(await outcome(refusal("FEHLER", "25P02")), "a row of another tenant");
  assert.match(String(await outcome(refusal("FATAL", "57P01"))), /broke: a row of another tenant/);
});
