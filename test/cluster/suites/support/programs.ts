import { type Client } from '../../client/client';
import { type LivePlatform } from './platform';

/** What s3_program.py prints when all is well. */
export const ALL_WELL = {
  bucket: 'mine',
  small: true,
  large: true,
  parts: 3,
  byHand: true,
  middle: true,
  signedPut: 200,
  signedGet: 'by a signed URL',
  forgedGet: 403,
  listed: ['by-hand', 'large', 'signed', 'small'],
  foreign: 'AccessDenied',
  another: 'AccessDenied',
  deleted: 4,
  left: 0,
};

/** Runs a program that knows S3 and nothing of the platform, with the bucket in the path or in the host name. */
export async function s3Program(platform: LivePlatform, client: Client, style: 'path' | 'virtual'): Promise<unknown> {
  return client.run('s3_program.py', {
    args: ['mlflow', style],
    env: { ...(await platform.s3Env('mlflow')), FOREIGN_BUCKET: 'postgres-backups' },
  });
}

/** What mlflow_program.py prints. */
export interface Logged {
  readonly experiment: string;
  readonly run: string;
  readonly sent: string;
  readonly received: string;
  readonly bytes: number;
  readonly artifacts: string;
  readonly refusal: string;
  readonly seconds: Readonly<Record<string, number>>;
}

/** Runs a program that logs a run with parameters, metrics, a model and an artifact of so many MiB, and reads it back. */
export async function mlflowProgram(platform: LivePlatform, client: Client, size: number): Promise<Logged> {
  return client.run<Logged>('mlflow_program.py', { args: [String(size)], env: await platform.mlflowEnv() });
}

/** What it prints when all is well. */
export function wellLogged({ sent, run }: Logged, size: number): object {
  return {
    status: 'FINISHED',
    params: { learning_rate: '0.1', layers: '12' },
    tags: { purpose: 'proof' },
    loss: [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5],
    received: sent,
    bytes: size * 2 ** 20,
    model: { status: 'READY', predicted: [2, 4, 42] },
    found: [run],
  };
}
