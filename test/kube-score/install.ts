import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A version is pinned, so that a new check is a change of ours and not a surprise. */
const VERSION = 'v1.20.0';
const MODULE = 'github.com/zegl/kube-score/cmd/kube-score';
const BIN = resolve(__dirname, '../../.cache/bin');

/** The program's path; it is built once and kept in .cache. @throws when Go is missing or can't build it */
export function kubeScore(): string {
  const program = join(BIN, `kube-score-${VERSION}`);
  if (existsSync(program)) return program;
  mkdirSync(BIN, { recursive: true });
  console.log(`building kube-score ${VERSION} into .cache/bin, once`);
  const { error, status } = spawnSync('go', ['install', `${MODULE}@${VERSION}`], {
    env: { ...process.env, GOBIN: BIN, GOFLAGS: '' },
    stdio: 'inherit',
  });
  if (error) {
    throw new Error(
      `kube-score is built with Go, which couldn't be run (${error.message}); install Go 1.23 or later and put it on the PATH`,
    );
  }
  if (status !== 0)
    throw new Error(`go install ${MODULE}@${VERSION} failed with exit code ${status}; its message is above`);
  renameSync(join(BIN, 'kube-score'), program);
  return program;
}
