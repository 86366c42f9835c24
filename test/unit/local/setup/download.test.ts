import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { root } from "../../../../common/system/checkout";
import { run } from "../../../../common/system/run";
import { versions } from "../../../../common/system/versions";
import { freePort } from "../../../../local/servers/port";
import { parseChecksums } from "../../../../local/setup/checksums";
import { download } from "../../../../local/setup/download";
import { fetchRelease, releaseFile } from "../../../../local/setup/pulumi-setup";

function room(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "download-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("reports a refused connection, an HTTP error and a silent server in one line each", async (context) => {
  const path = join(room(context), "file");
  const url = await serve(context, (request, response) => {
    if (request.url === "/missing") response.writeHead(404).end();
    else response.write("a little, and then nothing");
  });
  await assert.rejects(
    download(`http://127.0.0.1:${await freePort()}/x`, path),
    /^Error: 127.0.0.1:\d+: .*ECONNREFUSED[^\n]*$/,
  );
  await assert.rejects(download(`${url}/missing`, path), /answers 404$/);
  await assert.rejects(download(`${url}/silent`, path, 100), /no answer for 0.1 s$/);
});

test("unpacks a release with the right checksum, and rejects others", async (context) => {
  const source = room(context);
  await run("sh", ["-c", "mkdir pulumi && echo hello > pulumi/pulumi && tar -czf release.tar.gz pulumi"], {
    cwd: source,
  });
  const archive = readFileSync(join(source, "release.tar.gz"));
  const sum = createHash("sha256").update(archive).digest("hex");
  const file = releaseFile(versions.pulumi, platform(), arch());
  const url = await serve(context, (_, response) => response.end(archive));

  const good = room(context);
  await fetchRelease(good, url, new Map([[file, sum]]));
  assert.equal(readFileSync(join(good, "pulumi"), "utf8"), "hello\n");
  assert.equal(existsSync(join(good, file)), false);

  const other = fetchRelease(room(context), url, new Map([[file, "0".repeat(64)]]));
  await assert.rejects(other, new RegExp(`^Error: ${file} has the SHA-256 ${sum}, not 0{64}$`));
  await assert.rejects(fetchRelease(room(context), url, new Map()), /no checksum of .* is known/);
});

test("has checksums for the releases of every platform in the version that set-up installs", () => {
  const known = parseChecksums(readFileSync(join(root, "local", "setup", "pulumi.sha256"), "utf8"));
  const platforms = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"];
  assert.deepEqual(
    [...known.keys()],
    platforms.map((each) => `pulumi-v${versions.pulumi}-${each}.tar.gz`),
  );
});
