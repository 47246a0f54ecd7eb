import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrainingCluster } from '../../blueprints';
import { LAB } from '../../blueprints/lab';
import { App } from '../../lib/core/app';
import { type IRegistry } from '../../lib/core/contracts';
import { image } from '../../lib/core/image';
import { formatLock, ImageLock } from '../../lib/core/image-lock';
import { linked } from '../../lib/core/output/linked';
import { mirrorList } from '../../lib/core/output/images';
import { preloadScript } from '../../lib/core/output/preload-script';
import { summary } from '../../lib/core/output/summary';
import { type Platform, type PlatformProps } from '../../lib/core/platform';
import { type RegistryMirrorProps } from '../../lib/core/registry-mirror';
import { type Stage } from '../../lib/core/stage';
import { ConfigFiles } from '../../lib/core/workload';
import { Site } from '../../lib/site';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

const HARBOR = { host: 'harbor.lab.example', project: 'mirror' } satisfies RegistryMirrorProps;

/** A system that runs these images. */
function runs(platform: Platform, id: string, ...references: string[]): Demo {
  const demo = new Demo(platform, id);
  references.forEach((reference, i) =>
    demo.deployment(`web-${i}`, { containers: [container({ image: image(reference) })] }),
  );
  return demo;
}
const used = (registryMirror: RegistryMirrorProps | string, ...references: string[]) => {
  const platform = testPlatform({ registryMirror });
  runs(platform, 'demo', ...references);
  return [...platform.images.keys()];
};

describe('the mirror', () => {
  const SPEAKER = 'quay.io/metallb/speaker:v1';

  test.each<[RegistryMirrorProps | string, string]>([
    ['harbor.lab.example/mirror', 'harbor.lab.example/mirror/metallb/speaker:v1'],
    [HARBOR, 'harbor.lab.example/mirror/metallb/speaker:v1'],
    [{ host: 'harbor.lab.example:8443' }, 'harbor.lab.example:8443/metallb/speaker:v1'],
    [{ ...HARBOR, layout: 'by-registry' }, 'harbor.lab.example/mirror/quay.io/metallb/speaker:v1'],
    [{ host: 'h.example', projects: { 'quay.io': 'quay/all' } }, 'h.example/quay/all/metallb/speaker:v1'],
    [{ ...HARBOR, projects: { 'docker.io': 'hub' } }, 'harbor.lab.example/mirror/metallb/speaker:v1'],
  ])('%j is in the references', (registryMirror, reference) => {
    expect(used(registryMirror, SPEAKER)).toEqual([reference]);
  });

  test('a port is no part of a path', () => {
    expect(used({ ...HARBOR, layout: 'by-registry' }, 'build.example:5000/x:v1')).toEqual([
      'harbor.lab.example/mirror/build.example-5000/x:v1',
    ]);
  });

  test('an image of its own registry is where it is', () => {
    expect(used(HARBOR, 'harbor.lab.example/vision/resnet:1.4')).toEqual(['harbor.lab.example/vision/resnet:1.4']);
  });

  test('the list has places below what all copies have in common', () => {
    const platform = testPlatform({ registryMirror: { ...HARBOR, projects: { 'quay.io': 'quay' } } });
    runs(platform, 'demo', SPEAKER, 'ghcr.io/x/y:v2');
    expect(mirrorList(platform).split('\n').slice(1, -1)).toEqual([
      'ghcr.io/x/y:v2 - mirror/x/y:v2 demo',
      'quay.io/metallb/speaker:v1 - quay/metallb/speaker:v1 demo',
    ]);
  });

  test('two images that would become one are an error, but not by registry', () => {
    const both = ['quay.io/library/redis:7', 'docker.io/library/redis:7'];
    const platform = testPlatform({ registryMirror: HARBOR });
    runs(platform, 'demo', ...both);
    expect(platform.node.validate()).toContain(
      'lab: registryMirror: quay.io/library/redis:7 and docker.io/library/redis:7 would both be harbor.lab.example/mirror/library/redis:7; use the layout "by-registry"',
    );
    expect(used({ ...HARBOR, layout: 'by-registry' }, ...both)).toHaveLength(2);
  });

  test('one tag with two digests is an error too', () => {
    const platform = testPlatform({ registryMirror: HARBOR });
    runs(platform, 'demo', `${SPEAKER}@sha256:${'a'.repeat(64)}`, `${SPEAKER}@sha256:${'b'.repeat(64)}`);
    expect(platform.node.validate().join()).toMatch(/would both be harbor.*speaker:v1; give both the same digest/);
  });

  test.each<[RegistryMirrorProps, string]>([
    [{ host: 'https://h.example' }, 'registryMirror.host must be a host with at most a port, got "https://h.example"'],
    [{ host: 'h.example/x' }, 'registryMirror.host must be a host with at most a port, got "h.example/x"'],
    [{ ...HARBOR, project: '/x' }, 'registryMirror.project must be a path of lower-case words, got "/x"'],
    [{ ...HARBOR, projects: { 'quay.io': 'Quay' } }, 'registryMirror.projects["quay.io"] must be a path of lower-case'],
    [{ ...HARBOR, layout: 'nested' as 'flat' }, 'registryMirror.layout must be "flat" or "by-registry", got "nested"'],
    [{ ...HARBOR, scheme: 'ftp' as 'http' }, 'registryMirror.scheme must be "https" or "http", got "ftp"'],
    [
      { ...HARBOR, scheme: 'http', privateAuthority: true },
      'registryMirror.privateAuthority is given, but http has no',
    ],
    [{ ...HARBOR, pullCredentials: 'node' as 'nodes' }, 'registryMirror.pullCredentials must be "nodes", "none" or'],
    [{ ...HARBOR, pullCredentials: { secret: 'A B' } }, 'registryMirror.pullCredentials.secret must be of lower-case'],
  ])('%j is refused', (registryMirror, message) => {
    expect(() => testPlatform({ registryMirror })).toThrow(`lab: ${message}`);
  });

  test('a registry without a path is refused when it is used', () => {
    expect(() => used({ host: 'h.example', projects: { 'docker.io': 'hub' } }, SPEAKER)).toThrow(
      'lab: registryMirror.projects has no path for "quay.io"; add one, or give project for all others',
    );
  });
});

