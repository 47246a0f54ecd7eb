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
  /** The label, of value `true`, of nodes that have a PCI device of this vendor: 4 hexadecimal digits, such as `10de`, NVIDIA's. */
  pciLabel(vendor: string): string;
  /**
   * Adds a rule of one's own.
   *
   * @param stage the consumer's, of the same platform
   * @param name unique among all rules: the name of its NodeFeatureRule
   * @throws when the name is taken, a label is illegal, or nothing is matched
   */
  addRule(stage: Stage, name: string, props: NodeFeatureRuleProps): void;
}
