import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { fail } from './errors';
import { type Image } from './image';
import type * as k8s from './k8s';
import { LABEL } from './labels';
import { type CrdObject, type CrdSource, readCrds } from './crd-source';
import { checkLabel } from './names';
import { type ImageUse, type Platform, type PodSecurityLevel } from './platform';
import { platformOf, SYSTEM } from './scope';
import { type IReady, Stage } from './stage';
import { checkPlacement, type Placement } from './workload/placement';

/** Props of every system. */
export interface SystemProps {
  /** Namespace of the system, made by it and used by no other. @default - the system's id */
  readonly namespace?: string;
  /** Whence its custom resource definitions come, where it has some. @default 'included' */
  readonly crds?: CrdSource;
  /**
   * Labels of the nodes that the system's pods run on, its Jobs' too. Pods that serve each node, such as MetalLB's speakers, are on all the
   * same. An illegal label is an error.
   * @default - any node
   * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodeselector
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Taints of nodes that the system's pods run on all the same. What the API server would refuse is an error.
   * @default - none, but for what a system must tolerate
   * @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
   */
  readonly tolerations?: readonly k8s.Toleration[];
}

/** What a system's class says of itself. */
export interface SystemDescription {
  /** Name of the software, as its project writes it in labels: `minio`. */
  readonly name: string;
  /** The version that runs: the tag of its main image. */
  readonly version: string;
  /** What its pods need; anything but `restricted` is explained in the system's README. @default 'restricted' */
  readonly podSecurity?: PodSecurityLevel;
  /** Whether something else makes its namespace: the queue whose jobs run in it. @default false */
  readonly sharesNamespace?: boolean;
}

/** One line of the platform's summary: where people or programs reach a system. */
export interface SummaryEndpoint {
  readonly what: string;
  readonly address: string;
}

/** Something that an operator does by hand: before, or once the platform is applied. */
export interface SummaryInstruction {
  readonly when: 'before' | 'after';
  /** What for, as a sentence; a function's text is taken at synthesis. */
  readonly what: string | (() => string);
  /** The command, where it is one. */
  readonly command?: string;
}

/** A custom resource definition as lib/crds declares them. */
export interface ICrd {
  manifest(): CrdObject;
}

/**
 * One deployable thing, in a namespace of its own. A subclass takes its needs as props typed by contracts, makes its stages with
 * `addStage` and fills them, from identity to monitoring.
 */
export abstract class System extends Construct {
  readonly platform: Platform;
  readonly namespace: string;
  readonly description: SystemDescription;
  /** Where its pods go. */
  readonly placement: Placement;
  private readonly crdSource: CrdSource;
  private readonly summaryEndpoints: SummaryEndpoint[] = [];
  private readonly summaryInstructions: SummaryInstruction[] = [];

  protected constructor(scope: Construct, id: string, description: SystemDescription, props: SystemProps) {
    super(scope, id);
    Object.defineProperty(this, SYSTEM, { value: true });
    this.platform = platformOf(this);
    checkLabel(this.node.path, 'the id of a system', id, 40);
    this.namespace = props.namespace ?? id;
    this.crdSource = props.crds ?? 'included';
    this.description = description;
    this.placement = { nodeSelector: props.nodeSelector, tolerations: props.tolerations };
    checkPlacement(this.node.path, this.placement);
    if (!description.sharesNamespace) {
      this.platform.addNamespace(this, this.namespace, description.podSecurity ?? 'restricted');
    }
  }

  /** Labels that select all of the system's objects: one instance of one software. */
  get labels(): Record<string, string> {
    return { [LABEL.name]: this.description.name, [LABEL.instance]: this.node.id };
  }

  /** Where the system is reached, for the summary. */
  get endpoints(): readonly SummaryEndpoint[] {
    return this.summaryEndpoints;
  }

  /** What an operator does by hand, for the summary. */
  get instructions(): readonly SummaryInstruction[] {
    return this.summaryInstructions;
  }

  /** The reference to run an image by; every image of a system passes here. */
  image(image: Image, use: Omit<ImageUse, 'owner'> = {}): string {
    return this.platform.image(image, { ...use, owner: this });
  }

  /** Says in the platform's summary where the system is reached: `addEndpoint('MLflow', 'https://mlflow.lab.example')`. */
  addEndpoint(what: string, address: string): void {
    this.summaryEndpoints.push({ what, address });
  }

  /** Says in the platform's summary what an operator does by hand. */
  protected addInstruction(instruction: SummaryInstruction): void {
    this.summaryInstructions.push(instruction);
  }

  /**
   * Makes a stage of this system.
   *
   * @param id `install` for the software itself; another word, such as `configure`, becomes part of the file's name
   * @param needs all that must be ready before
   */
  protected addStage(id: string, needs: readonly (IReady | undefined)[] = []): Stage {
    if (id === 'foundation' || id === 'crds')
      fail(this.node.path, `a stage can't be called "${id}"; use addCrds for definitions, another id otherwise`);
    return new Stage(this, id, {
      platform: this.platform,
      file: id === 'install' ? this.node.id : `${this.node.id}-${id}`,
      needs: needs.filter((need) => need !== undefined),
      namespace: this.namespace,
      labels: this.objectLabels,
    });
  }

  /**
   * Makes a stage for objects of this system in a namespace of another: in the same file as one of its own, and applied with it, so that
   * what needs that one needs this too.
   */
  protected addStageBeside(stage: Stage, namespace: string): Stage {
    return new Stage(this, `${stage.node.id}-${namespace}`, {
      platform: this.platform,
      file: stage.file,
      needs: stage.needs,
      namespace,
      labels: this.objectLabels,
    });
  }

  /** Adds custom resource definitions to wave 0, or has them come from where `crds` says. */
  protected addCrds(definitions: readonly ICrd[]): void {
    const own = definitions.map((definition) => definition.manifest());
    const names = own.map(({ metadata }) => metadata.name);
    if (this.crdSource === 'external') {
      for (const name of names) this.platform.addExternal({ kind: 'CustomResourceDefinition', name });
      return;
    }
    const stage = new Stage(this, 'crds', {
      platform: this.platform,
      file: `crds-${this.node.id}`,
      needs: [],
      foundation: true,
      labels: this.objectLabels,
    });
    const crds = this.crdSource === 'included' ? own : readCrds(this.node.path, this.crdSource.directory, names);
    for (const crd of crds) new ApiObject(stage, crd.metadata.name, crd);
  }

  private get objectLabels(): Record<string, string> {
    return {
      ...this.labels,
      [LABEL.version]: this.description.version.replace(/[^\w.-]/g, '-').slice(0, 63),
      [LABEL.partOf]: this.platform.name,
      [LABEL.managedBy]: 'cdk8s-onprem-ml',
    };
  }
}
