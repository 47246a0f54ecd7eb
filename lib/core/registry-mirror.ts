import { fail, show } from './errors';
import { checkLabel } from './names';

/** How nodes get to the mirror's images. */
export interface PullSecret {
  /** Name of a Secret of type `kubernetes.io/dockerconfigjson`, which you put into each namespace of the platform. */
  readonly secret: string;
}

/** A registry that holds copies of all images. */
export interface RegistryMirrorProps {
  /** Its host, with a port where it has one: `harbor.lab.example`, `registry.lab.example:5000`. */
  readonly host: string;
  /** Path that the copies are below, a project of Harbor's: `mirror`. @default - none */
  readonly project?: string;
  /**
   * What of an image's own reference is kept: `flat` the repository (`quay.io/metallb/speaker` becomes `metallb/speaker`), `by-registry` its registry too
   * (`quay.io/metallb/speaker`), so that no two images can become one. With `flat`, two that would are an error.
   * @default 'flat'
   */
  readonly layout?: 'flat' | 'by-registry';
  /**
   * Paths of the copies of single registries, in place of project and layout: `{ 'docker.io': 'hub', 'quay.io': 'quay' }`, as projects that are proxy
   * caches have it. Once it is given, a registry that isn't in it needs `project`.
   * @default - none
   */
  readonly projects?: Readonly<Record<string, string>>;
  /** What it speaks. @default 'https' */
  readonly scheme?: 'https' | 'http';
  /** Whether its certificate is of a private authority, which the nodes must be told of. @default true with https */
  readonly privateAuthority?: boolean;
  /**
   * How pulls are authenticated. `nodes`: each node holds a credential, which serves all of its pods. `none`: anybody may pull. A Secret: each ServiceAccount of the
   * platform names it, and with them their pods.
   * @default 'nodes'
   */
  readonly pullCredentials?: 'nodes' | 'none' | PullSecret;
}

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;
const PATH = /^[a-z0-9]+([._/-]+[a-z0-9]+)*$/;
const MIRROR = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._/-][a-z0-9]+)*)?$/;

/** Where the copies of images are, and how nodes get to them. */
export class RegistryMirror {
  /** With the port where it has one. */
  readonly host: string;
  /** What all copies' references begin with: the host, with the project where there is one for all. */
  readonly base: string;
  readonly scheme: 'https' | 'http';
  readonly privateAuthority: boolean;
  readonly pullCredentials: 'nodes' | 'none' | PullSecret;

  private constructor(
    private readonly path: string,
    private readonly props: RegistryMirrorProps,
  ) {
    const { host, project, projects, scheme = 'https' } = props;
    this.host = host;
    this.base = project === undefined || projects ? host : `${host}/${project}`;
    this.scheme = scheme;
    this.privateAuthority = props.privateAuthority ?? scheme === 'https';
    this.pullCredentials = props.pullCredentials ?? 'nodes';
  }

  /**
   * @param path of the construct that it was given to
   * @throws where something of it is malformed
   */
  static from(path: string, given: string | RegistryMirrorProps): RegistryMirror {
    if (typeof given === 'string') {
      if (!MIRROR.test(given)) {
        fail(
          path,
          `registryMirror must be host[:port][/path] without a scheme, got ${show(given)}; write it as "registry.lab.example:5000"`,
        );
      }
      const slash = given.indexOf('/');
      return new RegistryMirror(
        path,
        slash < 0 ? { host: given } : { host: given.slice(0, slash), project: given.slice(slash + 1) },
      );
    }
    const { host, project, layout, projects = {}, scheme, privateAuthority, pullCredentials } = given;
    if (!HOST.test(host)) {
      fail(
        path,
        `registryMirror.host must be a host with at most a port, got ${show(host)}; write it as "registry.lab.example:5000", and what follows as project`,
      );
    }
    for (const [what, value] of [['project', project] as const, ...Object.entries(projects)]) {
      if (value !== undefined && !PATH.test(value)) {
        const name = what === 'project' ? 'project' : `projects[${show(what)}]`;
        fail(
          path,
          `registryMirror.${name} must be a path of lower-case words, got ${show(value)}; write it as "mirror" or "team/mirror"`,
        );
      }
    }
    if (layout !== undefined && !['flat', 'by-registry'].includes(layout)) {
      fail(path, `registryMirror.layout must be "flat" or "by-registry", got ${show(layout)}; choose one`);
    }
    if (scheme !== undefined && !['https', 'http'].includes(scheme)) {
      fail(path, `registryMirror.scheme must be "https" or "http", got ${show(scheme)}; choose one`);
    }
    if (scheme === 'http' && privateAuthority) {
      fail(path, 'registryMirror.privateAuthority is given, but http has no certificates; leave it out, or use https');
    }
    if (typeof pullCredentials === 'object') {
      checkLabel(path, 'registryMirror.pullCredentials.secret', pullCredentials.secret, 253);
    } else if (pullCredentials !== undefined && !['nodes', 'none'].includes(pullCredentials)) {
      fail(
        path,
        `registryMirror.pullCredentials must be "nodes", "none" or { secret: NAME }, got ${show(pullCredentials)}; choose one`,
      );
    }
    return new RegistryMirror(path, given);
  }

  /** Name of the Secret that pods pull by, where they do. */
  get pullSecret(): string | undefined {
    return typeof this.pullCredentials === 'object' ? this.pullCredentials.secret : undefined;
  }

  /**
   * What takes the place of a registry in references; the registry itself where that is the mirror's: its images are there already.
   *
   * @throws where the mirror has no path for it
   */
  prefix(registry: string): string {
    if (registry === this.host) return registry;
    const { project, projects, layout } = this.props;
    const own = projects && Object.hasOwn(projects, registry) ? projects[registry] : undefined;
    if (own !== undefined) return `${this.host}/${own}`;
    if (projects && project === undefined) {
      fail(
        this.path,
        `registryMirror.projects has no path for ${show(registry)}; add one, or give project for all others`,
      );
    }
    const base = project === undefined ? this.host : `${this.host}/${project}`;
    return layout === 'by-registry' ? `${base}/${registry.replace(':', '-')}` : base;
  }
}
