import { type Bundle } from '../bundle';
import { isBuiltInGroup } from '../kinds';
import { customRefs } from './custom-refs';
import { objectRefs } from './object-refs';
import { podRefs } from './pod-refs';
import { type Ref } from './ref';

export type { Ref } from './ref';

/** Every reference by name in the bundle. Services and their ports are looked at apart. */
export function collectRefs(bundle: Bundle): Ref[] {
  const refs: Ref[] = [];
  const add = (ref: Ref): void => void refs.push(ref);
  for (const pod of bundle.pods) podRefs(pod, add);
  for (const entry of bundle.entries) {
    objectRefs(entry, add);
    if (!isBuiltInGroup(entry.group)) customRefs(entry, add, bundle.issuerNamespace);
  }
  return refs;
}
