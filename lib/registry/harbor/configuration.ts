import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  ConfigFiles,
  type Creation,
  digest,
  type IEndpoint,
  type IIdentityProvider,
  type IOidcClient,
  type ISecret,
  Job,
  type k8s,
  lazy,
  type RegistryAccess,
  type ServiceEndpoint,
  type Stage,
  systemOf,
  volume,
} from '../../core';
import { CONFIGURE_SCRIPT } from './configure-script';
import { images } from './images';
import { type HarborProject, type Robot } from './project';
import { PUBLIC_REGISTRIES } from './public-registries';
import { RobotCredentials, robotBodies, ROLES } from './robot';

/** Sending what is pushed to a registry elsewhere. */
export interface Replication {
  readonly name: string;
  readonly url: string;
  readonly type: string;
  readonly repositories: string;
  readonly schedule?: string;
  readonly credentials?: ISecret;
}

export interface ConfigurationProps {
  readonly host: string;
  readonly core: ServiceEndpoint;
  readonly administrator: ISecret;
  readonly scanner: boolean;
  readonly collectionSchedule: string;
  readonly identity?: {
    readonly provider: IIdentityProvider;
    readonly client: IOidcClient;
    readonly administrators?: string;
  };
  /** Who gets the audit log. */
  readonly audit?: IEndpoint;
  /** By registry. */
  readonly proxyCredentials: Readonly<Record<string, ISecret>>;
}

/** What Harbor is told by its API once it runs: one Job, with a plan that is known when everything is said, and that runs again when it changes. */
export class Configuration extends Construct {
  readonly host: string;
  readonly scanner: boolean;
  readonly identity: boolean;
  readonly readyAfter: readonly Stage[];
  readonly projects: HarborProject[] = [];
  readonly replications: Replication[] = [];
  private readonly job: Job;
  private readonly granted = new Set<string>();

