import assert from "node:assert/strict";
import test from "node:test";
import { requireUsablePath } from "../../../../common/system/usable-path";

const use = (path: string) => () => requireUsablePath(path, "their home", "Move the checkout.");

test("accepts spaces and letters of any script", () => {
  for (const path of ["/home/anna/my shop", "/home/jörg/магазин/店", "/srv/a=b/#1/100%/it's"]) use(path)();
});

test("reports together all characters that a format of the servers would misread", () => {
  assert.throws(
    use("/home/a,b/c:d"),
    /can't use this path as their home\n.*"\/home\/a,b\/c:d", with a comma \(Kafka .*\) and a colon \(Java's class path.*\)\n.*\n.*Move the checkout/,
  );
  for (const path of ["/home/${x}", '/home/"', "/home/\\", "/home/\n"]) assert.throws(use(path), /can't use this path/);
});
