import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject } from '../cluster';
import { parseName } from '../images/names';
import { ADD_ON_IMAGES } from '../machine/addons';
import { asOperator, attemptAsOperator, MIRROR_LOG } from '../machine/mirror';
import { SANDBOX_IMAGE } from '../machine/node';
import { restartProcess } from '../machine/processes';
import { imagesOf, platformFolder } from '../platforms';
import { until } from '../shell';
import { PLANE } from '../training/images';
import { FOLDER, LivePlatform, manifests } from './support/platform';

const { cluster } = new LivePlatform();
const { nodes, platform, mirror } = cluster.state;
if (!mirror) throw new Error(`the images of ${platform} come from no mirror; this needs a platform whose do`);
const { base, authority, saved } = mirror;
const script = join(FOLDER, 'mirror.sh');
/** As `onprem-ml images lock` found them: by name and digest, as containerd names what kubelet asks for. */
const images = imagesOf(FOLDER).map(nameOf);

interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly containerStatuses?: readonly Status[];
    readonly initContainerStatuses?: readonly Status[];
  };
}

interface Status {
  readonly imageID: string;
  readonly state: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

describe('the nodes', () => {
  it('what runs on them is an image of the mirror, of the digest that the lock has', async () => {
    const ran = await pulled();
    expect(ran.length).toBeGreaterThan(20);
    expect(ran.map(({ image }) => image).filter((image) => !images.includes(image))).toEqual([]);
  });

  it('nothing but the sandbox, the add-ons of the bench and the image of trainings was there before', async () => {
    const { repository, tag, digest } = parseName(PLANE);
    const before = [SANDBOX_IMAGE, ...ADD_ON_IMAGES, `${repository}:${tag}`, `${repository}@${digest}`];
    for (const { name } of nodes) {
      const other = (await imagesOn(name)).filter((image) => !before.includes(image) && !images.includes(image));
      expect({ name, other }).toEqual({ name, other: [] });
    }
  });

  it('each of them pulled each image that it runs, by a login', async () => {
    const log = readFileSync(MIRROR_LOG, 'utf8').split('\n');
    const came = new Set(
      log.flatMap((line) => {
        const [, address, path] = /^(\S+) .*"GET \/v2\/(\S+) HTTP\/[\d.]+" 200 .*"containerd\//.exec(line) ?? [];
        return path === undefined ? [] : [`${address} ${path.replace('/manifests/', '@')}`];
      }),
    );
    const host = base.split('/')[0]!;
    const addresses = new Map(nodes.map(({ name, address }) => [name, address]));
    const missing = (await pulled())
      .map(({ node, image }) => `${addresses.get(node)} ${image.slice(host.length + 1)}`)
      .filter((pull) => !came.has(pull));
    expect(missing).toEqual([]);
  });

  it('one without the credential pulls nothing, and again once it has it', async () => {
    const { name } = nodes.at(-1)!;
    const has = await imagesOn(name);
    const image = images.find((each) => each.startsWith(`${base}/`) && !has.includes(each));
    if (image === undefined) throw new Error(`${name} has all images of the platform`);
    const credential = '/var/lib/kubelet/config.json';
    await cluster.onNode(name, ['mv', credential, `${credential}.away`]);
    await restartProcess(`kubelet-${name}`);
    try {
      await startPod(name, image);
      const refused = await until('the refusal', 120, async () => {
        const { waiting } = (await podStatus())?.state ?? {};
        return /ImagePull/.test(waiting?.reason ?? '') ? waiting!.message : undefined;
      });
      expect(refused).toMatch(/401|authorization failed|no basic auth credentials/i);
    } finally {
      await cluster.onNode(name, ['mv', `${credential}.away`, credential]);
      await restartProcess(`kubelet-${name}`);
      await cluster.kubectl('delete', 'pod', POD, '--grace-period=1', '--ignore-not-found');
    }
    expect(await imagesOn(name)).not.toContain(image);
    await startPod(name, image);
    await until('the image', 120, async () => (await imagesOn(name)).includes(image) || undefined);
    await cluster.kubectl('delete', 'pod', POD, '--grace-period=1');
  });
});

describe('the registry', () => {
  it('refuses who says not who he is', async () => {
    const answer = await attemptAsOperator(['crane', 'manifest', images[0]!], {
      env: { DOCKER_CONFIG: '/nonexistent' },
    });
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain('UNAUTHORIZED');
  });

  it('has all images, says mirror.sh --check, and what is deleted from it comes again by mirror.sh', async () => {
    const places = listed().map(([, , place]) => place!);
    const lost = places[0]!;
    const check = [script, '--check', '--load', saved, '--ca', authority];
    const all = await asOperator(check);
    expect(all.split('\n').filter((line) => line.endsWith(': is there'))).toHaveLength(places.length);

    const digest = await asOperator(['crane', 'digest', `${base}/${lost}`]);
    await asOperator(['crane', 'delete', `${base}/${lost.replace(/:[^:]+$/, '')}@${digest.trim()}`]);
    const found = await attemptAsOperator(check);
    expect({
      code: found.code,
      missing: found.stderr.split('\n').filter((line) => /is missing/.test(line)).length,
    }).toEqual({
      code: 1,
      // Where it is found, and at the end.
      missing: 2,
    });

    const again = await asOperator([script, '--load', saved, '--ca', authority]);
    expect(again.split('\n').filter((line) => / copied in /.test(line))).toEqual([
      expect.stringContaining(` ${lost}: copied in`),
    ]);
    await asOperator(check);
  });
});

it('the manifests are those of dist but for the digests, and the names of Jobs, which go by them', () => {
  // Where a resource says image and version apart, the digest stands in the tag's place.
  const tags = new Map(listed().map(([source, digest]) => [digest, parseName(source!).tag]));
  const [applied, committed] = [FOLDER, platformFolder(platform)].map((folder) => {
    const jobs = manifests(folder).flatMap(({ kind, metadata }) => (kind === 'Job' ? [metadata.name!] : []));
    const names = new Map(jobs.map((name) => [name, name.replace(/-[0-9a-f]{8}$/, '')]));
    // What is brought into the mirror, and to nodes, has other names there: where the library has a digest of upstream's, it is a build of one's own.
    const files = readdirSync(folder).filter((file) => !['mirror.txt', 'preload.sh'].includes(file));
    return files.map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
        .replace(/@sha256:[0-9a-f]{64}/g, '')
        .replace(/sha256:[0-9a-f]{64}/g, (digest) => tags.get(digest) ?? digest)
        .replace(/[\w-]+-[0-9a-f]{8}\b/g, (name) => names.get(name) ?? name);
      return { file, text };
    });
  });
  expect(applied).toEqual(committed);
});

