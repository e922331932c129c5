import { AwsV4Signer } from 'aws4fetch';
import type { AssetSource } from '../source.ts';
import { createHttpSource } from './http-source.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3SourceOptions {
  readonly name: string;
  readonly bucket: string;
  /** In front of the id: '' or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** `null`: Amazon's own. */
  readonly endpoint: string | null;
  readonly credentials: S3Credentials;
  readonly ca: string | null;
  readonly connectionsMax: number;
}

/** A private bucket: objects named by id, asked for with AWS Signature Version 4 in headers. */
export function createS3Source(options: S3SourceOptions): AssetSource {
  const { name, bucket, prefix, region, endpoint, credentials, ca, connectionsMax } = options;
  const base = endpoint === null ? `https://${bucket}.s3.${region}.amazonaws.com` : `${endpoint}/${bucket}`;
  return createHttpSource({
    name,
    urlOf: (id) => `${base}/${prefix}${id}`,
    headersFor: async (url) => {
      const signer = new AwsV4Signer({ method: 'GET', url, service: 's3', region, ...credentials });
      const { headers } = await signer.sign();
      return Object.fromEntries(headers);
    },
    ca,
    connectionsMax,
  });
}
