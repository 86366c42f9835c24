import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";

const root = join(__dirname, "..", "..", "..");
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");

/** The anchors that GitHub makes from a page's headings. Comments in code blocks are not headings. */
function anchors(page: string): string[] {
  const prose = readFileSync(page, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function broken(page: string): string[] {
  const targets = [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = ""]) => to);
  return targets
    .filter((to) => !/^[a-z]+:/.test(to))
    .filter((to) => {
      const [path, anchor] = to.split("#");
      const target = path ? join(root, dirname(page), path) : join(root, page);
      return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
    })
    .map((to) => `${page}: ${to}`);
}

test("every relative link leads to an existing file and heading", () => {
  assert.ok(pages.includes("README.md"));
  assert.deepEqual(pages.flatMap(broken), []);
});