describe('another registry’s name', () => {
  function leak(text: string): string[] {
    const platform = testPlatform({
      registryMirror: { ...HARBOR, layout: 'by-registry' },
      images: { 'ghcr.io/own/build': 'build.lab.example/own:v1' },
    });
    const { stage } = runs(platform, 'demo', 'quay.io/a/b:v1', 'ghcr.io/own/build:v1');
    new ConfigFiles(stage, 'config', { 'settings.yaml': text });
    return findingsOf(platform);
  }

  test.each(['registry: quay.io', 'image=quay.io/a/b', 'see https://nvcr.io/nvidia', '"docker.io"', 'from gcr.io.'])(
    'is found in %j',
    (text) => {
      expect(leak(text)).toEqual([
        expect.stringMatching(
          /^lab\/demo\/install\/config\/config-map: data\["settings.yaml"\] .* names the registry [a-z.]+, though all images come from the mirror/,
        ),
      ]);
    },
  );

  test.each([
    'harbor.lab.example/mirror/quay.io/a/b',
    'build.lab.example/own',
    'https://registry-1.docker.io.example',
    'quay.iota',
  ])('is not what %j says', (text) => {
    expect(leak(text)).toEqual([]);
  });

  test('is nowhere in the training cluster', () => {
    const lab = new TrainingCluster(new App({ outdir: '/nonexistent' }), 'lab', {
      site: Site.fromFile('blueprints/sites/dgx-lab.yaml'),
      ...LAB,
      registryMirror: { ...HARBOR, pullCredentials: { secret: 'registry-pull' } },
    });
    expect(findingsOf(lab)).toEqual([]);
    const text = JSON.stringify(objectsOf(lab).filter(({ kind }) => kind !== 'CustomResourceDefinition'));
    expect(text).not.toMatch(/(quay|ghcr|nvcr|docker|gcr|k8s)\.io\/[a-z0-9-]+\/[a-z0-9-]+:/);
    // Every ServiceAccount has the Secret, and operators are told of it whose pods have others.
    const accounts = objectsOf(lab).filter(({ kind }) => kind === 'ServiceAccount');
    for (const account of accounts) expect(account.imagePullSecrets).toEqual([{ name: 'registry-pull' }]);
    const policy = objectOf<{ spec: Record<string, { imagePullSecrets?: string[] }> }>(lab, 'ClusterPolicy', /./);
    expect(policy.spec.devicePlugin.imagePullSecrets).toEqual(['registry-pull']);
    const nic = objectOf<{ spec: Record<string, { imagePullSecrets?: string[] }> }>(lab, 'NicClusterPolicy', /./);
    expect(nic.spec.rdmaSharedDevicePlugin.imagePullSecrets).toEqual(['registry-pull']);
  });
});

