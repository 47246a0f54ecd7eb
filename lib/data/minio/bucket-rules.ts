import { type BucketProps, checkDuration, fail, show } from '../../core';

const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** Kept by S3 for itself. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const RESERVED_STARTS = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_ENDS = ['-s3alias', '--ol-s3', '--x-s3', '--table-s3'];

/**
 * Checks a bucket's name by the rules of S3, without the dots that it allows and advises against: a name with a dot has no certificate
 * when it becomes part of the host name.
 *
 * @param taken names that mean something else to this server
 */
export function checkBucketName(path: string, name: string, taken: readonly string[]): void {
  const what = "a bucket's name";
  if (typeof name !== 'string' || !NAME.test(name)) {
    const mend = String(name)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
    const hint = mend.length > 2 ? `did you mean ${show(mend)}?` : 'give it a name such as "mlflow"';
    fail(path, `${what} must be of lower-case letters, digits and "-" between them, got ${show(name)}; ${hint}`);
  }
  if (name.length < 3 || name.length > 63) {
    fail(
      path,
      `${what} must have 3 to 63 characters, got ${name.length} in ${show(name)}; give a ${name.length < 3 ? 'longer' : 'shorter'} one`,
    );
  }
  const start = RESERVED_STARTS.find((one) => name.startsWith(one));
  if (start)
    fail(path, `${what} must not begin with ${show(start)}, which S3 keeps for itself, got ${show(name)}; rename it`);
  const end = RESERVED_ENDS.find((one) => name.endsWith(one));
  if (end)
    fail(path, `${what} must not end with ${show(end)}, which S3 keeps for itself, got ${show(name)}; rename it`);
  if (taken.includes(name))
    fail(path, `${what} must not be ${show(name)}, which the server keeps for itself; rename it`);
}

/** Days of a lifecycle rule, which knows nothing shorter. */
function days(path: string, name: string, what: string, value: BucketProps['expireAfter']): number | undefined {
  if (value === undefined) return undefined;
  checkDuration(path, `bucket ${show(name)}: ${what}`, value);
  const result = value.toDays({ integral: false });
  if (!Number.isInteger(result) || result < 1 || result > 36500) {
    fail(
      path,
      `bucket ${show(name)}: ${what} must be 1 to 36500 whole days, got ${show(result)}; give Duration.days(...)`,
    );
  }
  return result;
}

/**
 * The bucket's lifecycle configuration as S3 has it, in JSON; empty where nothing expires.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 */
export function lifecycle(path: string, name: string, props: BucketProps): string {
  const current = days(path, name, 'expireAfter', props.expireAfter);
  const noncurrent = days(path, name, 'expireNoncurrentAfter', props.expireNoncurrentAfter);
  if (noncurrent !== undefined && !props.versioning) {
    fail(
      path,
      `bucket ${show(name)}: expireNoncurrentAfter needs versioning, without which there are no former versions; add versioning: true`,
    );
  }
  const rule = { Status: 'Enabled', Filter: { Prefix: '' } };
  const rules = [
    ...(current === undefined ? [] : [{ ID: 'expire', ...rule, Expiration: { Days: current } }]),
    ...(noncurrent === undefined
      ? []
      : [
          { ID: 'expire-noncurrent', ...rule, NoncurrentVersionExpiration: { NoncurrentDays: noncurrent } },
          // What stays of a deleted object once its last version is gone.
          { ID: 'expire-delete-markers', ...rule, Expiration: { ExpiredObjectDeleteMarker: true } },
        ]),
  ];
  return rules.length === 0 ? '' : JSON.stringify({ Rules: rules });
}

/** What a bucket's user may do in it. */
export type Access = 'owner' | 'reader';

const LOOK = [
  's3:GetBucketLocation',
  's3:GetBucketVersioning',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListBucketVersions',
];
const READ = ['s3:GetObject', 's3:GetObjectTagging', 's3:GetObjectVersion', 's3:GetObjectVersionTagging'];
const WRITE = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:DeleteObjectTagging',
  's3:ListMultipartUploadParts',
  's3:PutObject',
  's3:PutObjectTagging',
];

/** Programs that begin by creating their bucket are told that it is theirs already (BucketAlreadyOwnedByYou), rather than AccessDenied. */
const CREATE = 's3:CreateBucket';

/**
 * The policy of a bucket's user, in JSON: objects of this bucket and nothing else, not the bucket's own settings either. With versioning,
 * former versions are out of the user's reach: who steals the key can destroy nothing for good.
 *
 * Both denials are needed: deleting a version is allowed by DeleteObject, and each user may make access keys that outlive a change of
 * its own and, by CVE-2025-62506, their limits.
 */
export function policy(bucket: string, access: Access, versioning: boolean): string {
  return policyOf([{ bucket, access, versioning }]);
}

/** A bucket that a policy is about. */
export interface BucketGrant {
  readonly bucket: string;
  readonly access: Access;
  readonly versioning: boolean;
}

/** The policy for several buckets, in JSON. */
export function policyOf(grants: readonly BucketGrant[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      ...grants.flatMap(statements),
      { Effect: 'Deny', Action: ['admin:CreateServiceAccount', 'admin:CreateUser'] },
    ],
  });
}

function statements({ bucket, access, versioning }: BucketGrant): object[] {
  const objects = [`arn:aws:s3:::${bucket}/*`];
  return [
    {
      Effect: 'Allow',
      Action: access === 'owner' ? [...LOOK, CREATE] : LOOK,
      Resource: [`arn:aws:s3:::${bucket}`],
    },
    { Effect: 'Allow', Action: access === 'owner' ? [...READ, ...WRITE] : READ, Resource: objects },
    ...(access === 'owner' && versioning
      ? [{ Effect: 'Deny', Action: ['s3:DeleteObjectVersion'], Resource: objects }]
      : []),
  ];
}
