import { dirname, resolve } from "node:path";
import { z } from "zod";
import { isKey, keyExpected } from "../store/key";
import type { StoreSettings } from "../store/store-settings";
import { dnsLabel, flag } from "./pod-size";

const form = "`{ bucket: NAME }` or `{ folder: PATH }`";
const bucket = "a bucket's name: 3 to 63 lower case letters, digits, dots and dashes";
const url = "a URL such as `https://minio.example.com:9000`";
const text = (expected: string) => z.string(expected).min(1, expected);

const keys = {
  folder: text("a path, counted from the stack file").exactOptional(),
  bucket: z
    .string(bucket)
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, bucket)
    .exactOptional(),
  prefix: z.string(keyExpected).refine(isKey, keyExpected).exactOptional(),
  region: z
    .string("a region such as `eu-central-1`")
    .regex(/^[a-z0-9-]+$/, "a region such as `eu-central-1`")
    .exactOptional(),
  endpoint: z
    .string(url)
    .regex(/^https?:\/\/[^\s/@?#]+(\/[^\s?#@]+)*$/, url)
    .exactOptional(),
  pathStyle: flag.exactOptional(),
  ca: text("a certificate in PEM").exactOptional(),
  accessKeyId: text("an access key's id").exactOptional(),
  secretAccessKey: text("the access key's secret").exactOptional(),
  credentials: z
    .strictObject({ secret: dnsLabel }, "`{ secret: NAME }`, a Secret with `accessKeyId` and `secretAccessKey`")
    .exactOptional(),
};

type Written = { readonly [Key in keyof typeof keys]?: z.output<(typeof keys)[Key]> };

/** Pairs of keys that exclude each other, and the reason. */
const conflicts: readonly (readonly [keyof Written, keyof Written, string])[] = [
  ...(
    ["bucket", "region", "endpoint", "pathStyle", "ca", "accessKeyId", "secretAccessKey", "credentials"] as const
  ).map((key) => ["folder", key, `no \`${key}\` beside \`folder\`, which is a store by itself`] as const),
  ["credentials", "accessKeyId", "either `credentials`, for pods, or `accessKeyId` and `secretAccessKey`"],
];

const needs: readonly (readonly [keyof Written, keyof Written])[] = [
  ["accessKeyId", "secretAccessKey"],
  ["secretAccessKey", "accessKeyId"],
];

/** `tenantry:store` of a stack file. */
export const storeSchema = z.strictObject(keys, form).superRefine((written, context) => {
  const issue = (key: keyof Written, message: string) => context.addIssue({ code: "custom", path: [key], message });
  if (written.folder === undefined && written.bucket === undefined) issue("bucket", `${form}: ${bucket}`);
  for (const [one, other, reason] of conflicts) {
    if (written[one] !== undefined && written[other] !== undefined) issue(other, reason);
  }
  for (const [one, other] of needs) {
    if (written[one] !== undefined && written[other] === undefined)
      issue(other, `\`${one}\` and \`${other}\` together`);
  }
});

/**
 * The settings with their defaults.
 *
 * @param owner the application and the stack, whose objects a prefix of their own keeps apart from others in the bucket
 */
export function storeSettings(
  { folder, bucket = "", prefix, ...server }: z.output<typeof storeSchema>,
  owner: { readonly application: string; readonly stack: string; readonly stackFile: string },
): StoreSettings {
  const own = prefix ?? `${owner.application}/${owner.stack}`;
  if (folder !== undefined) return { folder: resolve(dirname(owner.stackFile), folder), prefix: own };
  return { bucket, prefix: own, ...server };
}