describe('a blueprint whole', () => {
  const training = (props: Partial<PlatformProps>) =>
    new TrainingCluster(new App({ outdir: '/nonexistent' }), 'lab', {
      site: Site.fromFile('blueprints/sites/dgx-lab.yaml'),
      ...LAB,
      ...props,
    });

  test.each(['k3s', 'rke2'] as const)('names no other registry on other hardware, with %s', (distribution) => {
    const lab = new TrainingCluster(new App({ outdir: '/nonexistent' }), 'lab', {
      site: Site.fromFile('blueprints/sites/workstations.yaml'),
      distribution,
      registryMirror: { ...HARBOR, layout: 'by-registry' },
    });
    expect(findingsOf(lab)).toEqual([]);
    expect([...lab.images.values()].every(({ mirrored }) => mirrored)).toBe(true);
  });

  test('is pinned by a lock, but for tags that operators make of parts', () => {
    const unlocked = mirrorList(training({})).split('\n').slice(1, -1);
    const sources = unlocked.map((line) => line.split(' ')[0]!).filter((source) => !source.includes('@'));
    const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const lock = formatLock('all', new Map(sources.map((source) => [source, digest(source)])));
    const lab = training({ imageLock: ImageLock.fromText(lock), registryMirror: HARBOR });
    expect(lab.node.validate()).toEqual([]);
    const references = [...lab.images.keys()];
    expect(references.filter((reference) => !reference.includes('@'))).toEqual([
      expect.stringMatching(/^harbor\.lab\.example\/mirror\/nvidia\/driver:.*-ubuntu24\.04$/),
    ]);
    const policy = objectOf<{ spec: { devicePlugin: { version: string } } }>(lab, 'ClusterPolicy', /./);
    expect(policy.spec.devicePlugin.version).toMatch(/^sha256:/);
    // All of them are copied by their digest.
    expect(
      mirrorList(lab)
        .split('\n')
        .slice(1, -1)
        .filter((line) => line.split(' ')[1] === '-'),
    ).toEqual([]);
  });
});

describe('pull credentials', () => {
  const secret: RegistryMirrorProps = { ...HARBOR, pullCredentials: { secret: 'registry-pull' } };

  test('a Secret is on each ServiceAccount, and pods stay as they are', () => {
    const [without, having] = [HARBOR, secret].map((registryMirror) => {
      const platform = testPlatform({ registryMirror });
      runs(platform, 'demo', 'quay.io/a/b:v1');
      return platform;
    });
    expect(objectOf(having!, 'ServiceAccount', 'web-0').imagePullSecrets).toEqual([{ name: 'registry-pull' }]);
    expect(objectOf(having!, 'ServiceAccount', 'default', 'demo').imagePullSecrets).toEqual([
      { name: 'registry-pull' },
    ]);
    expect(objectOf(having!, 'Deployment', 'web-0')).toEqual(objectOf(without!, 'Deployment', 'web-0'));
    expect(objectsOf(without!).some(({ metadata }) => metadata.name === 'default')).toBe(false);
    expect(findingsOf(having!)).toEqual([]);
    expect(having!.externals.filter(({ kind }) => kind === 'Secret')).toEqual([
      { kind: 'Secret', namespace: 'demo', name: 'registry-pull', keys: ['.dockerconfigjson'] },
    ]);
  });

  test('the summary says how to make it', () => {
    const platform = testPlatform({ registryMirror: secret });
    runs(platform, 'demo', 'quay.io/a/b:v1');
    runs(platform, 'other', 'quay.io/a/b:v1');
    const text = summary(linked(platform).bundle);
    expect(text).toContain(
      [
        'kubectl apply --server-side --field-manager=cdk8s-onprem-ml -f 00-foundation.k8s.yaml',
        'for namespace in demo other; do',
        '  kubectl create secret generic registry-pull --namespace "$namespace" \\',
        '    --type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=config.json',
        'done',
      ].join('\n'),
    );
    expect(text).not.toContain('BASE64 OF USER:PASSWORD');
  });
});

