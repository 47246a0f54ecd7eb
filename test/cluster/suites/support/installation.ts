import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject } from '../../cluster';
import { complaints } from '../../complaints';
import { KEPT } from '../../paths';
import { until } from '../../shell';
import { apply, type Applied, appliedFile } from './apply';
import { plan, titleOf, type Truth, truthsOf } from './gates';
import { changes, objectsOf } from './objects';
import { FOLDER, LivePlatform, manifests } from './platform';
import { proves, type System } from './proves';
import { timing, timingTable } from './timing';
import { type Harmless, warnings } from './warnings';

/** Warnings that an installation sees now and then, and why nothing in the manifests can spare them. */
const HARMLESS: readonly Harmless[] = [
  { about: /^Node /, reason: 'CgroupV1', why: "the machine's kernel: the bench runs where cgroup v1 is all there is" },
  {
    about: /^Pod (kube-system|local-path-storage)\//,
    why: "the cluster's own: its DNS and its storage while they start",
  },
  {
    about: /^Service default\/kubernetes$/,
    reason: 'ClusterIPNotAllocated',
    why: "the API server's own Service, which its allocator may see before the address: within the second in which it starts, before anything is applied",
  },
  {
    about: /^Pod /,
    reason: 'Unhealthy',
    message:
      /^(Startup|Readiness) probe failed: .*(connection refused|context deadline exceeded|Client\.Timeout exceeded)/,
    why: 'kubelet asks at once, and no server listens at once; a later first question would make every start slower',
  },
  {
    about: /^Pod /,
    reason: 'Unhealthy',
    message:
      /^(Readiness|Liveness) probe (failed|errored).*(context deadline exceeded|Client\.Timeout exceeded|timed out after \d+s)/,
    why: 'all processors were busy; that none was started anew for it is shown by another test',
  },
  {
    about: /^Pod (kueue|jobset|kubeflow-trainer)\//,
    reason: 'Unhealthy',
    message: /^Readiness probe failed: .*statuscode: (404|500)/,
    why: 'they make their certificates themselves, and are not well, or have no health endpoint, before these are there',
  },
  {
    about: /^Pod cert-manager\/cert-manager-webhook-/,
    reason: 'Unhealthy',
    message: /^Readiness probe failed: .*statuscode: 500/,
    why: 'it makes its certificate itself once it runs, and says that it is not ready before: later than the first question where processors are busy',
  },
  {
    about: /^Pod /,
    reason: 'Failed',
    message: /^Error: failed to sync (configmap|secret) cache/,
    why: 'kubelet and the API server hear of a new pod one after the other; kubelet asks again',
  },
  {
    about: /^Pod /,
    reason: 'FailedMount',
    message: /failed to sync (configmap|secret) cache|no relationship found between node/,
    why: 'kubelet and the API server hear of a new pod one after the other; kubelet asks again',
  },
  {
    about: /^Pod vault\/vault-/,
    reason: 'Unhealthy',
    message: /^Readiness probe failed: .*statuscode: (474|501|503)/,
    why: 'Vault says that it is not initialized, or sealed, until people have done that, and then that a server has not found the active one yet',
  },
  {
    about: /^Pod gateway\/istiod-/,
    reason: 'Unhealthy',
    message: /^Startup probe failed: .*statuscode: 503/,
    why: 'istiod says so until it has read all that it watches',
  },
  {
    about: /^Pod redis\/(redis|proxy)-/,
    reason: 'Unhealthy',
    message: /^(Startup|Readiness) probe failed: (HTTP probe failed with statuscode: 503)?$/,
    why: 'servers wait for each other to agree on the master, and the proxies for that master',
  },
  {
    about: /^Pod redis\/redis-/,
    reason: 'Unhealthy',
    message: /^(Readiness|Liveness) probe errored .*no running task found/,
    why: 'a sentinel that keeps a processor busy, by a bug of its own, is started again (valkey#4766)',
  },
  {
    about: /^Pod audit\/collector-/,
    reason: 'Unhealthy',
    message: /^Startup probe failed: .*statuscode: 503/,
    why: 'the collector says so until all its parts have begun',
  },
  {
    about: /^Pod dex\//,
    reason: 'FailedMount',
    message: /secret "ldap-(ca|bind)" not found/,
    why: "the directory's Secrets come by hand, and their namespace first",
  },
  {
    about: /^Certificate /,
    reason: 'RequestFailed',
    message: /certificaterequests.cert-manager.io ".*" already exists$/,
    why: "cert-manager's own: it looked again before it had heard of the request that it had just made",
  },
  {
    about: /^Endpoints /,
    reason: 'FailedToCreateEndpoint',
    message: /already exists$/,
    why: "the endpoints controller made them, looked again before it had heard of that, and found its own; Kubernetes' own, which no manifest has a say in",
  },
];

