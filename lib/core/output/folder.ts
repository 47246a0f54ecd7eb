import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failAll } from '../errors';
import { NODE_FILE } from '../labels';

/** What a folder of ours may hold; anything else in it is the user's. */
const OURS = /^(\d{2,}-[a-z0-9.-]+\.k8s\.yaml|(apply|mirror|preload)\.sh|(images|mirror)\.txt|summary\.md)$/;

/** Files for nodes have a folder of their own in it. */
const NODES = 'nodes';

/** A file to write, its name a path in the folder; `mode` for what is run. */
export interface OutputFile {
  readonly name: string;
  readonly text: string;
  readonly mode?: number;
}

/** Writes the output as a whole: what was there before stays until all of the new is on the disk. */
export class OutputFolder {
  private readonly folders = new Map<string, readonly OutputFile[]>();
  private readonly files: OutputFile[] = [];

  constructor(private readonly path: string) {}

  addFolder(name: string, files: readonly OutputFile[]): void {
    this.folders.set(name, files);
  }

  addFile(name: string, text: string): void {
    this.files.push({ name, text });
  }

  /** @throws OnPremError when a folder holds files that aren't ours, which replacing it would delete */
  commit(): void {
    failAll(
      'the output',
      [...this.folders.keys()].flatMap((name) => this.foreign(name)),
    );
    mkdirSync(this.path, { recursive: true });
    const staging = mkdtempSync(join(this.path, '.synth-'));
    try {
      for (const [name, files] of this.folders) {
        mkdirSync(join(staging, name));
        for (const { name: file, text, mode } of files) {
          mkdirSync(dirname(join(staging, name, file)), { recursive: true });
          writeFileSync(join(staging, name, file), text, { mode });
        }
      }
      for (const { name, text } of this.files) writeFileSync(join(staging, name), text);
      for (const name of this.folders.keys()) {
        if (existsSync(join(this.path, name))) renameSync(join(this.path, name), join(staging, `${name}.old`));
        renameSync(join(staging, name), join(this.path, name));
      }
      for (const { name } of this.files) renameSync(join(staging, name), join(this.path, name));
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }

  private foreign(name: string): string[] {
    const folder = join(this.path, name);
    if (!existsSync(folder)) return [];
    const nodes = join(folder, NODES);
    const forNodes = existsSync(nodes) && statSync(nodes).isDirectory() ? readdirSync(nodes) : undefined;
    return [
      ...readdirSync(folder).filter((file) => !OURS.test(file) && !(file === NODES && forNodes)),
      ...(forNodes ?? []).filter((file) => !NODE_FILE.test(file)).map((file) => join(NODES, file)),
    ].map(
      (file) => `${join(folder, file)}: is not of this library's making and would be lost; move it out of ${folder}`,
    );
  }
}
