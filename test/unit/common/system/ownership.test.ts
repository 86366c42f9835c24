import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { requireOwnFolders } from "../../../../common/system/ownership";

const skip = process.getuid?.() === 0 ? false : "only root";

test("rejects root in and below a folder of another account, and behind a link to it", { skip }, (context) => {
  const room = mkdtempSync(join(tmpdir(), "own-"));
  context.after(() => rmSync(room, { recursive: true }));
  const [own, foreign] = [join(room, "own"), join(room, "foreign")];
  for (const directory of [own, foreign]) mkdirSync(join(directory, "below"), { recursive: true });
  chownSync(foreign, 65_534, 65_534);
  symlinkSync(foreign, join(own, "link"));
  for (const path of [own, join(own, "below"), join(own, "new", "home")]) requireOwnFolders(path, "a home");
  for (const path of [foreign, join(foreign, "below"), join(foreign, "new", "home"), join(own, "link", "new")]) {
    assert.throws(
      () => requireOwnFolders(path, "a home"),
      new RegExp(
        `does not work in a folder of another account.*, a home\\n.*${foreign} belongs to \`nobody\`\\n.*Run this as`,
      ),
    );
  }
});
