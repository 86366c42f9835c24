import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import test from "node:test";
import { createAuthority, issueNodeCertificate } from "../../../../components/citus/certificates";

const names = ["*.citus-pods.shop.svc", "citus-0.shop.svc"];

test("the cluster's authority signs a node's certificate, which is valid for the names, as server and as client", async () => {
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

test("an authority is valid for ten years and cannot sign another authority", async () => {
  const certificate = new X509Certificate((await createAuthority("shop")).certificate);
  const years = (Date.parse(certificate.validTo) - Date.now()) / 31_536_000_000;
  assert.ok(certificate.ca);
  assert.ok(years > 9.9 && years < 10.1);
});
