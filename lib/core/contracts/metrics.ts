import { type Duration } from 'cdk8s';
import { type IReady, type Stage } from '../stage';
import { type ServiceEndpoint } from '../workload/service';
import { type ISecret } from './credentials';

/** A Service of the stage's namespace that a controller makes at run time, so that no object of the platform shows it. */
export interface RunTimeService {
  /** Labels that the Service carries. */
  readonly labels: Readonly<Record<string, string>>;
  /** Name of its port. */
  readonly port: string;
  /** The pods behind it and their port, to let the scraper in. */
  readonly pods: { readonly labels: Readonly<Record<string, string>>; readonly port: number };
}

export interface ScrapeProps {
  /** The Service's port that has the metrics. */
  readonly endpoint: ServiceEndpoint | RunTimeService;
  /** @default '/metrics' */
  readonly path?: string;
  /** Parameters of the query: `{ format: ['prometheus'] }`. @default - none */
  readonly params?: Readonly<Record<string, readonly string[]>>;
  /** @default 'http' */
  readonly scheme?: 'http' | 'https';
  /** @default 30 seconds */
  readonly interval?: Duration;
  /**
   * The endpoint asks who scrapes it: the scraper sends its service account's token, and must be allowed to `get` the URL `/metrics`.
   * @default false
   */
  readonly token?: boolean;
  /** The endpoint wants a token of its own, which is in this key of a Secret of the stage's namespace. */
  readonly bearer?: { readonly secret: ISecret; readonly key: string };
  /** User and password that the endpoint asks for, as the keys `username` and `password` of a Secret in the stage's namespace. @default - none */
  readonly basicAuth?: ISecret;
  /** With https: the authority that verifies the endpoint, as the key `ca.crt` of a Secret in the stage's namespace. @default - the endpoint's certificate is not verified */
  readonly authority?: ISecret;
  /**
   * The samples' own labels `namespace`, `pod` and `container` stand, since they say whom a sample is about: the pod that has a GPU, not the
   * one that counts. The target's labels of these names are left out, so that a sample about nobody has none.
   * @default false
   */
  readonly honorLabels?: boolean;
  /**
   * For endpoints that speak of the node they run on: each sample has the label `node`, and the label `pool` with the name of the set here
   * all of whose labels the node has. The scraper must be allowed to `list` and `watch` nodes. An empty set is an error.
   * @default - neither label
   */
  readonly nodePools?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** How bad it is: somebody gets up for it, somebody looks at it in working hours, or nobody needs to. */
export type Severity = 'critical' | 'warning' | 'info';

/** A rule that tells people of something. @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export interface AlertRule {
  /** `GpuXidCritical`: letters and digits, a capital first. */
  readonly alert: string;
  /** PromQL; each series of its result is an alert. */
  readonly expr: string;
  /** How long it must hold before the alert fires. @default - it fires at once */
  readonly for?: Duration;
  /** How long the alert stays once it holds no more. Prometheus 2.42 or later. @default - it ends at once */
  readonly keepFiringFor?: Duration;
  readonly severity: Severity;
  /** One line: what is wrong with what. A template: `{{ $labels.node }}` is a label's value. */
  readonly summary: string;
  /** What it means, and what to do. A template. */
  readonly description: string;
  /** URL of a page that says what to do. @default - none */
  readonly runbook?: string;
  /** Further labels, by which Alertmanager routes. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A rule that keeps the result of an expression as a series of its own. */
export interface RecordingRule {
  /** Name of the series, as level, metric and operation: `namespace:gpus_allocated:count`. */
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Rules that are evaluated together, one after the other. */
export interface RuleGroup {
  /** Unique within one `addRules`. */
  readonly name: string;
  /** @default - the scraper's own */
  readonly interval?: Duration;
  readonly rules: readonly (AlertRule | RecordingRule)[];
}

/** A dashboard, as Grafana reads it. */
export interface IDashboard {
  /** Part of its URL, the same in each installation: 1 to 40 letters, digits, `-` and `_`. */
  readonly uid: string;
  readonly title: string;
  /** Grafana's JSON. */
  json(): string;
}

/** Collects metrics, says when they are bad, and shows them. */
export interface IMetrics extends IReady {
  /** Has an endpoint scraped, and lets the scraper in. */
  scrape(stage: Stage, id: string, props: ScrapeProps): void;
  /**
   * Adds recording and alert rules.
   * @throws where a name is illegal or given twice
   */
  addRules(stage: Stage, id: string, groups: readonly RuleGroup[]): void;
  /** Adds a dashboard. */
  addDashboard(stage: Stage, id: string, dashboard: IDashboard): void;
}
