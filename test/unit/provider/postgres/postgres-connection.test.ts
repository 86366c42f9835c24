import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import test, { type TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import { createAuthority, issueNodeCertificate, type KeyPair } from "../../../../components/citus/certificates";
import {
  clientConfig,
  connect,
  connectionProblems,
  connectPatienceMs,
  errorCode,
  type Server,
} from "../../../../provider/postgres/postgres-connection";

const server: Server = {
  host: "db.example.org",
  port: 5432,
  database: "shop",
  user: "admin",
  password: "the-password",
  sslmode: "verify-full",
};

const failure = (message: string, code?: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

const failures: readonly [Error, RegExp][] = [
  [failure("getaddrinfo ENOTFOUND", "ENOTFOUND"), /host name is unknown/],
  [failure("connect ECONNREFUSED", "ECONNREFUSED"), /No server listens at db\.example\.org:5432/],
  [failure("timeout expired"), /does not answer/],
  [failure("connect ETIMEDOUT", "ETIMEDOUT"), /does not answer/],
  [failure("password authentication failed", "28P01"), /refused the password of "admin"/],
  [failure("no pg_hba.conf entry", "28000"), /does not let "admin" in/],
  [failure('database "shop" does not exist', "3D000"), /no database "shop"/],
  [failure("permission denied for database", "42501"), /may not connect/],
  [failure("sorry, too many clients already", "53300"), /no free connection/],
  [failure("the database system is starting up", "57P03"), /does not accept connections yet/],
  [failure("The server does not support SSL connections"), /does not speak TLS/],
  [failure("self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"), /certificate .* is not trusted/],
  [failure("something else"), /Connecting .* failed\n.*something else/],
];

for (const [error, expected] of failures) {
  test(`reports "${error.message}" with its fix, and without the password`, () => {
    const problems = connectionProblems(error, server);
    assert.match(problems.message, expected);
    assert.match(problems.message, /fix: /);
    assert.doesNotMatch(JSON.stringify(problems) + problems.message, /the-password/);
    assert.equal(problems.cause, error);
  });
}

test("checks certificates unless the endpoint says otherwise", () => {
  const verified = (of: Server) => {
    const { ssl } = clientConfig(of);
    return typeof ssl === "object" ? { rejectUnauthorized: ssl.rejectUnauthorized, ca: ssl.ca } : ssl;
  };
  assert.deepEqual(verified(server), { rejectUnauthorized: true, ca: undefined });
  assert.deepEqual(verified({ ...server, ca: "PEM" }), { rejectUnauthorized: true, ca: "PEM" });
  assert.deepEqual(clientConfig({ ...server, sslmode: "require" }).ssl, { rejectUnauthorized: false });
  assert.equal(clientConfig({ ...server, sslmode: "disable" }).ssl, false);
});

test("connects to the address given for a server's name, and still checks the name in its certificate", async (t) => {
  const authority = await createAuthority("shop/citus");
  const port = await tlsServer(t, await issueNodeCertificate(authority, ["*.shop.svc"]));
  const reached = (host: string) =>
    connect({
      ...server,
      host,
      ca: authority.certificate,
      addresses: { [`${host}:5432`]: { host: "localhost", port } },
    });
  // The server answers only after the client accepted its certificate.
  await assert.rejects(reached("citus-0.shop.svc"), /refused the password of "admin"/);
  await assert.rejects(reached("citus-0.other.svc"), /is not trusted[\s\S]*expected: one for citus-0\.other\.svc/);
  await assert.rejects(connect({ ...server, host: "localhost", port, ca: authority.certificate }), /is not trusted/);
});

test("reports an internal name of the cluster with the setting that maps it", () => {
  const problems = connectionProblems(failure("getaddrinfo", "ENOTFOUND"), { ...server, host: "citus-0.shop.svc" });
  assert.match(problems.message, /tenantry:kubernetes\.access/);
});

/** A server that speaks TLS as PostgreSQL does, and rejects every password. */
async function tlsServer(t: TestContext, { certificate, key }: KeyPair): Promise<number> {
  const listening = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("S");
      const secure = new TLSSocket(socket, { isServer: true, cert: certificate, key });
      secure.on("error", () => {});
      secure.once("data", () => {
        const fields = Buffer.from("SFATAL\0VFATAL\0C28P01\0Mno\0\0");
        const head = Buffer.alloc(5);
        head.write("E");
        head.writeInt32BE(fields.length + 4, 1);
        secure.end(Buffer.concat([head, fields]));
      });
    });
  });
  listening.listen(0, "localhost");
  await once(listening, "listening");
  t.after(() => listening.close());
  return (listening.address() as AddressInfo).port;
}

test("retries only a server that may be starting, and longer if it is known to exist", () => {
  assert.ok(connectPatienceMs(failure("", "57P03")) > connectPatienceMs(failure("", "ECONNREFUSED")));
  assert.equal(connectPatienceMs(failure("", "57P03")), connectPatienceMs(failure("", "ECONNREFUSED"), true));
  assert.ok(connectPatienceMs(failure("", "28P01")) < 0);
});

test("finds the code of the error that caused a problem", () => {
  assert.equal(errorCode(connectionProblems(failure("", "3D000"), server)), "3D000");
  assert.equal(errorCode("no error"), undefined);
});
