/** With PyTorch and images/files/train.py. */
export const PLANE = 'registry.lab.example/training/plane:1.0';
/** Nobody makes it: only nodes that are simulated seem to run it. */
export const LARGE = 'registry.lab.example/training/large:1.0';
