import { Chart, type ApiObject } from 'cdk8s';
import { type Construct } from 'constructs';
import { fail } from './errors';
import { type Gate } from './gate';
import { type Platform } from './platform';

const STAGE = Symbol.for('cdk8s-onprem-ml.Stage');

/** What can be needed: it is there, and answers, once its stages are applied and their gates passed. */
export interface IReady {
  /** The stages to wait for; empty for what exists before the platform does. */
  readonly readyAfter: readonly Stage[];
}

export interface StageProps {
  readonly platform: Platform;
  /** Name of the file it is written to, without wave and extension: `minio`, `minio-configure`. */
  readonly file: string;
  /** Everything that must be ready before this stage is applied. Nothing can be added later, hence no cycle can be made. */
  readonly needs: readonly IReady[];
  /** @default - objects name their own */
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  /** Before all else, with wave 0: namespaces and custom resource definitions. @default false */
  readonly foundation?: boolean;
}

/**
 * A step of a system that is applied as one: a cdk8s Chart that knows its wave. What a stage needs is given when it is made and
 * already exists then, so the order is computed and free of cycles.
 */
export class Stage extends Chart implements IReady {
  /** Whether it is a Stage; `instanceof` would say so of every cdk8s Chart. */
  static isStage(x: unknown): x is Stage {
    return typeof x === 'object' && x !== null && STAGE in x;
  }

  readonly platform: Platform;
  readonly file: string;
  /** When it is applied: 0 for the foundation, else 1 + the highest wave of what it needs. */
  readonly wave: number;
  /** The stages whose gates have passed when it is applied. */
  readonly needs: readonly Stage[];
  readonly readyAfter: readonly Stage[] = [this];
  private readonly extraGates: Gate[] = [];

  constructor(scope: Construct, id: string, props: StageProps) {
    super(scope, id, { namespace: props.namespace, labels: props.labels, disableResourceNameHashes: true });
    Object.defineProperty(this, STAGE, { value: true });
    this.platform = props.platform;
    this.file = props.file;
    this.needs = [...new Set(props.needs.flatMap((need) => need.readyAfter))];
    const foreign = this.needs.find((stage) => stage.platform !== props.platform);
    if (foreign) {
      fail(
        this.node.path,
        `needs ${foreign.node.path} of platform "${foreign.platform.name}", but belongs to "${props.platform.name}"; ` +
          `make what it needs in its own platform, or describe the other one's with External`,
      );
    }
    this.wave = props.foundation ? 0 : 1 + Math.max(0, ...this.needs.map((stage) => stage.wave));
    props.platform.register(this);
  }

  /** Whether the other one's gates have passed when this one is applied. */
  comesAfter(other: Stage): boolean {
    return this.needs.some((need) => need === other || (need.wave > other.wave && need.comesAfter(other)));
  }

  /** Adds what must be true in the cluster, beyond what the stage's own objects imply, before what needs the stage is applied. */
  addGate(gate: Gate): void {
    this.extraGates.push(gate);
  }

  get gates(): readonly Gate[] {
    return this.extraGates;
  }

  /** Objects without a name of their own are called by their id: the names in the cluster are those in the code. */
  override generateObjectName(object: ApiObject): string {
    return Stage.isStage(object.node.scope) ? object.node.id : object.node.scope!.node.id;
  }
}
