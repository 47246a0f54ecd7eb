import { Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  checkLabel,
  checkSchedule,
  fail,
  type ICredentials,
  type IRegistryProject,
  type ISecret,
  type RegistryAccess,
  type RegistryProjectProps,
  show,
  type Stage,
} from '../../core';
import { type Configuration } from './configuration';
import { type PublicRegistry } from './public-registries';
import { type RobotCredentials } from './robot';

export interface HarborProjectProps extends RegistryProjectProps {
  /** Look for known vulnerabilities in what is pushed. @default - true where there is a scanner */
  readonly scanOnPush?: boolean;
  /** Refuse to hand out images with vulnerabilities of this severity or worse. Needs the scanner. @default - all may be pulled */
  readonly preventVulnerable?: 'low' | 'medium' | 'high' | 'critical';
  /** Of each repository, how many images are kept, those that were pushed last, 1 to 1000; the others go each night. @default - all are kept */
  readonly keepLast?: number;
  /** When `keepLast` is looked at, in cron's five fields, UTC. @default '0 1 * * *' */
  readonly keepSchedule?: string;
}

/** Harbor's own rule, and what can stand in a Secret's name. @see https://goharbor.io/docs/2.13.0/working-with-projects/create-projects/ */
const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const ACCESS = ['pull', 'push', 'maintain'];

/** What the configuration knows of a robot. */
export interface Robot {
  readonly name: string;
  readonly access: RegistryAccess;
  /** Key `secret`, in Harbor's own namespace. */
  readonly secret: ISecret;
  readonly credentials: RobotCredentials;
}

/** A project: part of the registry with members, robots and rules of its own. */
export class HarborProject extends Construct implements IRegistryProject {
  readonly prefix: string;
  readonly readyAfter: readonly Stage[];
  readonly robots: Robot[] = [];
  readonly groups = new Map<string, RegistryAccess>();

  constructor(
    scope: Construct,
    readonly name: string,
    readonly props: HarborProjectProps,
    private readonly configuration: Configuration,
    /** The registry that it fetches from what it hasn't. */
    readonly proxyOf?: PublicRegistry,
  ) {
    super(scope, `project-${name}`);
    const path = scope.node.path;
    checkProjectName(path, name);
    const what = `project ${show(name)}`;
    if (props.quota !== undefined) checkInteger(path, `${what}: quota`, props.quota, 1, 1_000_000_000, 'give GiB');
    if (props.keepLast !== undefined)
      checkInteger(path, `${what}: keepLast`, props.keepLast, 1, 1000, 'keep at least the last');
    if (props.keepSchedule !== undefined) checkSchedule(path, props.keepSchedule);
    if (props.keepSchedule !== undefined && props.keepLast === undefined) {
      fail(path, `${what}: keepSchedule is of no use without keepLast; say how many are kept`);
    }
    if (props.preventVulnerable !== undefined) {
      checkChoice(path, `${what}: preventVulnerable`, props.preventVulnerable, ['low', 'medium', 'high', 'critical']);
    }
    for (const prop of ['scanOnPush', 'preventVulnerable'] as const) {
      if (props[prop] && !configuration.scanner)
        fail(path, `${what}: ${prop} needs the scanner, which is off; leave scanner: false out`);
    }
    this.prefix = `${configuration.host}/${name}`;
    this.readyAfter = configuration.readyAfter;
  }

  /**
   * Makes an account for a program, called `robot$<project>+<name>`, which never expires. Its Secret is of type `kubernetes.io/dockerconfigjson`, so that it
   * is an `imagePullSecret` too, and is there when what needs it is applied.
   *
   * @throws when the name is no label, or was asked for before
   */
  addRobot(name: string, access: RegistryAccess): ICredentials {
    const path = this.node.path;
    checkLabel(path, "a robot's name", name, 30);
    checkChoice(path, `robot ${show(name)}: access`, access, ACCESS);
    if (this.robots.some((robot) => robot.name === name)) {
      fail(path, `robot ${show(name)} was asked for before; pass on what addRobot returned then, or take another name`);
    }
    const robot = this.configuration.makeRobot(this, name, access);
    this.robots.push(robot);
    return robot.credentials;
  }

  allowGroup(group: string, access: RegistryAccess): void {
    const path = this.node.path;
    checkChoice(path, `group ${show(group)}: access`, access, ACCESS);
    if (!this.configuration.identity) {
      fail(path, `group ${show(group)} is known to nobody, since Harbor has no identity provider; pass identity to it`);
    }
    // What would break a line of the plan, or the text that the script looks for.
    if (
      typeof group !== 'string' ||
      group === '' ||
      /["\\{}]/.test(group) ||
      [...group].some((letter) => letter < ' ')
    ) {
      fail(
        path,
        `the name of a group must be text without quotes, braces and backslashes, got ${show(group)}; use the provider's name for it`,
      );
    }
    if (this.groups.has(group)) fail(path, `group ${show(group)} was given a role before; give it one`);
    this.groups.set(group, access);
  }
}

/** @throws when it can't be a project's name */
function checkProjectName(path: string, name: string): void {
  if (typeof name === 'string' && NAME.test(name) && name.length <= 63) return;
  const mend = String(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  fail(
    path,
    `a project's name must be up to 63 lower-case letters, digits and single ".", "_" or "-" between them, got ${show(name)}${mend ? `; did you mean ${show(mend)}?` : '; give it one such as "vision"'}`,
  );
}
