import {
  type EnvValue,
  fail,
  type IBucket,
  type IExperimentTracking,
  type IRdmaNetwork,
  type ISecret,
  type Mount,
  show,
  type Stage,
  volume,
} from '../../core';

/** What the program of a training is told. README.md is the contract. */
export interface EnvironmentProps {
  readonly name: string;
  readonly data?: IBucket;
  readonly checkpoints?: IBucket;
  readonly checkpointPrefix: string;
  readonly tracking?: IExperimentTracking;
  readonly experiment: string;
  readonly network?: IRdmaNetwork;
  /** The user's own. */
  readonly env: Readonly<Record<string, EnvValue>>;
}

export interface Environment {
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly mounts: readonly Mount[];
}

/** Set by Trainer for the processes to find each other. @see https://github.com/kubeflow/trainer/blob/v2.3.0/pkg/constants/constants.go */
const TRAINERS = [
  ...['PET_NNODES', 'PET_NPROC_PER_NODE', 'PET_NODE_RANK', 'PET_MASTER_ADDR', 'PET_MASTER_PORT'],
  ...['JAX_NUM_PROCESSES', 'JAX_PROCESS_ID', 'JAX_COORDINATOR_ADDRESS'],
  ...['OMPI_MCA_orte_default_hostfile', 'OMPI_MCA_plm_rsh_args', 'OMPI_MCA_orte_keep_fqdn_hostnames'],
  'OMPI_MCA_orte_set_default_slots',
];
/** Those that the user's own may not replace, since what they say holds for whatever is given here. */
const OURS = /^(TRAINING_NAME|DATA_|CHECKPOINT_|MLFLOW_TRACKING_|MLFLOW_WORKSPACE|AWS_)/;

/**
 * The environment of a training and the authorities that it mounts.
 *
 * @throws when the user's own variables would replace one that is set here or by Trainer
 */
export function environment(path: string, stage: Stage, props: EnvironmentProps): Environment {
  const { name, data, checkpoints, checkpointPrefix, tracking, experiment, network, env } = props;
  const taken = Object.keys(env).find((key) => TRAINERS.includes(key) || OURS.test(key));
  if (taken !== undefined) {
    fail(
      path,
      `env ${show(taken)} is set for the program, by what data, checkpoints, tracking and nodes say; leave it out`,
    );
  }
  const namespace = stage.namespace!;
  const mounts = new Map<string, Mount>();
  const authority = (bucket: IBucket): string | undefined => {
    const secret = bucket.authority(stage);
    if (!secret) return undefined;
    const mount = mounts.get(secret.name) ?? authorityMount(secret, mounts.size);
    mounts.set(secret.name, mount);
    return `${mount.path}/ca.crt`;
  };
  const main = checkpoints ?? data;
  return {
    env: {
      TRAINING_NAME: name,
      ...(data && { DATA_URI: `s3://${data.name}`, ...access('DATA_', data, namespace, authority(data)) }),
      ...(checkpoints && { CHECKPOINT_URI: `s3://${checkpoints.name}/${checkpointPrefix}` }),
      ...(main && awsAccess(main, namespace, authority(main))),
      ...(tracking && trackingAccess(tracking, namespace, experiment)),
      ...network?.nccl,
      ...env,
    },
    mounts: [...mounts.values()],
  };
}

function authorityMount(secret: ISecret, index: number): Mount {
  const name = `authority-${index}`;
  return { path: `/etc/authorities/${index}`, volume: volume.secret(name, secret, { 'ca.crt': 'ca.crt' }) };
}

/** A bucket under names of its own, since AWS's are another's. */
function access(prefix: string, bucket: IBucket, namespace: string, authority?: string): Record<string, EnvValue> {
  const secret = bucket.credentials.in(namespace);
  return {
    [`${prefix}ENDPOINT_URL`]: bucket.url,
    [`${prefix}REGION`]: bucket.region,
    [`${prefix}ACCESS_KEY_ID`]: secret.env('access-key'),
    [`${prefix}SECRET_ACCESS_KEY`]: secret.env('secret-key'),
    ...(authority !== undefined && { [`${prefix}CA_BUNDLE`]: authority }),
  };
}

/** As boto3, s3fs, the AWS SDKs and what is built on them read it. @see https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html */
function awsAccess(bucket: IBucket, namespace: string, authority?: string): Record<string, EnvValue> {
  const secret = bucket.credentials.in(namespace);
  return {
    AWS_ENDPOINT_URL_S3: bucket.url,
    AWS_REGION: bucket.region,
    AWS_DEFAULT_REGION: bucket.region,
    AWS_ACCESS_KEY_ID: secret.env('access-key'),
    AWS_SECRET_ACCESS_KEY: secret.env('secret-key'),
    ...(authority !== undefined && { AWS_CA_BUNDLE: authority }),
  };
}

/** @see https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html */
function trackingAccess(
  { trackingUri, credentials, workspace }: IExperimentTracking,
  namespace: string,
  experiment: string,
): Record<string, EnvValue> {
  const secret = credentials.in(namespace);
  return {
    MLFLOW_TRACKING_URI: trackingUri,
    ...(workspace !== undefined && { MLFLOW_WORKSPACE: workspace }),
    MLFLOW_TRACKING_USERNAME: secret.env('username'),
    MLFLOW_TRACKING_PASSWORD: secret.env('password'),
    MLFLOW_EXPERIMENT_NAME: experiment,
  };
}
