import { createHash } from 'node:crypto';

/** Debian packages and what a script does with them, in a chroot on top of other layers. Kept unpacked in the cache. */
export interface PackagesLayer {
  readonly kind: 'packages';
  readonly name: string;
  /** What lies under it, lowest first. */
  readonly on: readonly PackagesLayer[];
  readonly packages: readonly string[];
  /** Run as root in the chroot before the packages are installed. */
  readonly before: string;
  /** Run as root in the chroot after the packages are installed. */
  readonly after: string;
  /** Python packages with their versions, one a line; the script finds them as /mnt/requirements.txt. */
  readonly requirements: string;
}

/** Single files, written anew into each image store. */
export interface FilesLayer {
  readonly kind: 'files';
  readonly files: Readonly<Record<string, Source>>;
}

export type Layer = PackagesLayer | FilesLayer;

/** What stands at a path of a `FilesLayer`. */
export type Source =
  /** A program that the bench builds, or a file that it brings. */
  | { readonly kind: 'program'; readonly name: string; readonly mode: number }
  | { readonly kind: 'text'; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly mode: number }
  /** A copy of a file of another layer. */
  | { readonly kind: 'copy'; readonly layer: PackagesLayer; readonly path: string }
  /** Hides what a lower layer has there. */
  | { readonly kind: 'removed' };

export function packages(
  name: string,
  on: readonly PackagesLayer[],
  names: readonly string[],
  more: Partial<Pick<PackagesLayer, 'before' | 'after' | 'requirements'>> = {},
): PackagesLayer {
  return { kind: 'packages', name, on, packages: names, before: '', after: '', requirements: '', ...more };
}

export function files(sources: Readonly<Record<string, Source>>): FilesLayer {
  return { kind: 'files', files: sources };
}

export const from = {
  program: (name: string, mode = 0o755): Source => ({ kind: 'program', name, mode }),
  text: (text: string, mode = 0o644): Source => ({ kind: 'text', text, mode }),
  link: (target: string): Source => ({ kind: 'link', target }),
  directory: (mode = 0o755): Source => ({ kind: 'directory', mode }),
  layer: (layer: PackagesLayer, path: string): Source => ({ kind: 'copy', layer, path }),
  nothing: { kind: 'removed' } as Source,
};

/** A short name for what something is made of. */
export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
