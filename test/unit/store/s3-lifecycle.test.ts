import assert from "node:assert/strict";
import test from "node:test";
import type { LifecycleRule } from "@aws-sdk/client-s3";
import { lifecycleProblems } from "../../../store/s3-lifecycle";

const found = (rule: Partial<LifecycleRule>) =>
  lifecycleProblems([{ ID: "old", Status: "Enabled", Expiration: { Days: 30 }, ...rule }], "shop", "shop/dev").map(
    ({ what }) => what,
  );

const deletes = ["A lifecycle rule of the bucket `shop` deletes objects after 30 days, also those of this stack"];

test("reports rules that delete objects of the prefix, of a part of it, or of everything", () => {
  for (const rule of [
    {},
    { Filter: {} },
    { Prefix: "" },
    { Prefix: "shop/" },
    { Filter: { Prefix: "shop/dev/" } },
    { Filter: { Prefix: "shop/dev/cold/" } },
    { Filter: { Prefix: "shop/de" } },
    { Filter: { And: { Prefix: "shop/dev/", ObjectSizeGreaterThan: 1 } } },
    { Filter: { ObjectSizeLessThan: 100 } },
  ]) {
    assert.deepEqual(found(rule), deletes, JSON.stringify(rule));
  }
});

test("accepts rules that are off, for others' objects or tags, or that end uploads and old versions only", () => {
  for (const rule of [
    { Status: "Disabled" as const },
    { Filter: { Prefix: "logs/" } },
    { Filter: { Prefix: "shop/development/" } },
    { Filter: { Tag: { Key: "temporary", Value: "yes" } } },
    { Filter: { And: { Prefix: "shop/", Tags: [{ Key: "temporary", Value: "yes" }] } } },
    { Expiration: undefined, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    { Expiration: undefined, NoncurrentVersionExpiration: { NoncurrentDays: 7 } },
    { Expiration: { ExpiredObjectDeleteMarker: true } },
    { Expiration: undefined, Transitions: [{ Days: 30, StorageClass: "STANDARD_IA" as const }] },
  ]) {
    assert.deepEqual(found(rule as Partial<LifecycleRule>), [], JSON.stringify(rule));
  }
});

test("reports rules that move objects where they can't be read at once, and rules with a date", () => {
  const archive = { Expiration: undefined, Transitions: [{ Days: 30, StorageClass: "GLACIER" }] };
  assert.match(found(archive as unknown as Partial<LifecycleRule>).join(), /moves objects to GLACIER/);
  assert.match(found({ Expiration: { Date: new Date(0) } }).join(), /deletes objects on 1970-01-01/);
});
