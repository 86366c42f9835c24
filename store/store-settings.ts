/** A folder of this machine as a store. */
export interface FolderSettings {
  /** An absolute path. */
  readonly folder: string;
  /** Put before all keys. @default `APPLICATION/STACK` */
  readonly prefix: string;
}

/** A bucket of an object store that speaks S3. */
export interface BucketSettings {
  readonly bucket: string;
  /** Put before all keys. @default `APPLICATION/STACK` */
  readonly prefix: string;
  /** @default the region of the AWS client's own settings; `us-east-1` with an endpoint */
  readonly region?: string;
  /** URL of a server that is not AWS. */
  readonly endpoint?: string;
  /** True if the bucket's name stands in the path instead of the host's name. @default true with an endpoint */
  readonly pathStyle?: boolean;
  /** PEM of the authority that signed the server's certificate. @default the system's authorities */
  readonly ca?: string;
  /** @default the AWS client's own chain: environment, web identity, files, metadata services */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** The Secret that holds `accessKeyId` and `secretAccessKey` for pods, on Kubernetes. */
  readonly credentials?: { readonly secret: string };
}

export type StoreSettings = FolderSettings | BucketSettings;

export function isFolder(settings: StoreSettings): settings is FolderSettings {
  return "folder" in settings;
}
