import { type Client } from '../../client/client';

export interface WebRequest {
  readonly url: string;
  readonly method?: string;
  /** The Host header, where it isn't that of the URL. */
  readonly host?: string;
  readonly user?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A file among `files`, or `public`. @default - the platform's */
  readonly authority?: string;
}

export interface WebAnswer {
  readonly url: string;
  /** Why there was no answer. */
  readonly error?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly certificate?: {
    /** Of its DER form. */
    readonly sha256: string;
    readonly issuer: Readonly<Record<string, string>>;
    readonly names: readonly string[];
    readonly protocol: string;
  };
}

/** Asks a Python program at the clients' place to make one request, without following redirects. */
export async function web(
  client: Client,
  request: WebRequest,
  files?: Readonly<Record<string, string>>,
): Promise<WebAnswer> {
  const [answer] = await client.run<[WebAnswer]>('web.py', { input: JSON.stringify([request]), files });
  return answer;
}
