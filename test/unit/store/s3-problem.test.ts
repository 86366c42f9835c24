import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type TestContext } from "node:test";
import { renderProblem } from "../../../common/problem";
import { S3Store } from "../../../store/s3-store";

/** Answers as a server that fails in one way, and returns what check() says of it. */
async function checked(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  t.after(() => server.close().closeAllConnections());
  await new Promise((resolve) => server.once("listening", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const login = { accessKeyId: "AK", secretAccessKey: "hush" };
  const problems = await new S3Store({ bucket: "shop", prefix: "p", endpoint, ...login }).check();
  return problems.map(renderProblem).join("\n").replaceAll(endpoint, "URL");
}

const refusal =
  (status: number, code: string, more = "", headers = {}) =>
  (request: IncomingMessage, response: ServerResponse) => {
    request.resume().on("end", () => {
      response.writeHead(status, { "content-type": "application/xml", ...headers });
      response.end(
        request.method === "HEAD" ? "" : `<Error><Code>${code}</Code><Message>said ${code}</Message>${more}</Error>`,
      );
    });
  };

const expectations: readonly (readonly [number, string, RegExp, string?])[] = [
  [404, "NoSuchBucket", /^There is no bucket `shop` at URL\n +got: +NoSuchBucket, HTTP 404, said NoSuchBucket\n/],
  [400, "ExpiredToken", /^The login for the bucket `shop` at URL has expired[\s\S]*Renew the login/],
  [403, "InvalidAccessKeyId", /does not accept the store's login/],
  [403, "SignatureDoesNotMatch", /does not accept the store's login/],
  [301, "PermanentRedirect", /is in another region[\s\S]*Set `region: eu-west-1`/, "<Region>eu-west-1</Region>"],
  [400, "AuthorizationHeaderMalformed", /another region[\s\S]*`region: eu-west-1`/, "<Region>eu-west-1</Region>"],
  [403, "RequestTimeTooSkewed", /^This machine's clock differs[\s\S]*Set the clock right/],
  [400, "QuotaExceeded", /^The bucket `shop` at URL is full/],
  [507, "XMinioStorageFull", /^The bucket `shop` at URL is full/],
  [503, "SlowDown", /fails or is overloaded/],
  [500, "InternalError", /fails or is overloaded/],
  [405, "MethodNotAllowed", /does not answer as S3 does/],
];

for (const [status, code, expected, more] of expectations) {
  test(`check explains ${code} once`, async (t) => {
    const shown = await checked(t, refusal(status, code, more));
    assert.match(shown, expected);
    assert.equal(shown.match(/fix:/g)?.length, 1, shown);
    assert.doesNotMatch(shown, /hush/);
  });
}

test("check names each right that the login lacks", async (t) => {
  const shown = await checked(t, refusal(403, "AccessDenied"));
  for (const action of ["write", "read", "list", "delete"]) {
    assert.match(shown, new RegExp(`login may not ${action} objects in the bucket`));
  }
});

test("check explains a server that is no object store", async (t) => {
  const shown = await checked(t, (request, response) => {
    request.resume().on("end", () => response.writeHead(200, { "content-type": "text/html" }).end("<html>console"));
  });
  assert.match(shown, /does not answer as S3 does[\s\S]*not of a console/);
});

test("check explains a server that hangs up", async (t) => {
  assert.match(await checked(t, (request) => request.socket.destroy()), /cannot be reached[\s\S]*ECONNRESET|hang up/);
});
