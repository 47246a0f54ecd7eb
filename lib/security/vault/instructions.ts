import { type SummaryInstruction } from '../../core';
import { PATHS } from './paths';
import { type Seal } from './unseal';

export interface RunbookProps {
  readonly namespace: string;
  /** Name of the StatefulSet. */
  readonly name: string;
  readonly replicas: number;
  readonly seal: Seal;
}

/** What people do by hand, in words for the summary and for apply.sh while it waits. */
export interface Runbook {
  readonly instructions: readonly SummaryInstruction[];
  /** Until the servers are ready. */
  readonly untilReady: string;
  /** Until the configuring Job is let in. */
  readonly untilConfigured: string;
}

/** How Vault is initialized, unsealed and handed over to the platform. */
export function runbook({ namespace, name, replicas, seal }: RunbookProps): Runbook {
  const pods = Array.from({ length: replicas }, (_, i) => `${name}-${i}`);
  const exec = (pod: string, command: string): string =>
    `kubectl -n ${namespace} exec -it ${pod} -c vault -- ${command}`;
  const { automatic, shares, threshold } = seal;
  const kind = automatic ? 'recovery' : 'key';
  const init = exec(pods[0]!, `vault operator init -${kind}-shares=${shares} -${kind}-threshold=${threshold}`);
  const unseal =
    replicas === 1
      ? exec(name + '-0', `sh ${PATHS.scripts}/unseal.sh`)
      : `for pod in ${pods.join(' ')}; do ${exec('"$pod"', `sh ${PATHS.scripts}/unseal.sh`)}; done`;
  const letIn = exec(pods[0]!, `sh ${PATHS.scripts}/bootstrap.sh`);
  return {
    instructions: [
      {
        when: 'after',
        what:
          'Initialize Vault, once, in another terminal: apply.sh waits for it. What it prints, it prints once: ' +
          `give each ${automatic ? 'share of the recovery key' : 'share of the key'} to another person, and keep the root token for the next steps. ` +
          'With -pgp-keys and -root-token-pgp-key they come encrypted for each',
        command: init,
      },
      automatic
        ? {
            when: 'after',
            what: 'The servers of Vault unseal themselves then, and whenever they start. The recovery key is for making a root token anew',
          }
        : {
            when: 'after',
            what:
              `Unseal each server of Vault, with ${threshold} of the ${shares} shares, in this order; ` +
              'and again each one that has started since, after a drain of its node for example. Until then it answers nothing',
            command: unseal,
          },
      {
        when: 'after',
        what:
          'Let the platform into Vault, once, and after a snapshot of another cluster was restored: it asks for the root token, ' +
          'gives the Job that configures Vault its role, and revokes the token',
        command: letIn,
      },
    ],
    untilReady: automatic
      ? `Vault, unless it was initialized before: ${init}`
      : `initialize Vault, unless that was done, and unseal each server, see summary.md: ${init}; ${unseal}`,
    untilConfigured: `let the platform into Vault, unless that was done: ${letIn}`,
  };
}
