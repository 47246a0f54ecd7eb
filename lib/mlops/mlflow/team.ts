import {
  checkLabel,
  fail,
  type ICredentials,
  type IEndpoint,
  type IExperimentTracking,
  type Stage,
  show,
} from '../../core';

/** What programs of a team get: the server, a user of the team's own, and the workspace in which its runs are. */
export class MLflowTeam implements IExperimentTracking {
  readonly endpoint: IEndpoint;
  readonly trackingUri: string;
  readonly externalUrl?: string;
  readonly readyAfter: readonly Stage[];

  constructor(
    server: IExperimentTracking,
    /** Name of its workspace. */
    readonly workspace: string,
    readonly group: string,
    /** Keys `username` and `password`. */
    readonly credentials: ICredentials,
  ) {
    this.endpoint = server.endpoint;
    this.trackingUri = server.trackingUri;
    this.externalUrl = server.externalUrl;
    this.readyAfter = server.readyAfter;
  }

  /** User of the team's programs. */
  get program(): string {
    return programOf(this.workspace);
  }

  /** What its variables begin with, where the workspaces are made. */
  get prefix(): string {
    return `TEAM_${this.workspace.toUpperCase().replaceAll('-', '_')}_`;
  }
}

/** No workspace, but a part of URLs. @see mlflow 3.17 mlflow/store/workspace/abstract_store.py WorkspaceNameValidator */
const RESERVED = ['default', 'workspaces', 'api', 'ajax-api', 'static-files'];

export function programOf(team: string): string {
  return `team-${team}`;
}

/** @throws when the name can't be a workspace's, or the name or the group is another's already */
export function checkTeam(path: string, name: string, group: string, teams: readonly MLflowTeam[]): void {
  checkLabel(path, "a team's name", name, 40);
  if (name.length < 2 || RESERVED.includes(name)) {
    fail(path, `a team can't be called ${show(name)}, since its workspace can't; choose another name`);
  }
  if (typeof group !== 'string' || group.trim() !== group || group === '' || group.includes(',')) {
    fail(
      path,
      `team ${show(name)} needs a group without commas, got ${show(group)}; name one of the identity provider's`,
    );
  }
  for (const other of teams) {
    if (other.workspace === name) fail(path, `team ${show(name)} is there already; pass on what addTeam returned then`);
    if (other.group === group) {
      fail(
        path,
        `group ${show(group)} is that of team ${show(other.workspace)} already; give team ${show(name)} one of its own`,
      );
    }
  }
}
