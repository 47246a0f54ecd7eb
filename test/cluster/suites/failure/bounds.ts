/**
 * What a blow may cost the clients. Seconds are what two cores took that had much else to do, and more: on a machine of its own each takes a third.
 * A client that tries again after an error, as MLflow's and boto3 do unless told not to, sees pauses in place of errors.
 */
export interface Bound {
  /** Longest until a write of each kind that began after the blow has gone through. */
  readonly through: number;
  /**
   * How long after the blow writes may still begin that fail: 0 allows for those that were under way, `until whole` for all until what was
   * hit is ready again and everybody has noticed. @default - none may fail
   */
  readonly breaks?: number | 'until whole';
}

/** Seconds from ready again to noticed: MinIO's servers look for each other's new address, HAProxy tries a server that was down. */
export const NOTICED = 10;

/** Nothing that is written passes through it. */
const BYSTANDER: Bound = { through: 60 };

/**
 * The address is announced by a node with a ready gateway and a live speaker. When it moves, away and back for each that ends and returns, connections
 * break. Between a killed gateway's end and the moment it is noticed, 1 to 3 s, and in a stopping one's last 1 to 15 s, new ones are refused.
 */
const ADDRESS: Bound = { through: 60, breaks: 'until whole' };

/** Measured 6 s after a kill, 9 s after a stop, 19 s after a deletion by force. Objects go on. */
const DATABASE: Bound = { through: 60, breaks: 'until whole' };

/** Requests that the killed server worked on, and those that reach it in the 1 to 3 s until it is noticed. */
const KILLED_SERVER: Bound = { through: 60, breaks: 8 };

/** A store's server that ends is missed by the others until its successor is known to them: requests that need it wait or are refused. */
const STORE: Bound = { through: 60, breaks: 'until whole' };

/** Servers of MLflow stop after the last request: none fails. */
const STOPPED_SERVER: Bound = { through: 60 };

/** Without its control plane everything runs on as it is. */
export const CONTROL_PLANE: Bound = { through: 60 };

/** A drain ends whatever the node has, and what can't run elsewhere comes back when the node is given back: a database, a drive. */
export const DRAINED: Bound = { through: 180, breaks: 'until whole' };

/** By workload: a container is killed, a pod is deleted gracefully, a pod is deleted by force. */
export const BOUNDS: Readonly<
  Record<string, { readonly killed: Bound; readonly stopped: Bound; readonly forced: Bound }>
> = {
  'metallb/controller': { killed: BYSTANDER, stopped: BYSTANDER, forced: BYSTANDER },
  'metallb/speaker': { killed: ADDRESS, stopped: ADDRESS, forced: ADDRESS },
  'cert-manager/cert-manager': { killed: BYSTANDER, stopped: BYSTANDER, forced: BYSTANDER },
  'cert-manager/cert-manager-cainjector': { killed: BYSTANDER, stopped: BYSTANDER, forced: BYSTANDER },
  'cert-manager/cert-manager-webhook': { killed: BYSTANDER, stopped: BYSTANDER, forced: BYSTANDER },
  'gateway/haproxy': { killed: ADDRESS, stopped: ADDRESS, forced: ADDRESS },
  'minio/pool-0': { killed: KILLED_SERVER, stopped: STORE, forced: STORE },
  'postgres/postgres': { killed: DATABASE, stopped: DATABASE, forced: DATABASE },
  'mlflow/server': { killed: KILLED_SERVER, stopped: STOPPED_SERVER, forced: KILLED_SERVER },
};