describe('what nodes are told', () => {
  const told = (registryMirror: RegistryMirrorProps | string, distribution?: Platform['distribution']['name']) => {
    const platform = testPlatform({ registryMirror, distribution });
    runs(platform, 'demo', 'quay.io/a/b:v1');
    return summary(linked(platform).bundle).split('## Before')[1]!.split('## After')[0]!;
  };

  test('kubeadm: hosts.toml with the authority, and kubelet’s credential', () => {
    const text = told({ ...HARBOR, host: 'harbor.lab.example:8443' });
    expect(text).toContain(
      [
        'server = "https://harbor.lab.example:8443"',
        'ca = "/etc/containerd/certs.d/harbor.lab.example:8443/ca.crt"',
      ].join('\n'),
    );
    expect(text).toContain('/var/lib/kubelet/config.json');
    expect(text).toContain('{ "auths": { "harbor.lab.example:8443": { "auth": "BASE64 OF USER:PASSWORD" } } }');
  });

  test.each([
    ['k3s', 'systemctl restart k3s, or k3s-agent'],
    ['rke2', 'systemctl restart rke2-server, or rke2-agent'],
  ] as const)('%s: registries.yaml', (name, restart) => {
    expect(told(HARBOR, name)).toContain(restart);
    expect(told(HARBOR, name)).toContain(
      [
        'mirrors:',
        '  "harbor.lab.example":',
        '    endpoint: ["https://harbor.lab.example"]',
        'configs:',
        '  "harbor.lab.example":',
        '    auth: { username: USER, password: PASSWORD }',
        `    tls: { ca_file: /etc/rancher/${name}/ca.crt }`,
      ].join('\n'),
    );
  });

  test('OpenShift: objects of the cluster', () => {
    expect(told({ ...HARBOR, host: 'h.example:5000' }, 'openshift')).toContain('--from-file=h.example..5000=ca.crt');
  });

  test('no more than is needed', () => {
    const open = { ...HARBOR, privateAuthority: false, pullCredentials: 'none' as const };
    for (const name of ['kubeadm', 'k3s', 'openshift'] as const) expect(told(open, name)).not.toContain('```');
    expect(told({ host: 'h.example:5000', scheme: 'http', pullCredentials: 'none' })).not.toContain('ca = ');
  });
});

/** What a registry of the platform's own is to the mirror. */
function registry(host: string, readyAfter: readonly Stage[], way: readonly Stage[]): IRegistry {
  const endpoint = { host, port: 443, readyAfter: way, allow: () => ({ peer: 'anywhere' as const, ports: [] }) };
  return {
    host,
    readyAfter,
    endpoint,
    authority: () => undefined,
    addProject: () => {
      throw new Error('not asked');
    },
  };
}