  constructor(
    private readonly stage: Stage,
    private readonly props: ConfigurationProps,
  ) {
    super(stage, 'configuration');
    this.host = props.host;
    this.scanner = props.scanner;
    this.identity = props.identity !== undefined;
    this.readyAfter = stage.readyAfter;
    const plan = new Plan(stage, 'plan', () => this.files());
    this.job = new Job(stage, 'configure', {
      rules: [],
      restartOn: [plan],
      creates: () => this.creations(),
      containers: [
        {
          name: 'configure',
          image: images.curl,
          command: ['/bin/sh', '/plan/configure.sh'],
          env: { HARBOR: `http://${props.core.host}:${props.core.port}`, HOST: props.host },
          resources: { cpu: 0.05, memory: Size.mebibytes(64) },
          mounts: [
            { path: '/plan', volume: volume.config('plan', plan) },
            { path: '/secrets', volume: this.secretFiles() },
            { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(8) }) },
          ],
        },
      ],
    });
    // Core sends the records. The Job names the address, and link holds whoever names one to having a way there.
    this.job.connectTo(props.core, props.audit);
  }

  /** A robot, with a secret that is minted before Harbor is told of it. */
  makeRobot(project: HarborProject, name: string, access: RegistryAccess): Robot {
    const system = systemOf(this);
    const label = `${system.node.id}-${project.name.replace(/[._]/g, '-')}-${name}`;
    // Robot b-c of project a isn't robot c of project a-b; and names of Secrets have no underscore.
    const own = `${label.slice(0, 48)}-${digest([project.name, name])}`;
    const secret = system.platform.credentials
      // Harbor wants a digit and letters of both cases in it; of a hundred characters two in 10^8 have no digit. 128 is the most.
      .generate(project, `${own}-key`, { secret: { length: 100 } })
      .in(system.namespace);
    const credentials: RobotCredentials = new RobotCredentials(own, this.stage, (namespace) => this.serve(namespace));
    return { name, access, secret, credentials };
  }

  /** Lets the Job write Secrets in a namespace. */
  private serve(namespace: string): void {
    if (this.granted.has(namespace)) return;
    this.granted.add(namespace);
    this.job.grant(
      [
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        {
          apiGroups: [''],
          resources: ['secrets'],
          verbs: ['update'],
          resourceNames: lazy(() =>
            this.robots
              .filter(({ credentials }) => credentials.namespaces.includes(namespace))
              .map(({ credentials }) => credentials.name),
          ),
        },
      ],
      namespace,
    );
  }

  private get robots(): Robot[] {
    return this.projects.flatMap(({ robots }) => robots);
  }

  private creations(): Creation[] {
    return this.robots.flatMap(({ credentials }) =>
      credentials.namespaces.map((namespace) => ({
        kind: 'Secret' as const,
        namespace,
        name: credentials.name,
        keys: credentials.keys,
      })),
    );
  }

  /** All secret values that the Job needs, by the paths that the script reads. */
  private secretFiles(): k8s.Volume {
    const { administrator, identity, proxyCredentials } = this.props;
    const namespace = systemOf(this).namespace;
    const client = identity?.client.credentials.in(namespace);
    const pair = (secret: ISecret, name: string) => ({
      secret: {
        name: secret.name,
        items: ['username', 'password'].map((key) => ({ key, path: `registries/${name}/${key}` })),
      },
    });
    return {
      name: 'secrets',
      projected: {
        defaultMode: 0o440,
        sources: lazy(() => [
          { secret: { name: administrator.name, items: [{ key: 'password', path: 'admin' }] } },
          ...(client
            ? [
                {
                  secret: {
                    name: client.name,
                    items: ['client-id', 'client-secret'].map((key) => ({ key, path: `oidc/${key}` })),
                  },
                },
              ]
            : []),
          ...this.projects.flatMap((project) =>
            project.robots.map((robot) => ({
              secret: {
                name: robot.secret.name,
                items: [{ key: 'secret', path: `robots/${project.name}/${robot.name}` }],
              },
            })),
          ),
          ...Object.entries(proxyCredentials).map(([registry, secret]) => pair(secret, registry)),
          ...this.replications.flatMap(({ name, credentials }) => (credentials ? [pair(credentials, name)] : [])),
        ]),
      },
    };
  }

  /** The plan: the script, its steps and the bodies of its requests. */
  private files(): Record<string, string> {
    const files: Record<string, string> = { 'configure.sh': CONFIGURE_SCRIPT };
    const steps: string[] = [];
    const body = (name: string, content: object): string => {
      files[`${name}.json`] = JSON.stringify(content);
      return `${name}.json`;
    };
    steps.push(`configuration ${body('configuration', this.settings())}`);
    const own = this.projects.filter(({ proxyOf }) => proxyOf === undefined);
    const proxies = this.projects.filter(({ proxyOf }) => proxyOf !== undefined);
    for (const project of own) steps.push(...projectSteps(project, this.scanner, body));
    steps.push(`collection ${body('collection', collection(this.props.collectionSchedule))}`);
    const { audit } = this.props;
    // Harbor refuses a collector that core can't reach just then.
    if (audit) steps.push(`remote audit ${audit.host} ${audit.port}`);
    for (const project of proxies) {
      const { url, type } = PUBLIC_REGISTRIES[project.proxyOf!];
      const all = [`registry ${project.proxyOf!} ${url} ${type}`, ...projectSteps(project, this.scanner, body)];
      steps.push(...all.map((step) => `remote ${step}`));
    }
    for (const replication of this.replications) {
      const { name, url, type } = replication;
      steps.push(`remote registry ${name} ${url} ${type}`);
      steps.push(`remote replication ${name} ${body(`replication.${name}`, replicationBody(replication))}`);
    }
    files.steps = steps.map((step) => `${step}\n`).join('');
    return files;
  }

  private settings(): object {
    const { identity } = this.props;
    return {
      project_creation_restriction: 'adminonly',
      self_registration: false,
      robot_name_prefix: 'robot$',
      ...(identity
        ? {
            auth_mode: 'oidc_auth',
            primary_auth_mode: true,
            oidc_name: 'Sign-in',
            oidc_endpoint: identity.provider.issuer,
            oidc_scope: [...new Set(['openid', ...identity.provider.scopes])].join(','),
            oidc_groups_claim: identity.provider.groupsClaim,
            oidc_user_claim: identity.provider.usernameClaim,
            oidc_admin_group: identity.administrators ?? '',
            oidc_verify_cert: true,
            oidc_auto_onboard: true,
          }
        : {}),
    };
  }
}

