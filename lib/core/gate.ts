/**
 * What must be true in the cluster before what needs the stage is applied. Most gates follow from a stage's objects (see output/gates.ts):
 * a CRD established, a rollout complete, a Job done, a custom resource's condition, a load balancer's address.
 */
export type Gate = FieldGate | ConditionGate | AdmissionGate;

/** A field of an object has a value, or any value at all. */
export interface FieldGate {
  readonly type: 'field';
  /** As kubectl names it: `validatingwebhookconfiguration`. */
  readonly resource: string;
  readonly name: string;
  readonly namespace?: string;
  /** kubectl's JSONPath: `{.webhooks[0].clientConfig.caBundle}`. */
  readonly jsonPath: string;
  /** @default - any value that is not empty */
  readonly value?: string;
}

/** A condition of an object is true, of a kind for which that doesn't follow from the object itself. */
export interface ConditionGate {
  readonly type: 'condition';
  /** As kubectl names it: `apiservice`. */
  readonly resource: string;
  readonly name: string;
  readonly namespace?: string;
  readonly condition: string;
}

/**
 * The API server admits an object, which says that a webhook is called, answers and is trusted; "its Deployment is available" does not.
 * The object is only ever sent as a server-side dry run.
 */
export interface AdmissionGate {
  readonly type: 'admission';
  /** What is being waited for, for the progress output: `cert-manager's webhook`. */
  readonly of: string;
  /** Any valid object that the webhook looks at. Its namespace must exist. */
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
  } & Record<string, unknown>;
}
