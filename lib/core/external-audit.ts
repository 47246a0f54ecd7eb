import { type Construct, type IConstruct } from 'constructs';
import { type IAuditSink, type IAuditWebhook, type ICredentials, type ISecret } from './contracts';
import { fail, show } from './errors';
import { type ExternalEndpointProps } from './external-endpoint';
import { type IEndpoint } from './network';
import { type Stage } from './stage';

/** Takes records by HTTP: Splunk's HTTP Event Collector (raw), Vector, Fluent Bit, Logstash, an OpenTelemetry Collector. */
export interface ExternalAuditWebhookProps extends ExternalEndpointProps {
  /** Path of the URL, with its query: `/services/collector/raw`. `{system}` stands for the name of what sends. @default '/' */
  readonly path?: string;
  /** @default 'https' */
  readonly scheme?: 'http' | 'https';
  /** Word before the token in the header `Authorization`: `Splunk`. @default 'Bearer' */
  readonly tokenType?: string;
  /** Secret with the key `token`, in the namespace of each system that sends. */
  readonly credentials: { readonly name: string; readonly namespace?: string };
  /** Secret with the key `ca.crt`. @default - the public authorities */
  readonly authority?: { readonly name: string; readonly namespace?: string };
}

export interface ExternalAuditSinkProps {
  /** Where MinIO and Vault send. @default - nowhere: neither can be given it */
  readonly webhook?: ExternalAuditWebhookProps;
  /** Where Harbor sends: syslog over TCP, not encrypted. @default - nowhere: Harbor can't be given it */
  readonly syslog?: ExternalEndpointProps;
}

/** What `External` makes of the props. */
export interface ExternalAuditParts {
  readonly webhook?: {
    readonly endpoint: IEndpoint;
    readonly credentials: ICredentials;
    readonly authority: (stage: Stage) => ISecret | undefined;
  };
  readonly syslog?: IEndpoint;
}

const PATH = /^\/[A-Za-z0-9._~/?&=%:@,;+{}-]*$/;
const TOKEN_TYPE = /^[A-Za-z][A-Za-z0-9-]*$/;

/** A company's own collector. What is sent there, and how long it is kept, is its owner's matter. */
export class ExternalAuditSink implements IAuditSink {
  readonly readyAfter: readonly Stage[] = [];

  constructor(
    private readonly scope: IConstruct,
    private readonly props: ExternalAuditSinkProps,
    private readonly parts: ExternalAuditParts,
  ) {
    const { path } = scope.node;
    const { webhook, syslog } = props;
    if (!webhook && !syslog) fail(path, 'the collector of audit records takes nothing; give webhook, syslog or both');
    if (!webhook) return;
    if (webhook.path !== undefined && !PATH.test(webhook.path)) {
      fail(
        path,
        `webhook.path must be the path of a URL, got ${show(webhook.path)}; write it as "/services/collector/raw"`,
      );
    }
    if (webhook.tokenType !== undefined && !TOKEN_TYPE.test(webhook.tokenType)) {
      fail(path, `webhook.tokenType must be a word, got ${show(webhook.tokenType)}; write it as "Bearer"`);
    }
    if (webhook.authority && webhook.scheme === 'http') {
      fail(path, `webhook ${show(webhook.host)} has an authority but speaks http; leave authority out or use https`);
    }
  }

  addWebhook(scope: Construct, system: string): IAuditWebhook {
    const { webhook: props } = this.props;
    const { webhook: parts } = this.parts;
    if (!props || !parts) {
      fail(
        scope.node.path,
        `sends audit records by HTTP, and the collector that ${this.scope.node.path} was given takes none; give it webhook`,
      );
    }
    const { host, port, path = '/', scheme = 'https', tokenType = 'Bearer' } = props;
    return {
      ...parts,
      url: `${scheme}://${host}:${port}${path.replaceAll('{system}', system)}`,
      scheme: tokenType,
      readyAfter: [],
    };
  }

  addSyslog(scope: Construct): IEndpoint {
    return (
      this.parts.syslog ??
      fail(
        scope.node.path,
        `sends audit records as syslog, and the collector that ${this.scope.node.path} was given takes none; give it syslog`,
      )
    );
  }
}
