import assert from "node:assert/strict";
import test from "node:test";
import {
  clientConfig,
  connectionProblems,
  connectPatienceMs,
  errorCode,
  type Server,
} from "../../../provider/postgres-connection";

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
  test(`"${error.message}" is told with its fix, and without the password`, () => {
    const problems = connectionProblems(error, server);
    assert.match(problems.message, expected);
    assert.match(problems.message, /fix: /);
    assert.doesNotMatch(JSON.stringify(problems) + problems.message, /the-password/);
    assert.equal(problems.cause, error);
  });
}

test("certificates are checked unless the endpoint says otherwise", () => {
  assert.deepEqual(clientConfig(server).ssl, { rejectUnauthorized: true });
  assert.deepEqual(clientConfig({ ...server, ca: "PEM" }).ssl, { rejectUnauthorized: true, ca: "PEM" });
  assert.deepEqual(clientConfig({ ...server, sslmode: "require" }).ssl, { rejectUnauthorized: false });
  assert.equal(clientConfig({ ...server, sslmode: "disable" }).ssl, false);
});

test("only a server that may be starting is tried again", () => {
  assert.ok(connectPatienceMs(failure("", "57P03")) > connectPatienceMs(failure("", "ECONNREFUSED")));
  assert.ok(connectPatienceMs(failure("", "28P01")) < 0);
});

test("an error's code is found behind the problem that was made of it", () => {
  assert.equal(errorCode(connectionProblems(failure("", "3D000"), server)), "3D000");
  assert.equal(errorCode("no error"), undefined);
});
