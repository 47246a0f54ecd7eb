import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readObjects } from '../../../../lib/cli/read-objects';
import { type KubeObject as Manifest } from '../../../../lib/core/link';
import { Site } from '../../../../lib';
import { Client } from '../../client/client';
import { Cluster, type KubeObject } from '../../cluster';
import { setGatewayAddress } from '../../machine/dns';
import { readState } from '../../state';

/** What is applied to the cluster that is up: the committed output of `npm run synth`, or the same with a mirror's digests. */
export const FOLDER = readState().folder;

export const BUCKETS = ['mlflow', 'postgres-backups'] as const;
/** Those of the platform, one that trainings bring along, and those of a company's. */
export type Bucket = (typeof BUCKETS)[number] | 'checkpoints' | 'vault-snapshots' | 'audit';

/** The objects of a folder's manifests, in the order of its files. */
export function manifests(folder = FOLDER): readonly (Manifest & { readonly file: string })[] {
  return readObjects([folder]).map(({ object, file }) => ({ ...object, file: basename(file ?? '') }));
}

/** The reference of an image of the platform: the one whose repository ends so. */
export function imageOf(repository: string, folder = FOLDER): string {
  const all = readFileSync(join(folder, 'images.txt'), 'utf8').split('\n');
  const found = all.find((name) => name.split(/[:@]/)[0]!.endsWith(repository));
  if (found === undefined) throw new Error(`no image of ${folder}/images.txt is of ${repository}`);
  return found;
}

interface Service extends KubeObject {
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string }[] } };
}

/** The platform that the manifests make, seen from outside: its names, its address, its authority, and people's programs. */
export class LivePlatform {
  readonly domain: string;
  readonly site: Site;
  private readonly cache = new Map<string, Promise<string>>();

  constructor(readonly cluster: Cluster = new Cluster()) {
    this.site = Site.fromFile(cluster.state.site);
    this.domain = this.site.domain;
  }

  get mlflowUrl(): string {
    return `https://mlflow.${this.domain}`;
  }

  get s3Url(): string {
    return `https://minio.${this.domain}`;
  }

  get consoleUrl(): string {
    return `https://minio-console.${this.domain}`;
  }

  /** What DNS entries for the platform would hold. @throws where the gateway's Service has no address yet */
  async address(): Promise<string> {
    return this.once('address', async () => {
      const services = await this.cluster.list<Service>('services', '-n', 'gateway');
      const ip = services.flatMap(({ status }) => status.loadBalancer.ingress ?? []).at(0)?.ip;
      if (ip === undefined) throw new Error('no Service of the gateway has an address');
      return ip;
    });
  }

  /** The certificate of the platform's private authority, as summary.md says to get it. */
  async authority(): Promise<string> {
    return this.once('authority', () => this.cluster.secret('cert-manager', 'root-ca', 'ca.crt'));
  }

  /** A computer that trusts the platform's authority, in a company whose DNS leads the platform's hosts to the gateway's address. */
  async client(tell?: (line: string) => void): Promise<Client> {
    const [address, authority] = await Promise.all([this.address(), this.authority()]);
    await setGatewayAddress(address);
    return Client.make({ cluster: this.cluster, authority }, tell);
  }

  /** Environment of a program that uses MLflow as its administrator. */
  async mlflowEnv(): Promise<Record<string, string>> {
    const [user, password] = await Promise.all(
      ['username', 'password'].map((key) =>
        this.once(`mlflow ${key}`, () => this.cluster.secret('mlflow', 'mlflow-admin', key)),
      ),
    );
    return {
      MLFLOW_TRACKING_URI: this.mlflowUrl,
      MLFLOW_TRACKING_USERNAME: user!,
      MLFLOW_TRACKING_PASSWORD: password!,
      REQUESTS_CA_BUNDLE: 'ca.crt',
      GIT_PYTHON_REFRESH: 'quiet',
    };
  }

  /** Environment of a program that uses a bucket with the credentials of the bucket's owner. */
  async s3Env(bucket: Bucket): Promise<Record<string, string>> {
    const [id, key] = await Promise.all(
      ['access-key', 'secret-key'].map((name) =>
        this.once(`minio-${bucket} ${name}`, () => this.cluster.secret('minio', `minio-${bucket}`, name)),
      ),
    );
    return {
      AWS_ENDPOINT_URL: this.s3Url,
      AWS_CA_BUNDLE: 'ca.crt',
      AWS_ACCESS_KEY_ID: id!,
      AWS_SECRET_ACCESS_KEY: key!,
      AWS_DEFAULT_REGION: 'us-east-1',
    };
  }

  /** Rows of a query, with `|` between the columns, asked in the database's own pod as its superuser. */
  async sql(database: string, query: string): Promise<readonly string[]> {
    const psql = ['psql', '-U', 'postgres', '-d', database, '-At', '-v', 'ON_ERROR_STOP=1', '-c', query];
    const rows = await this.cluster.kubectl('exec', '-n', 'postgres', 'postgres-0', '-c', 'postgres', '--', ...psql);
    return rows.split('\n').filter((row) => row !== '');
  }

  private async once(what: string, ask: () => Promise<string>): Promise<string> {
    let answer = this.cache.get(what);
    if (!answer) this.cache.set(what, (answer = ask()));
    answer.catch(() => this.cache.delete(what));
    return answer;
  }
}
