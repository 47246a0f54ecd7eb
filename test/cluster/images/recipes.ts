import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programVersion } from '../programs/programs';
import { layerDirectory } from './build';
import { files, from, type Layer, type PackagesLayer } from './layer';
import {
  BASE,
  CURL,
  ENVOY,
  ENVOY_VERSION,
  HAPROXY,
  HTPASSWD,
  MICRO,
  MLFLOW,
  MLFLOW_REQUIREMENTS,
  POSTGRES,
  PYTHON,
  PYTORCH,
  STATIC,
  VALKEY,
} from './layers';
import { parseName } from './names';

/** How an image starts, in the words of the OCI image configuration. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
}

export interface Recipe {
  /** What the image is about. */
  readonly product: string;
  /** The version that is in it. */
  readonly version: () => string;
  /** Where that comes from. */
  readonly source: string;
  /** What else is not as upstream's image has it. */
  readonly remark?: string;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

/** The last parts of a repository's name, whatever registry or mirror it is on. Everything but the files is upstream's. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  haproxy: {
    ...debian('HAProxy', HAPROXY, 'haproxy'),
    layers: [BASE, HAPROXY, script('/usr/local/bin/docker-entrypoint.sh', 'haproxy.sh')],
    config: {
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['haproxy', '-f', '/usr/local/etc/haproxy/haproxy.cfg'],
      User: 'haproxy',
      WorkingDir: '/var/lib/haproxy',
      StopSignal: 'SIGUSR1',
    },
  },
  postgres: {
    ...debian('PostgreSQL', POSTGRES, 'postgresql-17'),
    layers: [BASE, POSTGRES, script('/usr/local/bin/docker-entrypoint.sh', 'postgres.sh')],
    config: {
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      Env: [path('/usr/lib/postgresql/17/bin'), 'LANG=en_US.utf8', 'PG_MAJOR=17', 'PGDATA=/var/lib/postgresql/data'],
      StopSignal: 'SIGINT',
    },
  },
  'mlflow/mlflow': {
    product: 'MLflow',
    version: () => /^mlflow==(.*)$/m.exec(MLFLOW_REQUIREMENTS)![1]!,
    source: 'PyPI',
    remark: 'with Python 3.13 and the extras db and auth for Python 3.11 and all extras',
    layers: [BASE, PYTHON, MLFLOW],
    config: { Cmd: ['python3'], WorkingDir: '/' },
  },
  'minio/minio': {
    ...built('MinIO', 'minio'),
    layers: [
      BASE,
      MICRO,
      files({ '/usr/bin/minio': from.program('minio'), '/usr/bin/mc': from.program('mc') }),
      script('/usr/bin/docker-entrypoint.sh', 'minio.sh'),
    ],
    config: {
      Entrypoint: ['/usr/bin/docker-entrypoint.sh'],
      Cmd: ['minio'],
      Env: [
        path(),
        'MINIO_ACCESS_KEY_FILE=access_key',
        'MINIO_SECRET_KEY_FILE=secret_key',
        'MINIO_ROOT_USER_FILE=access_key',
        'MINIO_ROOT_PASSWORD_FILE=secret_key',
        'MINIO_KMS_SECRET_KEY_FILE=kms_master_key',
        'MINIO_CONFIG_ENV_FILE=config.env',
        'MC_CONFIG_DIR=/tmp/.mc',
      ],
    },
  },
  'minio/mc': {
    ...built('mc', 'mc'),
    layers: [BASE, MICRO, files({ '/usr/bin/mc': from.program('mc') })],
    config: { Entrypoint: ['mc'] },
  },
  'curl/curl': {
    ...debian('curl', CURL, 'curl'),
    layers: [BASE, CURL, script('/entrypoint.sh', 'curl.sh')],
    config: {
      Entrypoint: ['/entrypoint.sh'],
      Cmd: ['curl'],
      Env: [path(), 'CURL_CA_BUNDLE=/cacert.pem'],
      User: 'curl_user',
      WorkingDir: '/home/curl_user',
    },
  },
  'hashicorp/vault': {
    ...built('Vault', 'vault'),
    remark: "with busybox' tools, and those of its plugins that our platform uses",
    layers: [BASE, CURL, files({ '/usr/bin/vault': from.program('vault') })],
    config: { Entrypoint: ['vault'], Cmd: ['server', '-dev'], WorkingDir: '/' },
  },
  'external-secrets/external-secrets': {
    ...built('External Secrets', 'external-secrets'),
    remark: "for Vault alone, with a later version's sign of life at its webhook",
    layers: [STATIC, files({ '/bin/external-secrets': from.program('external-secrets') })],
    config: { Entrypoint: ['/bin/external-secrets'], User: '65534' },
  },
  'dexidp/dex': {
    ...built('Dex', 'dex'),
    remark: 'without gomplate, for directories alone',
    layers: [BASE, files({ '/usr/local/bin/dex': from.program('dex'), '/etc/dex': from.directory() })],
    config: { Cmd: ['dex', 'serve', '/etc/dex/config.docker.yaml'], User: '1001:1001', WorkingDir: '/' },
  },
  'valkey/valkey': {
    ...debian('Valkey', VALKEY, 'valkey-server'),
    layers: [BASE, VALKEY],
    config: { Cmd: ['valkey-server'], WorkingDir: '/data' },
  },
  'goharbor/prepare': {
    ...debian('htpasswd', HTPASSWD, 'apache2-utils'),
    remark: "the tools that make keys and passwords, without Harbor's own program",
    layers: [BASE, HTPASSWD],
    config: { WorkingDir: '/' },
  },
  'oauth2-proxy/oauth2-proxy': {
    ...built('oauth2-proxy', 'oauth2-proxy'),
    layers: [BASE, files({ '/bin/oauth2-proxy': from.program('oauth2-proxy') })],
    config: { Entrypoint: ['/bin/oauth2-proxy'], User: '65532:65532' },
  },
  'jetstack/cert-manager-controller': certManager('controller'),
  'jetstack/cert-manager-webhook': certManager('webhook'),
  'jetstack/cert-manager-cainjector': certManager('cainjector'),
  'metallb/controller': metallb('controller'),
  'metallb/speaker': metallb('speaker'),
  'kueue/kueue': manager('Kueue', 'kueue-manager'),
  'jobset/jobset': manager('JobSet', 'jobset-manager'),
  'trainer/trainer-controller-manager': manager('Kubeflow Trainer', 'trainer-manager'),
  'nfd/node-feature-discovery': {
    ...built('Node Feature Discovery', 'nfd-master'),
    layers: [
      BASE,
      files(
        Object.fromEntries(
          ['nfd-master', 'nfd-worker', 'nfd-gc'].map((name) => [`/usr/bin/${name}`, from.program(name)]),
        ),
      ),
    ],
    config: { Cmd: ['bash'], User: '65534:65534', Env: [path(), 'GRPC_GO_LOG_SEVERITY_LEVEL=INFO'] },
  },
  'release/pilot': {
    ...built('Istio', 'pilot-discovery'),
    layers: [STATIC, files({ '/usr/local/bin/pilot-discovery': from.program('pilot-discovery') })],
    config: { Entrypoint: ['/usr/local/bin/pilot-discovery'], User: '1337:1337' },
  },
  'release/proxyv2': {
    ...built('Istio', 'pilot-agent'),
    remark: `with Envoy ${ENVOY_VERSION} from PyPI, without Istio's extensions to it: they count requests, and tell proxies of each other`,
    layers: [
      BASE,
      ENVOY,
      files({
        '/usr/local/bin/pilot-agent': from.program('pilot-agent'),
        '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json': from.program('envoy-bootstrap.json', 0o644),
      }),
    ],
    config: {
      Entrypoint: ['/usr/local/bin/pilot-agent'],
      User: '65532',
      WorkingDir: '/',
      Env: [path(), `ISTIO_META_ISTIO_PROXY_SHA=envoy:${ENVOY_VERSION}`],
    },
  },
  'otel/opentelemetry-collector-contrib': {
    ...built('OpenTelemetry Collector', 'otelcol-contrib'),
    remark:
      'with the parts alone that our platform uses, of which the webhook receiver is 0.156.0 and the S3 exporter 0.158.0',
    layers: [STATIC, files({ '/otelcol-contrib': from.program('otelcol-contrib') })],
    config: {
      Entrypoint: ['/otelcol-contrib'],
      Cmd: ['--config', '/etc/otelcol-contrib/config.yaml'],
      User: '10001:10001',
    },
  },
  'training/plane': {
    ...debian('PyTorch', PYTORCH, 'python3-torch'),
    layers: [BASE, PYTHON, MLFLOW, PYTORCH, script('/app/train.py', 'train.py')],
    config: { Cmd: ['python3'], WorkingDir: '/app' },
  },
  pause: {
    ...built('the pause program of the bench', 'pause'),
    layers: [files({ '/pause': from.program('pause') })],
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
  },
  coredns: {
    ...built('CoreDNS', 'coredns'),
    layers: [STATIC, files({ '/coredns': from.program('coredns') })],
    config: { Entrypoint: ['/coredns'], User: 'nonroot:nonroot', WorkingDir: '/' },
  },
  'local-path-provisioner': {
    ...built('local-path-provisioner', 'local-path-provisioner'),
    layers: [BASE, files({ '/usr/bin/local-path-provisioner': from.program('local-path-provisioner') })],
    config: { Entrypoint: ['local-path-provisioner'] },
  },
  python: {
    ...debian('Python', PYTHON, 'python3.13'),
    layers: [BASE, PYTHON],
    config: { Cmd: ['python3'] },
  },
  debian: {
    ...debian('Debian', BASE, 'base-files'),
    layers: [BASE],
    config: { Cmd: ['bash'] },
  },
};

/**
 * Last parts of the repositories of images whose programs no package registry has: drivers, what is written for one maker's devices, and Istio's
 * ztunnel with what leads pods' traffic to it.
 * Their pods are put on simulated nodes, where they seem to run.
 */
