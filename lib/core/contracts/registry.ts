import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

/** What a member of a project may do with its images. */
export type RegistryAccess = 'pull' | 'push' | 'maintain';

export interface RegistryProjectProps {
  /** Whether anybody may pull. @default false */
  readonly public?: boolean;
  /** Most that its images may take, in GiB. @default - no limit */
  readonly quota?: number;
}

/** A part of a registry with members of its own. */
export interface IRegistryProject extends IReady {
  readonly name: string;
  /** What its images' references begin with: `harbor.lab.example/vision`. */
  readonly prefix: string;
  /**
   * Makes an account for a program.
   * @returns credentials with the keys `username`, `password` and `.dockerconfigjson`
   */
  addRobot(name: string, access: RegistryAccess): ICredentials;
  /** Gives a group of the identity provider's a role. */
  allowGroup(group: string, access: RegistryAccess): void;
}

/** Holds container images. */
export interface IRegistry extends IReady {
  /** Host, with the port where it has one, by which nodes and people pull: `harbor.lab.example`. */
  readonly host: string;
  /** Where pods connect to when they use the host. */
  readonly endpoint: IEndpoint;
  /** Where its certificate is of a private authority: its certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
  /**
   * Makes a project.
   * @throws when the name is no project name, or was asked for before
   */
  addProject(name: string, props?: RegistryProjectProps): IRegistryProject;
}
