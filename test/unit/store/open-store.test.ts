import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";

const root = join(__dirname, "..", "..", "..");

test("opens a bucket in a program that only `require` compiles, as the commands of a checkout are", () => {
  const settings = JSON.stringify({ bucket: "rows", prefix: "shop/dev", region: "eu-central-1" });
  const script = `require("./store/open-store").openStore(${settings}).then(({ url }) => console.log(url))`;
  const said = execFileSync(process.execPath, ["--require", "tsx/cjs", "--eval", script], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(said.trim(), "s3://rows/shop/dev");
});
