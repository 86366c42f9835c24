import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import test from "node:test";
import { createAuthority, issueNodeCertificate } from "../../../../components/citus/certificates";

const names = ["*.citus-pods.shop.svc", "citus-0.shop.svc"];

test("a node's certificate is signed by the cluster's own authority and holds for the names, for server and client", async () => {
  const authority = await createAuthority("shop");
  const node = await issueNodeCertificate(authority, names);
  const certificate = new X509Certificate(node.certificate);
  assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
  assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)));
  assert.equal(certificate.subject, "CN=citus-node");
  assert.equal(certificate.ca, false);
  assert.ok(certificate.checkHost("citus-1-0.citus-pods.shop.svc"));
  assert.ok(certificate.checkHost("citus-0.shop.svc"));
  assert.equal(certificate.checkHost("citus-0.other.svc"), undefined);
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(node.key)));
});

test("an authority signs for ten years, and no authority below it", async () => {
  const certificate = new X509Certificate((await createAuthority("shop")).certificate);
  const years = (Date.parse(certificate.validTo) - Date.now()) / 31_536_000_000;
  assert.ok(certificate.ca);
  assert.ok(years > 9.9 && years < 10.1);
});
