// Teams' own, in the registry that is the mirror of the platform's: they are told of with a digest, and no lock has them.

/** With PyTorch and images/files/train.py. Nodes have it. */
export const PLANE = `harbor.dgx-lab.example/training/plane:1.0@sha256:${'1'.repeat(64)}`;
/** Nobody makes it: only nodes that are simulated seem to run it. */
export const LARGE = `harbor.dgx-lab.example/training/large:1.0@sha256:${'2'.repeat(64)}`;
