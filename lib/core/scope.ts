import { type IConstruct } from 'constructs';
import { fail } from './errors';
import { type Platform } from './platform';
import { type System } from './system';

/** Marks the class of a construct across copies of this package. Apart from the classes, so that none must import another to find it. */
export const PLATFORM = Symbol.for('cdk8s-onprem-ml.Platform');
export const SYSTEM = Symbol.for('cdk8s-onprem-ml.System');

/** The platform that a construct belongs to. @throws when there is none */
export function platformOf(construct: IConstruct): Platform {
  return (
    (above(construct, PLATFORM) as Platform | undefined) ??
    fail(construct.node.path, 'is not within a Platform; pass a Platform, or a construct of one, as its scope')
  );
}

/** The system that a construct belongs to. @throws when there is none */
export function systemOf(construct: IConstruct): System {
  return (
    enclosingSystem(construct) ??
    fail(construct.node.path, "is not within a System; pass one of a system's stages as its scope")
  );
}

/** The system that a construct belongs to; undefined where it belongs to none. */
export function enclosingSystem(construct: IConstruct): System | undefined {
  return above(construct, SYSTEM) as System | undefined;
}

/**
 * Refuses a consumer of another platform, where no stage's needs would tell.
 *
 * @param provider what is asked, which says `needs` of it
 */
export function checkSamePlatform(consumer: IConstruct, provider: IConstruct): void {
  const [theirs, ours] = [platformOf(consumer), platformOf(provider)];
  if (theirs === ours) return;
  fail(
    consumer.node.path,
    `uses ${provider.node.path} of platform "${ours.name}", but belongs to "${theirs.name}"; ` +
      "make what it needs in its own platform, or describe the other one's with External",
  );
}

function above(construct: IConstruct, symbol: symbol): IConstruct | undefined {
  for (let scope: IConstruct | undefined = construct; scope; scope = scope.node.scope) {
    if (symbol in scope) return scope;
  }
  return undefined;
}
