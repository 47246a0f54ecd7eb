import { type IReady, type Stage } from '../stage';

/** How a value is compared: `In` and the like with the values, `Exists`, `DoesNotExist`, `IsTrue` and `IsFalse` without. */
export interface NodeFeatureExpression {
  readonly op:
    | 'In'
    | 'NotIn'
    | 'InRegexp'
    | 'Exists'
    | 'DoesNotExist'
    | 'Gt'
    | 'Ge'
    | 'Lt'
    | 'Le'
    | 'GtLt'
    | 'GeLe'
    | 'IsTrue'
    | 'IsFalse';
  readonly value?: readonly string[];
}

/** Something that a node has: `{ feature: 'pci.device', expressions: { vendor: { op: 'In', value: ['10de'] } } }`. */
export interface NodeFeatureMatch {
  /** Such as `pci.device`, `kernel.loadedmodule`, `cpu.cpuid`, `system.osrelease`. */
  readonly feature: string;
  readonly expressions: Readonly<Record<string, NodeFeatureExpression>>;
}

export interface NodeFeatureRuleProps {
  /** Labels that a node gets to which all of `matches` apply, and loses as soon as one doesn't. */
  readonly labels: Readonly<Record<string, string>>;
  /** What a node must have, all of it. */
  readonly matches: readonly NodeFeatureMatch[];
}

/** Labels nodes by what they have. */
export interface INodeFeatures extends IReady {
  /**
   * A label that nodes get by themselves: `kernel-version.full` is `feature.node.kubernetes.io/kernel-version.full`.
   * @throws when it isn't published as things are configured
   */
  label(name: string): string;
  /**
   * The label, of value `true`, of nodes that have a PCI device of this vendor: 4 hexadecimal digits, such as `10de`, NVIDIA's.
   * @param deviceClass which classes of its devices must count, by their first digits: `03` for displays and 3D controllers
   * @throws when it isn't published as things are configured
   */
  pciLabel(vendor: string, deviceClass?: string): string;
  /**
   * Adds a rule of one's own.
   *
   * @param stage the consumer's, of the same platform
   * @param name unique among all rules: the name of its NodeFeatureRule
   * @throws when the name is taken, a label is illegal, or nothing is matched
   */
  addRule(stage: Stage, name: string, props: NodeFeatureRuleProps): void;
}
