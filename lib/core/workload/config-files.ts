import { Construct } from 'constructs';
import { fail } from '../errors';
import * as k8s from '../k8s';
import { lazy } from '../network';
import { type Stage } from '../stage';

/** A file's text, or a function that gives it once all is wired. */
export type FileContent = string | (() => string);

/** Files for a workload, as a ConfigMap. Nothing secret belongs here. */
export class ConfigFiles extends Construct {
  readonly name: string;
  private readonly files: Readonly<Record<string, FileContent>>;

  /**
   * @param id also the ConfigMap's name
   * @param files by file name; a function's text is taken at synthesis
   */
  constructor(stage: Stage, id: string, files: Readonly<Record<string, FileContent>>) {
    super(stage, id);
    this.name = id;
    this.files = files;
    const illegal = Object.keys(files).find((file) => !/^[-._a-zA-Z0-9]{1,253}$/.test(file));
    if (illegal !== undefined)
      fail(this.node.path, `a file's name must be of letters, digits, "-", "_" and ".", got "${illegal}"; rename it`);
    new k8s.KubeConfigMap(this, 'config-map', { data: lazy(() => this.content) });
  }

  /** The files as they will be written. */
  get content(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.files).map(([name, text]) => [name, typeof text === 'string' ? text : text()]),
    );
  }
}
