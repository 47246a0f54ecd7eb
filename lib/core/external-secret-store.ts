import { type Construct, type IConstruct } from 'constructs';
import { type ISecret, type ISecretStore, type IStoreRole, type StoreRoleProps } from './contracts';
import { fail, show } from './errors';
import { checkMount } from './names';
import { type IEndpoint } from './network';
import { platformOf } from './scope';
import { type Stage } from './stage';

export interface ExternalSecretStoreProps {
  /** Host name or address of Vault. */
  readonly host: string;
  /** @default 8200 */
  readonly port?: number;
  /** Address range of its hosts, which alone the NetworkPolicies open: `10.20.0.15/32`. @default - any address, at that port */
  readonly cidr?: string;
  /** @default 'https' */
  readonly scheme?: 'http' | 'https';
  /** Where its KV store of version 2 is mounted: `kv`, `secret`, `teams/ml`. */
  readonly mount: string;
  /** Where it accepts tokens of this cluster. Several clusters need one each. @default 'kubernetes' */
  readonly authMount?: string;
  /** Secret with the key `ca.crt`, in each namespace that signs in. @default - the public authorities */
  readonly authority?: { readonly name: string; readonly namespace?: string };
}

/** A path of the KV store; `*` stands for the rest. Nothing in it must mean something to a shell or to Vault's policies. */
const PATH = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*(\/?\*)?$/;
const ROLE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const CAPABILITIES = {
  read: ['read'],
  create: ['create', 'read'],
  write: ['create', 'read', 'update', 'patch'],
} as const;

/**
 * A Vault that exists. Nothing is done to it: the roles that are asked for stand in the summary, as the commands that whoever runs it makes
 * them by, with a policy each that allows just that.
 */
export class ExternalSecretStore implements ISecretStore {
  readonly readyAfter: readonly Stage[] = [];
  readonly url: string;
  readonly mount: string;
  readonly authMount: string;
  private readonly roles = new Map<string, string>();

  constructor(
    private readonly scope: IConstruct,
    props: ExternalSecretStoreProps,
    readonly endpoint: IEndpoint,
    readonly authority: (stage: Stage) => ISecret | undefined,
  ) {
    const { path } = scope.node;
    const { scheme = 'https', mount, authMount = 'kubernetes' } = props;
    if (props.authority && scheme === 'http') {
      fail(
        path,
        `the store of secrets at ${props.host} has an authority but speaks http; leave authority out or use https`,
      );
    }
    checkMount(path, 'mount', mount, ['kv', 'teams/kv']);
    checkMount(path, 'authMount', authMount, ['kubernetes', 'kubernetes/lab']);
    this.url = `${scheme}://${endpoint.host}:${endpoint.port}`;
    this.mount = mount;
    this.authMount = authMount;
  }

  addRole(scope: Construct, name: string, props: StoreRoleProps): IStoreRole {
    const { path } = scope.node;
    if (!ROLE.test(name))
      fail(path, `the name of a role must be of letters, digits, "-", "_" and ".", got ${show(name)}; rename it`);
    const other = this.roles.get(name);
    if (other !== undefined)
      fail(path, `role ${show(name)} of ${this.url} was asked for by ${other}; give one of the two another name`);
    this.roles.set(name, path);
    const { serviceAccount, audience } = props;
    const policyOf = () => this.policy(path, name, props);
    const role = [
      `vault write auth/${this.authMount}/role/${name}`,
      `bound_service_account_names=${serviceAccount.name}`,
      `bound_service_account_namespaces=${serviceAccount.namespace}`,
      `audience=${audience}`,
      `token_policies=${name}`,
      'token_ttl=15m',
    ].join(' ');
    this.instruct(
      `ServiceAccount ${serviceAccount.namespace}/${serviceAccount.name} signs in to ${this.url} by the role ${name}. Make it, with its policy`,
      () => `${policyOf()}\n${role}`,
    );
    return { name, readyAfter: this.readyAfter };
  }

  allowGroup(group: string, path: string): void {
    this.check(this.scope.node.path, path);
    const base = path.replace(/\/?\*$/, '');
    this.instruct(
      `Members of the group ${group} read and write everything below ${base} of ${this.url}. Give their group a policy with`,
      () =>
        [
          this.rule(`data/${base}/*`, CAPABILITIES.write),
          this.rule(`metadata/${base}/*`, ['list', 'read', 'delete']),
          this.rule(`metadata/${base}`, ['list']),
        ].join('\n'),
    );
  }

  private policy(path: string, name: string, props: StoreRoleProps): string {
    const rules = new Map<string, readonly string[]>();
    for (const right of ['read', 'create', 'write'] as const) {
      const paths = props[right] ?? [];
      for (const each of typeof paths === 'function' ? paths() : paths) {
        this.check(path, each);
        rules.set(each, CAPABILITIES[right]);
      }
    }
    const text = [...rules].map(([each, capabilities]) => this.rule(`data/${each}`, capabilities));
    return [`vault policy write ${name} - <<'EOF'`, ...text, 'EOF'].join('\n');
  }

  private check(path: string, storePath: string): void {
    if (PATH.test(storePath)) return;
    fail(
      path,
      `a path of the store must be of letters, digits, "-", "_" and "." between "/", got ${show(storePath)}; rename it`,
    );
  }

  private rule(path: string, capabilities: readonly string[]): string {
    return `path "${this.mount}/${path}" { capabilities = ${JSON.stringify(capabilities).replaceAll(',', ', ')} }`;
  }

  private instruct(what: string, command: () => string): void {
    platformOf(this.scope).addInstruction({
      when: 'before',
      what,
      get command() {
        return command();
      },
    });
  }
}
