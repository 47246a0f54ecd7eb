import {
  change,
  changes,
  isTree,
  leaves,
  replace,
  tail,
  title,
  valueAt,
  without,
  WORKLOADS,
  type MutantClass,
} from '../mutant';

const changed = (value: unknown): string[] => [`${String(value)}-x`];
const LITERAL = 'hunter2-Tr0ub4dor';

/** Images, secrets and rights. */
export const SECURITY: readonly MutantClass[] = [
  changes('image changed', ({ path, value }, { kind }) => {
    if (!WORKLOADS.has(kind) || tail(path)[0] !== 'image' || typeof value !== 'string') return undefined;
    const name = value.replace(/@.*$/, '').replace(/:[^/:]+$/, '');
    return [`${value}x`, `${name}:latest`, name, `registry.example/${name}:1`];
  }),
  {
    name: 'password written into the environment or arguments',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) =>
        [...leaves(entry.object)].flatMap(({ path, value }) => {
          if (!WORKLOADS.has(entry.object.kind) || !isContainer(path) || !isTree(value)) return [];
          const env = Array.isArray(value.env) ? value.env : [];
          const args = Array.isArray(value.args) ? value.args : [];
          return [
            change(bundle, index, [...path, 'env'], [...env, { name: 'DB_PASSWORD', value: LITERAL }]),
            change(
              bundle,
              index,
              [...path, 'env'],
              [...env, { name: 'DSN', value: `postgresql://app:${LITERAL}@db.example:5432/app` }],
            ),
            change(
              bundle,
              index,
              [...path, 'env'],
              [...env, { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' }],
            ),
            change(bundle, index, [...path, 'args'], [...args, `--admin-password=${LITERAL}`]),
          ];
        }),
      ),
  },
  {
    name: 'reference to a Secret replaced by its value',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) =>
        [...leaves(entry.object)].flatMap(({ path, value }) => {
          const [last] = tail(path);
          if (last !== 'env' || !isTree(value) || valueAt(value, ['valueFrom', 'secretKeyRef']) === undefined)
            return [];
          // A user's name is no secret.
          if (!/PASS|SECRET|TOKEN|KEY/i.test(String(value.name)) || /_FILE$/.test(String(value.name))) return [];
          return [change(bundle, index, path, { name: value.name, value: LITERAL })];
        }),
      ),
  },
  {
    name: 'secret written into a ConfigMap or Secret',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) => {
        const { object } = entry;
        if (object.kind !== 'ConfigMap' && object.kind !== 'Secret') return [];
        const files = isTree(object.data) ? Object.keys(object.data) : [];
        const lines = [
          `password: ${LITERAL}\n`,
          `admin_token = "${LITERAL}"\n`,
          '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n',
        ];
        return [
          change(bundle, index, [object.kind === 'Secret' ? 'stringData' : 'data'], {
            ...Object(object.data),
            password: LITERAL,
          }),
          ...files.flatMap((file) =>
            lines.map((line) =>
              change(bundle, index, ['data', file], `${String(valueAt(object.data, [file]))}\n${line}`),
            ),
          ),
        ];
      }),
  },
  changes('role renamed where it is bound', ({ path, value }, { kind }) =>
    kind.endsWith('RoleBinding') && path[0] === 'roleRef' && path[1] === 'name' ? changed(value) : undefined,
  ),
  changes('subject of a binding changed', ({ path, value }, { kind }) => {
    const [last] = tail(path);
    return kind.endsWith('RoleBinding') && path[0] === 'subjects' && (last === 'name' || last === 'namespace')
      ? changed(value)
      : undefined;
  }),
  {
    name: 'role or binding taken out',
    mutants: (bundle) =>
      bundle.flatMap(({ object }, i) => {
        if (!/^(Cluster)?Role(Binding)?$/.test(object.kind)) return [];
        // Roles for people are bound by nobody here.
        const isBinding = object.kind.endsWith('Binding');
        const bound = bundle.some(
          ({ object: o }) =>
            o.kind.endsWith('RoleBinding') &&
            valueAt(o, ['roleRef', 'kind']) === object.kind &&
            valueAt(o, ['roleRef', 'name']) === object.metadata.name,
        );
        return isBinding || bound ? [without(bundle, i)] : [];
      }),
  },
  changes('verb, resource or group of a role misspelt', ({ path, value }, { kind }) => {
    const [last] = tail(path);
    if (!/^(Cluster)?Role$/.test(kind) || typeof value !== 'string' || value === '*' || value.length < 3)
      return undefined;
    return last === 'verbs' || last === 'resources' || last === 'apiGroups' ? [`${value}x`] : undefined;
  }),
  {
    name: 'pod weakened below what its namespace enforces',
    mutants: (bundle) => {
      const namespaces = bundle.filter(({ object }) => object.kind === 'Namespace');
      const levels = new Map(
        namespaces.map(({ object: { metadata } }) => [
          metadata.name,
          metadata.labels?.['pod-security.kubernetes.io/enforce'],
        ]),
      );
      return bundle.flatMap((entry, index) => {
        const { object } = entry;
        if (!WORKLOADS.has(object.kind) || levels.get(object.metadata.namespace ?? '') !== 'restricted') return [];
        return [...leaves(object)].flatMap(({ path, value }) => {
          const [last, parent] = tail(path);
          if (isContainer(path) && isTree(value))
            return [change(bundle, index, [...path, 'securityContext', 'privileged'], true)];
          if (last === 'allowPrivilegeEscalation' && value === false)
            return [change(bundle, index, path, true), change(bundle, index, path, undefined)];
          if (last === 'runAsNonRoot' && value === true) return [change(bundle, index, path, false)];
          if (last === 'drop' && Array.isArray(value)) return [change(bundle, index, path, [])];
          if (last === 'type' && parent === 'seccompProfile') return [change(bundle, index, path, 'Unconfined')];
          if (last === 'spec' && parent === 'template')
            return [
              change(bundle, index, [...path, 'hostNetwork'], true),
              change(bundle, index, [...path, 'hostPID'], true),
            ];
          if (last === 'emptyDir' && isTree(value))
            return [
              change(bundle, index, path.slice(0, -1), {
                name: valueAt(object, [...path.slice(0, -1), 'name']),
                hostPath: { path: '/' },
              }),
            ];
          return [];
        });
      });
    },
  },
  {
    name: 'right widened to a wildcard',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) => {
        if (!/^(Cluster)?Role$/.test(entry.object.kind)) return [];
        return [...leaves(entry.object)].flatMap(({ path, value }) => {
          const [last, parent] = tail(path);
          if (parent !== 'rules' || !Array.isArray(value) || value.includes('*')) return [];
          // One that has its reason is wide already.
          const rule = valueAt(entry.object, path.slice(0, -1));
          if (isTree(rule) && [rule.verbs, rule.resources].some((list) => Array.isArray(list) && list.includes('*')))
            return [];
          return ['verbs', 'resources', 'apiGroups'].includes(last) ? [change(bundle, index, path, ['*'])] : [];
        });
      }),
  },
  {
    name: 'verification of the other end given up',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) => {
        const { object } = entry;
        if (object.kind === 'ConfigMap' && isTree(object.data)) {
          return Object.entries(object.data).flatMap(([file, text]) =>
            ['insecure_skip_verify: true', 'ssl_verify = off', 'curl -ksS https://x.example/'].map((line) =>
              change(bundle, index, ['data', file], `${String(text)}\n${line}\n`),
            ),
          );
        }
        if (!WORKLOADS.has(object.kind)) return [];
        return [...leaves(object)].flatMap(({ path, value }) => {
          if (!isContainer(path) || !isTree(value)) return [];
          const env = Array.isArray(value.env) ? value.env : [];
          const args = Array.isArray(value.args) ? value.args : [];
          return [
            change(bundle, index, [...path, 'env'], [...env, { name: 'VAULT_SKIP_VERIFY', value: 'true' }]),
            change(bundle, index, [...path, 'env'], [...env, { name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' }]),
            change(bundle, index, [...path, 'args'], [...args, '--insecure-skip-tls-verify']),
          ];
        });
      }),
  },
  {
    name: 'weak password, or the hash of one',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) =>
        [...leaves(entry.object)].flatMap(({ path, value }) => {
          if (!WORKLOADS.has(entry.object.kind) || !isContainer(path) || !isTree(value)) return [];
          const env = Array.isArray(value.env) ? value.env : [];
          const hash = `$2y$10$${'k'.repeat(53)}`;
          return [
            ['DB_PASSWORD', 'password'],
            ['DB_PASSWORD', '123456'],
            ['ROOT', 'minioadmin'],
            ['USERS', `admin:${hash}`],
            ['DSN', `host=db.example password=${LITERAL}`],
          ].map(([name, text]) => change(bundle, index, [...path, 'env'], [...env, { name, value: text }]));
        }),
      ),
  },
  {
    name: 'certificate taken from a route',
    mutants: (bundle) =>
      bundle.flatMap(({ object }, index) =>
        isTree(object.data)
          ? Object.entries(object.data).flatMap(([file, text]) =>
              typeof text === 'string' && /^ *bind .* ssl /m.test(text)
                ? [change(bundle, index, ['data', file], text.replace(/^( *bind \S+) ssl .*$/m, '$1'))]
                : [],
            )
          : [],
      ),
  },
  {
    name: 'namespace or policy opened to everybody',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) => {
        const { object } = entry;
        if (object.kind === 'Namespace')
          return [change(bundle, index, ['metadata', 'labels', 'onprem-ml.io/isolated'], undefined)];
        if (object.kind !== 'NetworkPolicy') return [];
        const spec = isTree(object.spec) ? object.spec : {};
        return ['ingress', 'egress'].flatMap((direction) => {
          const rules = Array.isArray(spec[direction]) ? (spec[direction] as unknown[]) : [];
          return [{}, { [direction === 'egress' ? 'to' : 'from']: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }].map((rule) =>
            change(bundle, index, ['spec', direction], [...rules, rule]),
          );
        });
      }),
  },
  {
    name: 'isolation of a namespace broken',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) => {
        const { object } = entry;
        if (!WORKLOADS.has(object.kind)) return [];
        const path =
          object.kind === 'CronJob'
            ? ['spec', 'jobTemplate', 'spec', 'template', 'metadata', 'labels']
            : ['spec', 'template', 'metadata', 'labels'];
        // A second workload, of other labels, that no policy knows.
        const extra = {
          ...entry,
          source: `${entry.source}(stray)`,
          object: stray(object.metadata.namespace ?? 'default'),
        };
        const host = valueAt(object, [...path.slice(0, -2), 'spec', 'hostNetwork']);
        return host === true
          ? []
          : [
              {
                what: `${title(entry)}: a pod beside it without a policy`,
                make: () => [...replace(bundle, index, () => undefined), extra],
              },
            ];
      }),
  },
];

function isContainer(path: readonly (string | number)[]): boolean {
  const [last] = tail(path);
  return (last === 'containers' || last === 'initContainers') && typeof path[path.length - 1] === 'number';
}

function stray(namespace: string) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'stray', namespace },
    spec: {
      selector: { matchLabels: { app: 'stray' } },
      template: {
        metadata: { labels: { app: 'stray' } },
        spec: {
          automountServiceAccountToken: false,
          containers: [{ name: 'stray', image: 'docker.io/library/haproxy:3.2.21' }],
        },
      },
    },
  };
}
