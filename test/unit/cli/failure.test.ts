import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { failureText } from "../../../cli/failure";
import { Problems } from "../../../common/problem";

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("no error was thrown");
}

test("shows Problems unchanged", () => {
  assert.equal(failureText(new Problems([{ what: "No", fix: "Yes" }])), "No\n  fix:      Yes");
});

test("shows an error of the system or a server as one message with its fix", () => {
  const refused = Object.assign(new Error('password authentication failed for user "app"'), { code: "28P01" });
  assert.match(
    failureText(refused),
    /^password authentication failed for user "app"\n {2}fix: {6}Correct the password in/,
  );
  assert.match(
    failureText(thrown(() => readFileSync("/"))),
    /^EISDIR: .*\n {2}fix: {6}Name a file, or move the folder away$/,
  );
  const nobody = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
  assert.match(
    failureText(new AggregateError([nobody])),
    /^connect ECONNREFUSED 127\.0\.0\.1:1\n {2}fix: {6}Start the server/,
  );
});

test("shows the stack trace of other errors only with DEBUG=tenantry", () => {
  const text = failureText(new TypeError("x is undefined"), "");
  assert.equal(
    text,
    "x is undefined\n  fix:      Run it again with DEBUG=tenantry, which shows where it failed, and report that",
  );
  assert.match(failureText(new TypeError("x is undefined"), "tenantry"), /\n {4}at /);
});
