import { chmodSync, mkdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Platform, Site } from '../../../lib';
import { imageLayout, imageStores, isSimulated } from '../images';
import { CACHE, REPOSITORY, SCRATCH } from '../paths';
import {
  hasDirectory,
  imagesOf,
  isMirrored,
  platformFolder,
  type PlatformName,
  platformOf,
  PLATFORMS,
  savedImages,
} from '../platforms';
import { buildPrograms, program, programVersion } from '../programs/programs';
import { run, until } from '../shell';
import { PLANE } from '../training/images';
import { type MirrorState, type NodeState, readState, writeState } from '../state';
import { ADD_ON_IMAGES, addOnsReady, applyAddOns, applyRights } from './addons';
import { CLIENT_ADDRESS, CONTROL_PLANE, CONTROL_PLANE_ADDRESS, LOGS, RESOLV_CONF, SYSTEM_PATH } from './constants';
import { apiServerReady, startApiServer, startControllers } from './control-plane';
import { startDirectory } from './directory';
import { startDns } from './dns';
import { type Janitor } from './janitor';
import { kubectl } from './kubectl';
import { fillMirror, furnishNode, mirroredFolder, mirrorState, prepareMirror, startMirror } from './mirror';
import { checkNetworks, connect } from './network';
import { CONTAINERD_SOCKET, finishNode, folderOf, SANDBOX_IMAGE, startContainerRuntime, startKubelet } from './node';
import { kubeconfig, makeCertificates } from './pki';
import { type Plan, plan, type PlannedNode } from './plan';
import { enter } from './processes';
import { simulatedNode, startKwok } from './simulated';
import { applyStandIns } from './stand-ins';

/** The site of the example platform. */
export const DEFAULT_SITE = join(REPOSITORY, 'blueprints/sites/dgx-lab.yaml');

export const DEFAULT_PLATFORM: PlatformName = 'experiment-tracking';

export type Tell = (line: string) => void;

export interface UpOptions {
  /** What its suites apply. @default DEFAULT_PLATFORM */
  readonly platform?: PlatformName;
  /** Without any node: API server, controllers, scheduler, and kwok for nodes that a suite makes. @default false */
  readonly empty?: boolean;
  /** The site file that nodes and storage classes are made from. @default DEFAULT_SITE */
  readonly site?: string;
  /** Images to be there besides those of the example platform. @default - none */
  readonly images?: readonly string[];
  /** Hears what is being done. */
  readonly tell: Tell;
}

/** Builds what isn't built, and starts a cluster that the janitor keeps. */
export async function up(janitor: Janitor, options: UpOptions): Promise<void> {
  const { platform = DEFAULT_PLATFORM, empty = false, site: file = DEFAULT_SITE, images = [], tell } = options;
  const site = Site.fromFile(file);
  checkNetworks(site);
  const nodes = empty ? { real: [], simulated: [] } : plan(site);
  const made = await build(images, tell);
  const mirror = !empty && isMirrored(platform) ? mirrorState(platformOf(platform, site), made.saved!) : undefined;
  const holder = await janitor.hold(program('holder'));
  await start(
    holder,
    { platform, site, file: resolve(file), nodes, mirror, store: mirror ? made.bare! : made.store },
    tell,
  );
}

/** What nodes and registries are filled from. */
export interface Images {
  /** An image store with all that a node may need. */
  readonly store: string;
  /** One for nodes that pull what a platform needs, and the folder that their registry is filled from, where a platform is so. */
  readonly bare?: string;
  readonly saved?: string;
}

/** Builds the programs and the images, as far as they aren't. */
export async function build(images: readonly string[], tell: Tell): Promise<Images> {
  await buildPrograms(tell);
  const mirrored = PLATFORMS.filter(isMirrored);
  const preloaded = PLATFORMS.filter((name) => !isMirrored(name)).flatMap((name) => imagesOf(platformFolder(name)));
  const always = [SANDBOX_IMAGE, ...ADD_ON_IMAGES, PLANE, ...images];
  const all = [...always, ...preloaded.filter((name) => !isSimulated(name))];
  const [store, bare] = await imageStores(mirrored.length > 0 ? [all, always] : [all], tell);
  const saved = mirrored.length > 0 ? await imageLayout(mirrored.flatMap(savedImages), tell) : undefined;
  return { store: store!, bare, saved };
}

/** A cluster to be started. */
interface Start {
  readonly platform: PlatformName;
  readonly site: Site;
  /** The site's. */
  readonly file: string;
  readonly nodes: Plan;
  readonly mirror?: MirrorState;
  /** What nodes have. */
  readonly store: string;
}

