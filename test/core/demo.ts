import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import { image } from '../../lib/core/image';
import { type IReady, type Stage } from '../../lib/core/stage';
import { type SummaryInstruction, System, type SystemProps } from '../../lib/core/system';
import { type ContainerProps, Deployment, type DeploymentProps } from '../../lib/core/workload';

export const demoImage = image('registry.example/demo:v1');

/** A container with nothing but what is required. */
export function container(props: Partial<ContainerProps> = {}): ContainerProps {
  return { name: 'main', image: demoImage, resources: { cpu: 0.1, memory: Size.mebibytes(64) }, ...props };
}

/** A system with one stage and, when asked, one Deployment. */
export class Demo extends System {
  readonly stage: Stage;

  constructor(scope: Construct, id: string, needs: readonly IReady[] = [], props: SystemProps = {}) {
    super(scope, id, { name: 'demo', version: 'v1' }, props);
    this.stage = this.addStage('install', needs);
  }

  deployment(id = 'web', props: Partial<DeploymentProps> = {}): Deployment {
    return new Deployment(this.stage, id, { containers: [container()], ...props });
  }

  instruct(instruction: SummaryInstruction): void {
    this.addInstruction(instruction);
  }

  override addStage(id: string, needs?: readonly (IReady | undefined)[]): Stage {
    return super.addStage(id, needs);
  }
}
