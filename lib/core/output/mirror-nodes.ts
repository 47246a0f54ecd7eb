import { type RegistryConfiguration } from '../container-runtime';
import { type Platform } from '../platform';
import { type RegistryMirror } from '../registry-mirror';

/** What an operator does so that nodes can pull from the mirror, for the summary; nothing where there is none. */
export function mirrorInstructions(platform: Platform): string[] {
  const { mirror, distribution } = platform;
  if (!mirror) return [];
  const lines = nodeConfiguration(mirror, distribution.runtime.registries, distribution.kubeletRoot);
  return [
    '',
    `All images come from ${mirror.base}. \`./mirror.sh\` copies them there, and \`./mirror.sh --check\` says what is missing.`,
    ...lines,
    ...secretInstructions(platform, mirror),
    ...(platform.mirrorRegistry
      ? [
          '',
          `${mirror.host} is this platform's own. What it needs itself is brought to the nodes before: ` +
            (distribution.runtime.ctr === undefined
              ? `by hand, since ${distribution.title} has no command that imports images; see docs/air-gap.md.`
              : '`./preload.sh --help`.'),
        ]
      : []),
  ];
}

function nodeConfiguration(mirror: RegistryMirror, registries: RegistryConfiguration, kubeletRoot: string): string[] {
  switch (registries.form) {
    case 'hosts.toml':
      return [...hostsToml(mirror, registries.path), ...kubeletCredential(mirror, kubeletRoot)];
    case 'registries.yaml':
      return registriesYaml(mirror, registries);
    case 'cluster':
      return openshift(mirror);
  }
}

function needsConfiguration({ scheme, privateAuthority }: RegistryMirror): boolean {
  return scheme === 'http' || privateAuthority;
}

/**
 * What stands before all tables is of the registry itself, which is asked last, and here alone.
 *
 * @see https://github.com/containerd/containerd/blob/v2.1.4/core/remotes/docker/config/hosts.go (parseHostsFile)
 */
function hostsToml(mirror: RegistryMirror, path: string): string[] {
  const { host, scheme, privateAuthority } = mirror;
  if (!needsConfiguration(mirror)) return [];
  const folder = `${path}/${host}`;
  return block(
    `On each node, ${folder}/hosts.toml, read at each pull where containerd's configuration has config_path = "${path}" for registries` +
      `${privateAuthority ? '; beside it ca.crt, the authority that its certificate is of' : ''}:`,
    'toml',
    [`server = "${scheme}://${host}"`, ...(privateAuthority ? [`ca = "${folder}/ca.crt"`] : [])],
  );
}

function kubeletCredential({ host, pullCredentials }: RegistryMirror, root: string): string[] {
  if (pullCredentials !== 'nodes') return [];
  return block(
    `On each node, ${root}/config.json, of mode 0600: the credential that kubelet pulls by, for all pods. It is read again every five minutes. Not needed where anybody may pull ` +
      "(pullCredentials: 'none'); `docker login`, `crane auth login` and `skopeo login --compat-auth-file` write it in this form:",
    'json',
    [`{ "auths": { "${host}": { "auth": "BASE64 OF USER:PASSWORD" } } }`],
  );
}

function registriesYaml(
  mirror: RegistryMirror,
  { path, services: [server, agent] }: RegistryConfiguration & { readonly form: 'registries.yaml' },
): string[] {
  const { host, scheme, privateAuthority, pullCredentials } = mirror;
  const signsIn = pullCredentials === 'nodes';
  if (!needsConfiguration(mirror) && !signsIn) return [];
  const folder = path.slice(0, path.lastIndexOf('/'));
  return block(
    `On each node, ${path}, of mode 0600, read when the service starts (systemctl restart ${server}, or ${agent})` +
      `${privateAuthority ? '; beside it ca.crt, the authority that its certificate is of' : ''}` +
      `${signsIn ? ". Leave out auth where anybody may pull (pullCredentials: 'none')" : ''}:`,
    'yaml',
    [
      'mirrors:',
      `  "${host}":`,
      `    endpoint: ["${scheme}://${host}"]`,
      ...(privateAuthority || signsIn ? ['configs:', `  "${host}":`] : []),
      ...(signsIn ? ['    auth: { username: USER, password: PASSWORD }'] : []),
      ...(privateAuthority ? [`    tls: { ca_file: ${folder}/ca.crt }`] : []),
    ],
  );
}

function openshift({ host, scheme, privateAuthority, pullCredentials }: RegistryMirror): string[] {
  const key = host.replace(':', '..');
  const commands = [
    ...(privateAuthority
      ? [
          `oc create configmap registry-authority --namespace openshift-config --from-file=${key}=ca.crt`,
          `oc patch image.config.openshift.io/cluster --type merge --patch '{"spec":{"additionalTrustedCA":{"name":"registry-authority"}}}'`,
        ]
      : []),
    ...(scheme === 'http'
      ? [
          `oc patch image.config.openshift.io/cluster --type merge --patch '{"spec":{"registrySources":{"insecureRegistries":["${host}"]}}}'`,
        ]
      : []),
    ...(pullCredentials === 'nodes'
      ? [
          'oc extract secret/pull-secret --namespace openshift-config --to=.',
          `oc registry login --registry ${host} --auth-basic USER:PASSWORD --to .dockerconfigjson`,
          'oc set data secret/pull-secret --namespace openshift-config --from-file=.dockerconfigjson',
        ]
      : []),
  ];
  return commands.length === 0
    ? []
    : block(
        'The nodes learn of the registry by objects of the cluster, and restart one after another:',
        'sh',
        commands,
      );
}

function secretInstructions({ namespaces: own, externals }: Platform, { pullSecret }: RegistryMirror): string[] {
  if (pullSecret === undefined) return [];
  const others = externals
    .filter(({ kind, name }) => kind === 'Secret' && name === pullSecret)
    .flatMap(({ namespace }) => namespace ?? []);
  const namespaces = [...new Set([...own.map(({ name }) => name), ...others])].sort();
  return block(
    `The Secret ${pullSecret}, out of a config.json with the mirror's credential, in each namespace, which wave 0 makes:`,
    'sh',
    [
      'kubectl apply --server-side --field-manager=cdk8s-onprem-ml -f 00-foundation.k8s.yaml',
      `for namespace in ${namespaces.join(' ')}; do`,
      `  kubectl create secret generic ${pullSecret} --namespace "$namespace" \\`,
      '    --type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=config.json',
      'done',
    ],
  );
}

function block(what: string, language: string, lines: readonly string[]): string[] {
  return ['', what, '', `\`\`\`${language}`, ...lines, '```'];
}