const POD = 'pull';

async function startPod(nodeName: string, image: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace: 'default' },
    // What it would do there is of no account.
    spec: { nodeName, containers: [{ name: POD, image, command: ['/nothing'] }] },
  };
  await cluster.run(['kubectl', 'create', '-f', '-'], { input: JSON.stringify(pod) });
}

async function podStatus(): Promise<Status | undefined> {
  return (await cluster.get<Pod>('pod', POD)).status.containerStatuses?.[0];
}

/** Each image of the platform that containers on real nodes have, by those. */
async function pulled(): Promise<readonly { readonly node: string; readonly image: string }[]> {
  const real = new Set(nodes.map(({ name }) => name));
  const namespaces = new Set(
    manifests().flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name!] : [])),
  );
  const pods = (await cluster.list<Pod>('pods', '-A')).filter(
    ({ metadata, spec }) => namespaces.has(metadata.namespace!) && real.has(spec.nodeName ?? ''),
  );
  const found = pods.flatMap(({ spec, status }) =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
      // Of a container that never began there is none.
      .filter(({ imageID }) => imageID !== '' && !imageID.startsWith(parseName(PLANE).repository))
      .map(({ imageID }) => ({ node: spec.nodeName!, image: imageID })),
  );
  return [...new Map(found.map((each) => [JSON.stringify(each), each])).values()];
}

/** The names of all images that a node's container runtime has. */
async function imagesOn(node: string): Promise<readonly string[]> {
  const names = (await cluster.onNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'ls', '-q'])).split('\n');
  return names.filter((name) => name !== '' && !name.startsWith('sha256:'));
}

/** By its digest alone where it has one. */
function nameOf(reference: string): string {
  const { repository, tag, digest } = parseName(reference);
  return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
}

/** Of each image whence, of which digest, and where below the mirror. */
function listed(): readonly string[][] {
  const lines = readFileSync(join(FOLDER, 'mirror.txt'), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
}
