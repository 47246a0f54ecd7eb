import { spawnSync } from 'node:child_process';
import { LABEL } from '../../lib/core/labels';
import { kubeScore } from './install';

/** A check that kube-score calls critical for an object. */
export interface Critical {
  /** `container-image-pull-policy` */
  readonly check: string;
  /** Name of the object, without the digest that a Job's carries. */
  readonly name: string;
  /** `Job/mlflow/upgrade-0123abcd` */
  readonly object: string;
  /** Name of the software, from the object's labels. */
  readonly software: string;
  readonly comments: readonly string[];
}

/** As kube-score's own JSON has it. */
interface Scored {
  readonly object_meta: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly type_meta: { readonly kind: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

/** kube-score's worst grade. */
const CRITICAL = 1;

/** What kube-score calls critical in these files. */
export function criticals(files: readonly string[]): { objects: number; criticals: Critical[] } {
  // Exit code 1 says that there are criticals, which is for us to judge.
  const { stdout, stderr, status, error } = spawnSync(
    kubeScore(),
    [
      'score',
      '--kubernetes-version',
      'v1.36',
      '--output-format',
      'json',
      '--disable-ignore-checks-annotations',
      ...files,
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (error) throw error;
  if (status !== 0 && status !== 1) throw new Error(`kube-score ended with exit code ${status}: ${stderr}`);
  const scored = JSON.parse(stdout) as Scored[];
  return { objects: scored.length, criticals: scored.flatMap(criticalsOf) };
}

function criticalsOf({ object_meta: { name, namespace, labels }, type_meta: { kind }, checks }: Scored): Critical[] {
  return checks
    .filter(({ grade, skipped }) => grade === CRITICAL && !skipped)
    .map(({ check, comments }) => ({
      check: check.id,
      name: kind === 'Job' ? name.replace(/-[0-9a-f]{8}$/, '') : name,
      object: `${kind}/${namespace ?? ''}/${name}`,
      software: labels?.[LABEL.name] ?? '',
      comments: (comments ?? []).map(({ path, summary }) => `${path ? `${path}: ` : ''}${summary}`),
    }));
}