/** Files that are known when everything is said, their names too. */
class Plan extends ConfigFiles {
  constructor(
    stage: Stage,
    id: string,
    private readonly produce: () => Record<string, string>,
  ) {
    super(stage, id, {});
  }

  override get content(): Record<string, string> {
    return this.produce();
  }
}

type Body = (name: string, content: object) => string;

/** A project and all that is in it. */
function projectSteps(project: HarborProject, scanner: boolean, body: Body): string[] {
  const { name, props, proxyOf } = project;
  const metadata = {
    public: String(props.public ?? false),
    auto_scan: String(props.scanOnPush ?? scanner),
    prevent_vul: String(props.preventVulnerable !== undefined),
    ...(props.preventVulnerable ? { severity: props.preventVulnerable } : {}),
  };
  const create = body(`project.${name}.create`, { project_name: name, metadata });
  const update = body(`project.${name}.update`, { metadata });
  const quota = props.quota === undefined ? -1 : props.quota * 1024 ** 3;
  const steps = [`project ${name} ${create} ${update} ${quota}${proxyOf ? ` ${proxyOf}` : ''}`];
  if (props.keepLast !== undefined) {
    const rules = retention(props.keepLast, props.keepSchedule ?? '0 1 * * *');
    steps.push(`retention ${name} ${body(`retention.${name}`, rules)}`);
  }
  for (const [group, access] of project.groups) {
    const member = { role_id: ROLES[access], member_group: { group_name: group, group_type: 3 } };
    const file = body(`group.${name}.${digest(group)}`, member);
    steps.push(`group ${name} ${file} ${ROLES[access]} ${encodeURIComponent(group)}`);
  }
  for (const { name: robot, access, credentials } of project.robots) {
    const bodies = robotBodies(name, robot, access);
    const files = [
      body(`robot.${name}.${robot}.create`, bodies.create),
      body(`robot.${name}.${robot}.update`, bodies.update),
    ];
    steps.push(`robot ${name} ${robot} ${files.join(' ')}`);
    for (const namespace of credentials.namespaces)
      steps.push(`account ${namespace} ${credentials.name} ${name} ${robot}`);
  }
  return steps;
}

const SHORT: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
};

/** Harbor's schedules have seconds before cron's five fields. */
function sixFields(schedule: string): string {
  return `0 ${SHORT[schedule] ?? schedule}`;
}

function collection(schedule: string): object {
  return { schedule: { type: 'Custom', cron: sixFields(schedule) }, parameters: { delete_untagged: true, workers: 1 } };
}

/** @see https://github.com/goharbor/harbor/blob/v2.15.1/src/pkg/retention/policy/models.go */
function retention(keepLast: number, schedule: string): object {
  const selector = (decoration: string) => ({ kind: 'doublestar', decoration, pattern: '**' });
  return {
    algorithm: 'or',
    rules: [
      {
        disabled: false,
        action: 'retain',
        template: 'latestPushedK',
        params: { latestPushedK: keepLast },
        tag_selectors: [{ ...selector('matches'), extras: '{"untagged":false}' }],
        scope_selectors: { repository: [selector('repoMatches')] },
      },
    ],
    trigger: { kind: 'Schedule', settings: { cron: sixFields(schedule) } },
    scope: { level: 'project', ref: 0 },
  };
}

function replicationBody({ name, repositories, schedule }: Replication): object {
  return {
    name,
    dest_registry: { id: 0 },
    // The repository's path stays as it is.
    dest_namespace: '',
    filters: [{ type: 'name', value: repositories }],
    trigger:
      schedule === undefined
        ? { type: 'event_based', trigger_settings: { cron: '' } }
        : { type: 'scheduled', trigger_settings: { cron: sixFields(schedule) } },
    enabled: true,
    override: true,
    deletion: false,
  };
}
