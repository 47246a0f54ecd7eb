import { type IEndpoint } from '../network';
import { type IReady } from '../stage';
import { type ICredentials } from './credentials';

/** Records runs, their parameters, metrics, models and artifacts, by MLflow's API. */
export interface IExperimentTracking extends IReady {
  readonly endpoint: IEndpoint;
  /** The tracking URI within the cluster: `http://mlflow.mlflow.svc.cluster.local:5000`. */
  readonly trackingUri: string;
  /** The URL from outside, where there is a gateway. */
  readonly externalUrl?: string;
  /** Keys `username` and `password`: the administrator's, or a team's. */
  readonly credentials: ICredentials;
  /** Workspace that programs name, as `MLFLOW_WORKSPACE`, where the credentials are a team's. @default - the server has no workspaces, or the default one */
  readonly workspace?: string;
}

/** A tracking server that keeps teams apart. */
export interface ITeamTracking extends IExperimentTracking {
  /**
   * Makes a place for a team's runs and models: people of the group are let in by their sign-in, programs by the credentials that are
   * returned, and nobody else.
   * @throws when the name or the group is another team's, or the server has nobody sign in
   */
  addTeam(name: string, props: { readonly group: string }): IExperimentTracking;
}
