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
  /** Keys `username` and `password` of the administrator. */
  readonly credentials: ICredentials;
}