async function start(holder: number, given: Start, tell: Tell): Promise<void> {
  const { platform, site, file, nodes, mirror, store } = given;
  const began = Date.now();
  const done = (what: string) => tell(`${what} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  const { real, simulated } = nodes;
  const names = real.map(({ name }) => name).join(', ');
  tell(
    real.length === 0
      ? 'starting a control plane'
      : `starting a cluster: ${names} with a kubelet, ${simulated.length} more nodes simulated`,
  );
  for (const folder of [LOGS, SCRATCH]) mkdirSync(folder, { recursive: true });
  chmodSync(SCRATCH, 0o1777);
  const certificates = makeCertificates(real);
  writeFileSync(RESOLV_CONF, `nameserver ${CLIENT_ADDRESS}\n`);
  await furnish(holder, 'clients');
  const [controlPlane, ...pids] = await Promise.all(
    [CONTROL_PLANE, ...real.map(({ name }) => name)].map(async (name) => newPlace(holder, name)),
  );
  writeState({
    holder,
    clientAddress: CLIENT_ADDRESS,
    kubeconfig: kubeconfig('admin'),
    path: [program('kubectl'), program('ctr')].map((path) => dirname(path)).join(':'),
    platform,
    folder: mirror ? mirroredFolder(platform) : platformFolder(platform),
    mirror,
    site: file,
    controlPlane: { address: CONTROL_PLANE_ADDRESS, pid: controlPlane! },
    nodes: real.map(({ name, address, podCidr }, i): NodeState => ({
      name,
      address,
      podCidr,
      pid: pids[i]!,
      containerdSocket: CONTAINERD_SOCKET,
    })),
    simulatedNodes: simulated.map(({ name }) => name),
    processes: [],
    ready: false,
  });
  await certificates;
  const credential = mirror && (await prepareMirror(mirror));
  await connect(holder, [{ pid: controlPlane!, address: CONTROL_PLANE_ADDRESS }, ...readState().nodes], site);
  const apiServer = startApiServer().then(apiServerReady);
  const rights = apiServer.then(applyRights);
  const controlPlaneRuns = [
    apiServer.then(() => done('the API server answers')),
    apiServer.then(startControllers),
    rights.then(startKwok),
  ];
  if (real.length === 0) {
    await Promise.all(controlPlaneRuns);
    writeState({ ...readState(), ready: true });
    return;
  }
  const mirrorRuns = mirror && startMirror(mirror).then(async () => fillMirror(platform, site, done));
  await Promise.all([
    ...controlPlaneRuns,
    mirrorRuns,
    startDns(site.domain),
    ...(hasDirectory(platform) ? [startDirectory(tell)] : []),
    apiServer.then(() => applyAddOns(site, Math.min(2, real.length))),
    apiServer.then(() => createNodes(simulated, platformOf(platform, site))),
    Promise.all([apiServer, mirrorRuns]).then(() => applyStandIns(imagesOf(readState().folder).filter(isSimulated))),
    ...real.map(async (node, i) => {
      if (mirror) await furnishNode(pids[i]!, platform, mirror, credential!);
      await startContainerRuntime(node, store);
      await apiServer;
      await startKubelet(node);
      await rights;
      await finishNode(node);
    }),
  ]);
  await kubectl(['wait', 'nodes', '--all', '--for=condition=Ready', '--timeout=100s']);
  done('all nodes are ready');
  await addOnsReady();
  writeState({ ...readState(), ready: true });
  done('DNS and storage are ready');
}

/** A network and mount namespace of its own; the answer is the process that holds it. */
async function newPlace(holder: number, name: string): Promise<number> {
  const sleeper = program('holder');
  const alone = ['unshare', '--net', '--mount', '--propagation', 'private', '--', sleeper];
  const pid = await enter(holder, alone, { PATH: SYSTEM_PATH }, join(LOGS, 'places.log'));
  const isThere = () => readlinkSync(`/proc/${pid}/exe`) === realpathSync(sleeper) || undefined;
  await until(`the place of ${name}`, 60, async () => isThere(), 0.01);
  await furnish(pid, name);
  return pid;
}

async function furnish(pid: number, name: string): Promise<void> {
  const folder = folderOf(name);
  for (const part of ['lib', 'log']) mkdirSync(join(folder, part), { recursive: true });
  const input = readFileSync(join(__dirname, 'place.sh'), 'utf8');
  await run(['nsenter', '-t', String(pid), '-m', '--', 'sh', '-s', CACHE, folder, RESOLV_CONF], { input });
}

async function createNodes(nodes: readonly PlannedNode[], platform: Platform): Promise<void> {
  const version = `v${programVersion('kubelet')}`;
  if (nodes.length > 0) {
    await kubectl(
      ['create', '-f', '-'],
      nodes.map((node) => simulatedNode(node, version, platform.nodeResources(node.pool))),
    );
  }
}
