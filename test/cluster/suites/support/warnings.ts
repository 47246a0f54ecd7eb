import { type Cluster, type KubeObject } from '../../cluster';

interface Event extends KubeObject {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly namespace?: string; readonly name: string };
}

/** A warning that says nothing against the platform. */
export interface Harmless {
  /** `Kind namespace/name` of what it is about. */
  readonly about: RegExp;
  /** @default - any */
  readonly reason?: string;
  /** @default - any */
  readonly message?: RegExp;
  readonly why: string;
}

/** The warnings of a namespace's or the whole cluster's events that nobody has said are harmless. */
export async function warnings(cluster: Cluster, harmless: readonly Harmless[]): Promise<readonly string[]> {
  const events = await cluster.list<Event>('events', '-A', '--field-selector', 'type=Warning');
  return events
    .map(({ involvedObject: { kind, namespace, name }, reason, message }) => ({
      about: `${kind} ${namespace ?? '-'}/${name}`,
      reason,
      message,
    }))
    .filter(
      (event) =>
        !harmless.some(
          ({ about, reason, message }) =>
            about.test(event.about) &&
            (reason ?? event.reason) === event.reason &&
            (message?.test(event.message) ?? true),
        ),
    )
    .map(({ about, reason, message }) => `${about}: ${reason}: ${message}`);
}