const SIMULATED: readonly string[] = [
  'nvidia/gpu-operator',
  'nvidia/driver',
  'nvidia/k8s-device-plugin',
  'nvidia/k8s/container-toolkit',
  'nvidia/k8s/dcgm-exporter',
  'cloud-native/k8s-driver-manager',
  'cloud-native/k8s-mig-manager',
  'cloud-native/network-operator',
  'mellanox/k8s-rdma-shared-dev-plugin',
  'goharbor/harbor-core',
  'goharbor/harbor-jobservice',
  'goharbor/harbor-portal',
  'goharbor/harbor-registryctl',
  'goharbor/registry-photon',
  'goharbor/trivy-adapter-photon',
  'aquasecurity/trivy-db',
  'aquasecurity/trivy-java-db',
  'release/install-cni',
  'release/ztunnel',
];

/** Those of images that nothing starts on the bench: they are for trainings without an image of their own. */
const UNUSED: readonly string[] = ['pytorch/pytorch', 'nvidia/jax', 'trainer/deepspeed-runtime'];

/** Whether the bench only simulates the pods of an image. */
export function isSimulated(name: string): boolean {
  return isOneOf([...SIMULATED, ...UNUSED], name);
}

function isOneOf(tails: readonly string[], name: string): boolean {
  const { repository } = parseName(name);
  return tails.some((tail) => repository.endsWith(`/${tail}`));
}

