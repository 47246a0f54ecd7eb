import { Cluster } from '../cluster';

/** kubectl's standard output, with objects to apply on its standard input. */
export async function kubectl(args: readonly string[], objects?: readonly object[]): Promise<string> {
  const input = objects && JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  return new Cluster().run(['kubectl', ...args], { input, timeout: 120 });
}
