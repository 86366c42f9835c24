// Continues on a supported Node.js. This is plain JavaScript for any version, because it also runs on versions that are
// too old.
"use strict";
const { execFileSync, spawnSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { delimiter, join } = require("node:path");

/**
 * Calls `start` on Node.js 20.6 or newer. On an older one, it runs the program again on the Node.js that set-up
 * fetched, and puts that first on PATH, so that the provider and Pulumi's programs find it too.
 *
 * @param {() => void} start
 */
module.exports = function onSupportedNode(start) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 6)) return start();
  const PATH = pathOfSetup();
  const node = join(PATH.split(delimiter)[0], "node");
  if (!existsSync(node)) {
    console.error(
      `Node.js 20.6 or newer is needed\n  got:      ${process.versions.node}\n  fix:      Run \`make setup\` in the checkout, which fetches one, or install it: https://nodejs.org`,
    );
    process.exit(1);
  }
  const { status } = spawnSync(node, process.argv.slice(1), {
    stdio: "inherit",
    env: Object.assign({}, process.env, { PATH }),
  });
  process.exit(status === null ? 1 : status);
};

/** The PATH of set-up; empty in an installed package, which has no set-up. */
function pathOfSetup() {
  const script = join(__dirname, "..", "..", "local", "setup", "node.sh");
  return existsSync(script) ? execFileSync(script, ["path"], { encoding: "utf8" }).trim() : "";
}