/** @throws where no recipe is for such an image */
export function recipe(name: string): Recipe {
  const { repository } = parseName(name);
  const parts = repository.split('/');
  for (let first = 0; first < parts.length; first += 1) {
    const found = RECIPES[parts.slice(first).join('/')];
    if (found) return found;
  }
  throw new Error(`the bench can't make the image ${name}: give test/cluster/images/recipes.ts a recipe for it`);
}

/**
 * What an image really holds, and how that differs from what its name says.
 *
 * @throws where its layers aren't built yet
 */
export function imageFacts(name: string): { readonly bench: string; readonly difference?: string } {
  if (isSimulated(name)) {
    const bench = isOneOf(UNUSED, name)
      ? 'the images for trainings that name none: not started'
      : 'simulated: pods seem to run, nothing does';
    return { bench, difference: bench };
  }
  const { product, version, source, remark } = recipe(name);
  const { tag } = parseName(name);
  const real = version();
  const bench = `${product} ${real} (${source})`;
  const wanted = plain(tag);
  const same = !/\d/.test(wanted) || `${plain(real)}.`.startsWith(`${wanted}.`);
  if (same && !remark) return { bench };
  return { bench, difference: `${bench}${same ? '' : ` for ${wanted}`}${remark ? `, ${remark}` : ''}` };
}

/** `v3.17.0-full` and `17.11-trixie` by their numbers, a `RELEASE.` by its date; other names as they are. */
function plain(version: string): string {
  return /^v?(\d+(?:\.\d+)*)(?:-[a-z].*)?$/.exec(version)?.[1] ?? version.replace(/^RELEASE\./, '');
}

function debian(product: string, layer: PackagesLayer, name: string): Pick<Recipe, 'product' | 'version' | 'source'> {
  // Without the point release: Debian's security updates change it.
  return { product, version: () => packageVersion(layer, name).replace(/\.\d+$/, ''), source: 'Debian 13' };
}

function built(product: string, program: string): Pick<Recipe, 'product' | 'version' | 'source'> {
  return { product, version: () => programVersion(program), source: 'built from source' };
}

function certManager(part: string): Recipe {
  const command = `/app/cmd/${part}/${part}`;
  return {
    ...built('cert-manager', `cert-manager-${part}`),
    layers: [STATIC, files({ [command]: from.program(`cert-manager-${part}`) })],
    config: { Entrypoint: [command], User: '1000' },
  };
}

/** A controller that is all there is in its image. */
function manager(product: string, program: string): Recipe {
  return {
    ...built(product, program),
    layers: [STATIC, files({ '/manager': from.program(program) })],
    config: { Entrypoint: ['/manager'], User: '65532:65532', WorkingDir: '/' },
  };
}

function metallb(part: string): Recipe {
  return {
    ...built('MetalLB', `metallb-${part}`),
    layers: [STATIC, files({ [`/${part}`]: from.program(`metallb-${part}`) })],
    config: { Entrypoint: [`/${part}`] },
  };
}

function script(path: string, file: string): Layer {
  return files({ [path]: from.text(readFileSync(join(__dirname, 'files', file), 'utf8'), 0o755) });
}

function path(...more: readonly string[]): string {
  return `PATH=${['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', ...more].join(':')}`;
}

/** Upstream's part of the version that Debian gave a package of the layer. */
function packageVersion(layer: PackagesLayer, name: string): string {
  const status = join(layerDirectory(layer), 'var/lib/dpkg/status');
  if (!existsSync(status)) throw new Error(`the image layer ${layer.name} is not built`);
  const entry = readFileSync(status, 'utf8')
    .split('\n\n')
    .find((text) => text.startsWith(`Package: ${name}\n`));
  return /^Version: (?:\d+:)?([^-+~\n]+)/m.exec(entry ?? '')?.[1] ?? 'of unknown version';
}
