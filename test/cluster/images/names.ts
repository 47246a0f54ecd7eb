/** An image's name with all that is usually left out. */
export interface ImageName {
  /** With registry, without tag and digest. */
  readonly repository: string;
  readonly tag: string;
  readonly digest?: string;
}

export function parseName(name: string): ImageName {
  const [, path, tag, digest] = /^(.*?)(?::([\w.-]+))?(?:@(.+))?$/.exec(name)!;
  const [registry, ...rest] = path!.split('/');
  const full = rest.length > 0 && /[.:]|^localhost$/.test(registry!);
  const repository = full ? path! : `docker.io/${rest.length > 0 ? path : `library/${path}`}`;
  return { repository, tag: tag ?? 'latest', ...(digest ? { digest } : {}) };
}
