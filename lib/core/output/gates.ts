import { type ApiObject } from 'cdk8s';
import { type Gate } from '../gate';
import { ASKS } from '../labels';
import { type KubeObject } from '../link/types';

/** A gate in the output: those that stages add, and those that follow from the objects themselves. */
export type OutputGate =
  | Gate
  | ({
      readonly type: 'rollout';
      readonly resource: string;
      readonly namespace: string;
      readonly name: string;
    } & Asking)
  | ({ readonly type: 'job'; readonly namespace: string; readonly name: string } & Asking);

/** A gate that a person may have to open. */
interface Asking {
  /** What to do, with the command. @default - nothing */
  readonly ask?: string;
}

/** What must be true of an object before another file may build on it. */
export function impliedGate(object: KubeObject, construct: ApiObject): OutputGate | undefined {
  const { kind } = object;
  const { name = '', namespace } = object.metadata;
  const ask = object.metadata.annotations?.[ASKS];
  switch (kind) {
    case 'CustomResourceDefinition':
      return { type: 'condition', resource: 'customresourcedefinition', name, condition: 'Established' };
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      return { type: 'rollout', resource: kind.toLowerCase(), namespace: namespace!, name, ask };
    case 'Job':
      return { type: 'job', namespace: namespace!, name, ask };
    case 'Service':
      return (object.spec as { type?: string }).type === 'LoadBalancer'
        ? { type: 'field', resource: 'service', namespace, name, jsonPath: '{.status.loadBalancer.ingress}' }
        : undefined;
    default:
      return customGate(construct, name, namespace);
  }
}

/** The condition that a custom resource's definition names (lib/crds). */
function customGate(construct: ApiObject, name: string, namespace: string | undefined): OutputGate | undefined {
  const definition =
    'definition' in construct
      ? (construct.definition as { plural: string; group: string; readyWhen?: string })
      : undefined;
  if (!definition?.readyWhen) return undefined;
  return {
    type: 'condition',
    resource: `${definition.plural}.${definition.group}`,
    namespace,
    name,
    condition: definition.readyWhen,
  };
}