/**
 * Objects in which another manager has set a field by an apply of its own (the authority's certificate): at the first apply afterwards the
 * API server renews the time of ours, and the object's version with it, whatever is applied.
 */
const TOUCHED: ReadonlySet<string> = new Set([
  'MutatingWebhookConfiguration -/cert-manager-webhook',
  'ValidatingWebhookConfiguration -/cert-manager-webhook',
]);

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly lastState?: { readonly terminated?: { readonly exitCode: number } };
}

/** A sentinel that kept a processor busy, by a bug of its own, and was told to end for it, once (valkey#4766): Redis' README says so. */
function isSentinelMended({ name, restartCount, lastState }: ContainerStatus): boolean {
  return name === 'sentinel' && restartCount === 1 && lastState?.terminated?.exitCode === 0;
}

/**
 * Takes a fresh cluster to the whole platform, and looks at how that went: what every platform must be able to do.
 *
 * @param live those whose pods run; the others' seem to
 */
export function installs(systems: readonly System[], live = systems): void {
  const platform = new LivePlatform();
  const { cluster } = platform;
  const files = plan(platform.site);
  const namespaces = new Set(
    manifests().flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name!] : [])),
  );
  let first: Applied;
  let truths: ReadonlyMap<string, readonly Truth[]>;

  describe('the first apply', () => {
    proves(
      systems,
      'A',
      'apply.sh takes a fresh cluster to the whole platform in one run',
      async () => {
        const there = await cluster.list<KubeObject>('namespaces');
        const ours = there.map(({ metadata }) => metadata.name).filter((name) => namespaces.has(name));
        if (ours.length > 0)
          throw new Error(`this needs a fresh cluster, but there are the namespaces ${ours.join(', ')}`);
        first = await apply(cluster, FOLDER);
        expect(complaints(first)).toEqual({ code: 0, stderr: '' });
      },
      900,
    );

    proves(systems, 'A', 'every file is accepted at the first attempt, and applied once', async () => {
      const applied = first.calls.filter((call) => appliedFile(call) !== undefined);
      const refused = applied.filter(({ code }) => code !== 0).map((call) => appliedFile(call));
      expect({ refused, applied: applied.map(appliedFile).sort() }).toEqual({
        refused: [],
        applied: readdirSync(FOLDER)
          .filter((name) => name.endsWith('.yaml'))
          .sort(),
      });
    });

    it('it does nothing else to the cluster than apply files, look and wait', async () => {
      const others = first.calls.filter(
        ({ argv }) =>
          !['apply', 'get', 'wait', 'rollout', 'version'].includes(argv[0]!) &&
          !(argv[0] === 'create' && argv.includes('--dry-run=server')),
      );
      expect(others.map(({ argv }) => argv.join(' '))).toEqual([]);
    });

    proves(systems, 'A', 'each file is applied after those that it needs', async () => {
      const early: string[] = [];
      for (const { name, needs } of files) {
        for (const need of needs) {
          if (callOf(need).ended > callOf(name).began) early.push(`${name} before ${need} was applied`);
        }
      }
      expect(early).toEqual([]);
    });

    proves(systems, 'A', 'no file is applied before what its gates wait for is true in the cluster', async () => {
      truths = await truthsOf(cluster, FOLDER, files, first);
      const early: string[] = [];
      for (const { name, needs } of files) {
        const { began } = callOf(name);
        for (const need of needs) {
          files
            .find((file) => file.name === need)!
            .gates.forEach((gate, i) => {
              const { since, by } = truths.get(need)![i]!;
              if (since > began) early.push(`${name} ${since - began} ms before ${titleOf(gate)} (says the ${by})`);
            });
        }
      }
      expect(early).toEqual([]);
      expect([...truths.values()].flat().length).toBeGreaterThan(20);
    });

    it('is timed', async () => {
      const times = timing(files, first, truths);
      mkdirSync(KEPT, { recursive: true });
      writeFileSync(join(KEPT, `timing-${cluster.state.platform}.json`), JSON.stringify(times, undefined, 2));
      console.log(timingTable(times));
      expect(times.ready - times.critical).toBeLessThan(times.critical);
    });
  });

  describe('afterwards', () => {
    interface Pod extends KubeObject {
      readonly status: {
        readonly phase: string;
        readonly conditions: readonly { readonly type: string; readonly status: string }[];
        readonly containerStatuses?: readonly ContainerStatus[];
        readonly initContainerStatuses?: readonly ContainerStatus[];
      };
    }

    proves(live, 'L', 'every pod is Ready or has done its work, and none had to start twice', async () => {
      const pods = (await cluster.list<Pod>('pods', '-A')).filter(({ metadata }) =>
        namespaces.has(metadata.namespace!),
      );
      const wrong = pods.flatMap(({ metadata, status }) => {
        const ready = status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
        const containers = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
        const restarts = containers
          .filter((container) => !isSentinelMended(container))
          .reduce((sum, { restartCount }) => sum + restartCount, 0);
        const well = (ready || status.phase === 'Succeeded') && restarts === 0;
        return well
          ? []
          : [`${metadata.namespace}/${metadata.name}: ${status.phase}, Ready: ${ready}, ${restarts} restarts`];
      });
      expect(wrong).toEqual([]);
      expect(pods.length).toBeGreaterThan(20);
    });

    proves(systems, 'A', 'no warning was to be seen that the design could spare', async () => {
      expect(await warnings(cluster, HARMLESS)).toEqual([]);
    });

    proves(systems, 'A', 'the API server would accept every file again (--dry-run)', async () => {
      const tried = await cluster.attempt([join(FOLDER, 'apply.sh'), '--dry-run']);
      const accepted = tried.stdout.split('\n').filter((line) => line.includes(' objects would be accepted'));
      expect({ ...complaints(tried), files: accepted.length }).toEqual({ code: 0, stderr: '', files: files.length });
    });

    proves(
      systems,
      'A',
      'a second apply.sh changes no version of any object (TOUCHED: only the time of the last apply)',
      async () => {
        // A controller that looks again meanwhile, and writes a status, says nothing of the apply: then it is tried again.
        for (let attempt = 1, settling: readonly string[] = ['untried']; settling.length > 0; attempt++) {
          const before = await until('the objects at rest', 60, async () => {
            const one = await objectsOf(cluster, FOLDER);
            const two = await objectsOf(cluster, FOLDER);
            return Object.values(changes(one, two)).flat().length === 0 ? two : undefined;
          });
          const second = await apply(cluster, FOLDER);
          const found = changes(before, await objectsOf(cluster, FOLDER));
          ({ settling } = found);
          expect({
            ...complaints(second),
            objects: before.size,
            changed: found.changed,
            touched: found.touched.filter((name) => !TOUCHED.has(name)),
            settling: attempt < 3 ? [] : settling,
          }).toEqual({ code: 0, stderr: '', objects: manifests().length, changed: [], touched: [], settling: [] });
        }
      },
    );
  });

  function callOf(file: string): Applied['calls'][number] {
    const call = first.calls.find((one) => appliedFile(one) === file);
    if (!call) throw new Error(`${file} was not applied`);
    return call;
  }
}