describe('a mirror that the platform serves itself', () => {
  const DIGEST = `sha256:${createHash('sha256').update('x').digest('hex')}`;

  /** A registry that needs a database, behind a gateway; and something that needs the registry. */
  function make(distribution?: Platform['distribution']['name']): Platform {
    const platform = testPlatform({ registryMirror: HARBOR, distribution });
    const database = runs(platform, 'database', 'quay.io/db/db:v1');
    const harbor = new Demo(platform, 'harbor', [database.stage]);
    harbor.deployment('core', { containers: [container({ image: image(`docker.io/goharbor/core:v2@${DIGEST}`) })] });
    const gateway = runs(platform, 'gateway', 'docker.io/library/haproxy:3');
    const user = new Demo(platform, 'user', [harbor.stage]);
    user.deployment('app', { containers: [container({ image: image('ghcr.io/app/app:v9') })] });
    platform.serveMirrorBy(registry('harbor.lab.example', [harbor.stage], [gateway.stage]));
    return platform;
  }

  test('has what it needs itself in preload.sh, and nothing else', () => {
    const script = preloadScript(make())!;
    expect(/<<'TEXT'\n(docker[^]*?)\nTEXT/.exec(script)![1]!.split('\n')).toEqual(
      [
        'docker.io/library/haproxy:3 - harbor.lab.example/mirror/library/haproxy:3',
        `docker.io/goharbor/core:v2 ${DIGEST} harbor.lab.example/mirror/goharbor/core:v2@${DIGEST}`,
        'quay.io/db/db:v1 - harbor.lab.example/mirror/db/db:v1',
      ].sort(),
    );
    expect(script).toContain('${CTR:-ctr --address /run/containerd/containerd.sock}');
    expect(preloadScript(make('rke2'))).toContain(
      '${CTR:-/var/lib/rancher/rke2/bin/ctr --address /run/k3s/containerd/containerd.sock}',
    );
  });

  test('has none where nodes have no ctr, or the mirror is elsewhere', () => {
    expect(preloadScript(make('openshift'))).toBeUndefined();
    expect(preloadScript(testPlatform({ registryMirror: HARBOR }))).toBeUndefined();
    expect(summary(linked(make('openshift')).bundle)).toContain('by hand, since OpenShift has no command');
  });

  test('is refused where it is another host’s', () => {
    expect(() => testPlatform().serveMirrorBy(registry('h.example', [], []))).toThrow(
      'lab: "h.example" is to serve the mirror, but there is none; give registryMirror',
    );
    expect(() => testPlatform({ registryMirror: HARBOR }).serveMirrorBy(registry('h.example', [], []))).toThrow(
      'lab: "h.example" is to serve the mirror, but registryMirror is at "harbor.lab.example"; give both the same host',
    );
  });

  describe('preload.sh', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'preload-'))));
    afterEach(() => rmSync(folder, { recursive: true }));

    const run = (...args: string[]) =>
      spawnSync('sh', [join(folder, 'preload.sh'), ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, CTR: join(folder, 'ctr') },
      });
    const put = (content: string) => {
      const hex = createHash('sha256').update(content).digest('hex');
      mkdirSync(join(folder, 'usb/blobs/sha256'), { recursive: true });
      writeFileSync(join(folder, 'usb/blobs/sha256', hex), content);
      return hex;
    };

    test('packs the images by the names that kubelet asks for, and pins them on a node', () => {
      const layer = put('a layer');
      const manifest = put(
        JSON.stringify({ schemaVersion: 2, layers: [{ mediaType: 'x', digest: `sha256:${layer}` }] }),
      );
      const other = put('of another image');
      const platform = testPlatform({ registryMirror: HARBOR });
      const harbor = runs(platform, 'harbor', `docker.io/goharbor/core:v2@sha256:${manifest}`, 'quay.io/db/db:v1');
      platform.serveMirrorBy(registry('harbor.lab.example', [harbor.stage], []));
      writeFileSync(join(folder, 'preload.sh'), preloadScript(platform)!);
      writeFileSync(join(folder, 'usb/saved.txt'), `docker.io/goharbor/core:v2 sha256:${manifest}\n`);
      const lacking = run('--load', 'usb', '--pack', 'preload.tar');
      expect(lacking.status).toBe(1);
      expect(lacking.stderr).toBe("preload.sh: quay.io/db/db:v1 isn't in the folder; run mirror.sh --save again\n");

      writeFileSync(
        join(folder, 'usb/saved.txt'),
        `docker.io/goharbor/core:v2 sha256:${manifest}\nquay.io/db/db:v1 sha256:${manifest}\n`,
      );
      expect(run('--load', 'usb', '--pack', 'preload.tar')).toMatchObject({ status: 0, stderr: '' });
      mkdirSync(join(folder, 'node'));
      spawnSync('tar', ['-xf', join(folder, 'preload.tar'), '-C', join(folder, 'node')]);
      const index = JSON.parse(readFileSync(join(folder, 'node/index.json'), 'utf8')) as {
        manifests: { annotations: Record<string, string> }[];
      };
      const names = index.manifests.map(({ annotations }) => annotations['io.containerd.image.name']);
      expect(names.sort()).toEqual([
        'harbor.lab.example/mirror/db/db:v1',
        'harbor.lab.example/mirror/goharbor/core:v2',
        `harbor.lab.example/mirror/goharbor/core@sha256:${manifest}`,
      ]);
      const packed = spawnSync('ls', [join(folder, 'node/blobs/sha256')], { encoding: 'utf8' }).stdout;
      expect(packed.trim().split('\n').sort()).toEqual([layer, manifest].sort());
      expect(packed).not.toContain(other);

      writeFileSync(
        join(folder, 'ctr'),
        `#!/bin/sh\necho "$*" >> ${folder}/log\ncase "$*" in *'ls -q') cat ${folder}/names ;; esac\n`,
        { mode: 0o755 },
      );
      writeFileSync(join(folder, 'names'), `${names.join('\n')}\n`);
      expect(run('--import', 'preload.tar')).toMatchObject({ status: 0, stdout: '2 images are on this node\n' });
      expect(readFileSync(join(folder, 'log'), 'utf8').trim().split('\n')).toEqual([
        '--namespace k8s.io images import preload.tar',
        '--namespace k8s.io images ls -q',
        `--namespace k8s.io images label harbor.lab.example/mirror/goharbor/core@sha256:${manifest} io.cri-containerd.pinned=pinned`,
        '--namespace k8s.io images label harbor.lab.example/mirror/db/db:v1 io.cri-containerd.pinned=pinned',
      ]);
      writeFileSync(join(folder, 'names'), `${names[0]}\n`);
      expect(run('--import', 'preload.tar')).toMatchObject({
        status: 1,
        stderr: `preload.sh: not in the archive: harbor.lab.example/mirror/goharbor/core@sha256:${manifest}\n`,
      });

      writeFileSync(join(folder, 'usb/blobs/sha256', layer), 'another layer');
      expect(run('--load', 'usb', '--pack', 'preload.tar').stderr).toContain(
        'docker.io/goharbor/core:v2 is broken in the folder; run mirror.sh --save again',
      );
    });
  });
});
