import { type Duration } from 'cdk8s';
import { type AlertRule, type Severity } from '../../core';

/** An alert in the words of the page about it, of which its summary and description are made. */
export interface Finding {
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  /** @default - at once */
  readonly for?: Duration;
  /** What is wrong: `GPU throttled by heat`. */
  readonly what: string;
  /** With what, a template: `GPU {{ $labels.gpu }} of {{ $labels.node }}`. */
  readonly where: string;
  /** A sentence on the value, a template. @default - none */
  readonly value?: string;
  /** When it fires and what that means, in sentences. */
  readonly means: string;
  /** What to do, in sentences. */
  readonly todo: string;
  /** Stands for `means` and `todo` in the alert, where they depend on its labels: a template. */
  readonly explain?: string;
}

export interface RunbookProps {
  /**
   * Page with a heading for each alert, which the alerts link to: docs/monitoring.md, wherever you serve it.
   * @default - no link: the description says what to do
   */
  readonly runbooks?: string;
}

/** The rule that tells of a finding. */
export function alertRule(finding: Finding, { runbooks }: RunbookProps, labels?: Record<string, string>): AlertRule {
  const { alert, severity, expr, what, where, value, means, todo, explain } = finding;
  return {
    alert,
    expr,
    for: finding.for,
    severity,
    summary: `${what}: ${where}`,
    description: [...(value ? [value] : []), ...(explain ? [explain] : [means, todo])].join(' '),
    runbook: runbooks === undefined ? undefined : `${runbooks}#${alert.toLowerCase()}`,
    labels,
  };
}
