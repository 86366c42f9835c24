import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";

const tenantry = (...args: string[]) =>
  spawnSync(process.execPath, [join(__dirname, "..", "..", "..", "cli", "tenantry"), ...args], { encoding: "utf8" });

test("ends with 2 and the reason without a stack, for an unknown stack, and for an unknown check", () => {
  for (const [args, said] of [
    [["verify"], /required option '-s, --stack <STACK>' not specified/],
    [["verify", "-s", "nowhere"], /There is no stack `nowhere`[\s\S]*fix:/],
    [["verify", "-s", "local", "--only", "luck"], /Expected some of: placement, foreign keys, boundary, roles/],
    [["verify", "-s", "local", "--timeout", "0"], /Expected a whole number from 1 to 3600/],
    [["verify", "-s", "local", "--queries", "many"], /Expected a whole number from 1 to 1000000/],
    [["verify", "-s", "local", "--seed", "-1"], /Expected a whole number from 0/],
  ] as const) {
    const { status, stderr } = tenantry(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /\n {4}at /);
  }
});

test("the help lists every check with its claim", () => {
  const { status, stdout } = tenantry("verify", "--help");
  assert.equal(status, 0);
  for (const name of ["isolation", "views", "functions", "leaks", "events", "redelivery", "drift"]) {
    assert.match(stdout, new RegExp(`^  ${name} +\\w`, "m"));
  }
});
