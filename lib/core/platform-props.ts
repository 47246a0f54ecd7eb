import { type IConstruct } from 'constructs';
import { type Site } from '../site';
import { type DistributionName } from './distribution';
import { type Image } from './image';
import { type ImageLock } from './image-lock';
import { type RegistryMirrorProps } from './registry-mirror';

export interface PlatformProps {
  /** What is in the racks. */
  readonly site: Site;
  /** The Kubernetes that runs there. @default 'kubeadm' */
  readonly distribution?: DistributionName;
  /**
   * Its version, `1.35` or `1.35.6`. Systems refuse one that theirs isn't made for.
   * @default - the distribution's: 1.35, Tanzu's 1.33
   */
  readonly kubernetesVersion?: string;
  /**
   * Registry that holds all images, with a port and a path where it has them: `registry.lab.example:5000/mirror`, or an object that says more of it. It replaces the
   * registry in every reference, those in custom resources and ConfigMaps too; an image that is in it already is left as it is.
   * @default - images come from their own registries
   */
  readonly registryMirror?: string | RegistryMirrorProps;
  /**
   * Digests of the images' tags, or the file that holds them: each reference is then `tag@digest`. An image that isn't in it is an error. Images with a digest of
   * their own keep theirs.
   * @default - tags as they are
   */
  readonly imageLock?: string | ImageLock;
  /**
   * Other builds of images, by the repository they stand in for: `{ 'quay.io/minio/minio': 'registry.lab.example/minio:2026.1' }`. Taken as
   * they are; the mirror doesn't apply to them. One whose name is below the mirror's is brought there by mirror.sh, which is told by `--instead` where it is.
   * @default - the systems' own
   */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * Refuses every volume whose storage class the site doesn't say is `encrypted`, one of the cluster's default class too.
   * @default false
   */
  readonly requireEncryptedVolumes?: boolean;
}

/** An image that the platform's pods, or controllers on their behalf, run. */
export interface UsedImage {
  /** What is run: the system's own image, or what takes its place; with its digest where that is known. */
  readonly image: Image;
  /** The reference in the manifests. */
  readonly reference: string;
  /** Whether it comes from the mirror. What takes an image's place, and what is in the mirror's registry anyway, is taken from where it is. */
  readonly mirrored: boolean;
  /** Whether it takes the place of the system's own image. */
  readonly replaces: boolean;
  /** Whether the digest is the lock's. */
  readonly locked: boolean;
  /** Paths of the systems that run it. */
  readonly owners: ReadonlySet<string>;
}

/** How an image is asked for. */
export interface ImageUse {
  /** Who runs it. */
  readonly owner?: IConstruct;
  /** A controller makes the tag of parts, so that no digest can stand beside it. @default false */
  readonly composedTag?: boolean;
}

/** An object that the output refers to and that is in the cluster already. Name `*` stands for any. */
export interface ExternalObject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Keys of a Secret or ConfigMap. @default - not known, any may be used */
  readonly keys?: readonly string[];
}

/** A file for nodes, which the output has in its folder `nodes`. */
export interface NodeFile {
  /** Lower-case letters, digits and dashes, with the extension yaml or sh; or README.md. */
  readonly name: string;
  readonly text: string;
  readonly mode?: number;
}

/** A namespace that the platform makes. */
export interface PlatformNamespace {
  readonly name: string;
  /** What asked for it: a system, a queue, a training. */
  readonly owner: IConstruct;
  /** Whether that is a system, which has it for itself. */
  readonly isSystem: boolean;
  readonly podSecurity: PodSecurityLevel;
  /** Adds a label by which webhooks, policies or a mesh select it. */
  addLabel(name: string, value: string): void;
}

/** The Pod Security Standard that a namespace enforces. @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodSecurityLevel = 'restricted' | 'baseline' | 'privileged';
