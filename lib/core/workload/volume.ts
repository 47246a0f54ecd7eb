import { type Size } from 'cdk8s';
import { type ISecret } from '../contracts/credentials';
import * as k8s from '../k8s';
import { quantity } from '../quantity';

/** A volume and where a container finds it; the pod gets each volume that one of its containers mounts. */
export interface Mount {
  /** Path in the container. */
  readonly path: string;
  /** Made by `volume.*`; a name alone stands for the claim template of that name. */
  readonly volume: k8s.Volume;
  /** @default - true for ConfigMaps and Secrets, else false */
  readonly readOnly?: boolean;
  /** A path within the volume. */
  readonly subPath?: string;
  /** Whether what the node mounts below a `hostPath` later is seen too. @default - not */
  readonly propagation?: 'HostToContainer';
}

/** The volumes that systems use. Anything else of the API's `Volume` may stand in their place. */
export const volume = {
  /** Scratch space on the node's disk, or in memory. */
  scratch(name: string, options: { readonly memory?: boolean; readonly limit?: Size } = {}): k8s.Volume {
    return {
      name,
      emptyDir: {
        medium: options.memory ? 'Memory' : undefined,
        sizeLimit: options.limit && k8s.Quantity.fromString(quantity(options.limit)),
      },
    };
  },

  /** The files of a ConfigMap. @param mode file mode, 0o555 for scripts */
  config(name: string, configMap: { readonly name: string }, mode?: number): k8s.Volume {
    return { name, configMap: { name: configMap.name, defaultMode: mode } };
  },

  /** The keys of a Secret as files, all or those named (key to file). */
  secret(name: string, secret: Pick<ISecret, 'name'>, items?: Readonly<Record<string, string>>): k8s.Volume {
    return {
      name,
      secret: {
        secretName: secret.name,
        defaultMode: 0o440,
        items: items && Object.entries(items).map(([key, path]) => ({ key, path })),
      },
    };
  },

  /** A PersistentVolumeClaim that exists, or that another object of the stage makes. */
  claim(name: string, claimName: string): k8s.Volume {
    return { name, persistentVolumeClaim: { claimName } };
  },

  /** The claim template of this name in the same StatefulSet. */
  template(name: string): k8s.Volume {
    return { name };
  },
};
