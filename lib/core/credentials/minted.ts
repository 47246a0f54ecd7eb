import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  type CredentialValue,
  type ICredentials,
  type ICredentialSource,
  type ISecret,
} from '../contracts/credentials';
import { fail, show } from '../errors';
import { lazy } from '../network';
import { type Stage } from '../stage';
import { System } from '../system';
import { ConfigFiles } from '../workload/config-files';
import { type Creation, Job } from '../workload/kinds';
import { volume } from '../workload/volume';
import { tools } from '../images';
import { MINT_SCRIPT } from './mint-script';
import { SecretReference } from './secret';
import { checkCredential, credentialSpecs } from './values';

/**
 * Credentials made at random in the cluster by one idempotent Job, different on each installation and in no manifest. The Job's service
 * account may create Secrets in the namespaces that need one and read those it made, and nothing else.
 */
export class MintedCredentials extends System implements ICredentialSource {
  private readonly stage: Stage;
  private readonly job: Job;
  private readonly minted: Minted[] = [];

  constructor(scope: Construct, id: string) {
    super(scope, id, { name: 'credentials', version: tools.curl.tag }, { namespace: 'platform-credentials' });
    this.stage = this.addStage('install');
    const plan = new ConfigFiles(this.stage, 'plan', { 'mint.sh': MINT_SCRIPT, plan: () => this.plan() });
    this.job = new Job(this.stage, 'mint', {
      rules: [],
      restartOn: [plan],
      creates: () => this.used.flatMap((credential) => credential.creations),
      containers: [
        {
          name: 'mint',
          image: tools.curl,
          command: ['/bin/sh', '/plan/mint.sh'],
          env: { PLATFORM: this.platform.name },
          resources: { cpu: 0.05, memory: Size.mebibytes(64) },
          mounts: [
            { path: '/plan', volume: volume.config('plan', plan) },
            { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(8) }) },
          ],
        },
      ],
    });
  }

  generate(scope: Construct, name: string, values: Readonly<Record<string, CredentialValue>>): ICredentials {
    const path = scope.node.path;
    checkCredential(path, name, values);
    const credential = new Minted(path, name, values, this.stage, (namespace) => this.serve(credential, namespace));
    this.minted.push(credential);
    return credential;
  }

  private get used(): Minted[] {
    return this.minted.filter(({ namespaces }) => namespaces.length > 0);
  }

  private serve(credential: Minted, namespace: string): void {
    const other = this.minted.find(
      (one) => one !== credential && one.name === credential.name && one.namespaces.includes(namespace),
    );
    if (other)
      fail(
        credential.path,
        `the Secret ${show(credential.name)} in namespace ${show(namespace)} is that of ${other.path}; give one of the two another name`,
      );
    if (this.minted.some((one) => one.namespaces.includes(namespace))) return;
    this.job.grant(
      [
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        {
          apiGroups: [''],
          resources: ['secrets'],
          verbs: ['get'],
          resourceNames: lazy(() =>
            this.used.filter((one) => one.namespaces.includes(namespace)).map(({ name }) => name),
          ),
        },
      ],
      namespace,
    );
  }

  private plan(): string {
    return this.used.map((credential) => credential.line).join('');
  }
}

class Minted implements ICredentials {
  readonly namespaces: string[] = [];
  readonly readyAfter: readonly Stage[];
  readonly keys: readonly string[];

  constructor(
    readonly path: string,
    readonly name: string,
    private readonly values: Readonly<Record<string, CredentialValue>>,
    stage: Stage,
    private readonly serve: (namespace: string) => void,
  ) {
    this.keys = Object.keys(values);
    this.readyAfter = [stage];
  }

  in(namespace: string): ISecret {
    if (!this.namespaces.includes(namespace)) {
      this.serve(namespace);
      this.namespaces.push(namespace);
    }
    return new SecretReference(namespace, this.name, this.keys, this.readyAfter);
  }

  get creations(): Creation[] {
    return this.namespaces.map((namespace) => ({ kind: 'Secret', namespace, name: this.name, keys: this.keys }));
  }

  /** Its line of the plan. */
  get line(): string {
    return `${this.name} ${this.namespaces.join(',')} ${credentialSpecs(this.values)}\n`;
  }
}
