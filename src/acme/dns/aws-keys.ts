import type { Redacted } from '../../redacted.ts';

/** What requests to Amazon are signed with. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Redacted;
  readonly sessionToken: Redacted | undefined;
}
