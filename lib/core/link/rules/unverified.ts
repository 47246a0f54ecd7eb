import { type Context, type Report, type Rule } from '../context';
import { type Entry } from '../entry';
import { field, isObj } from '../json';
import { CRD } from '../kinds';
import { Reasons } from '../reasons';
import { type Text } from '../texts';

/**
 * Nobody gives up verifying the other end of TLS: not in a field, a flag, a variable, a script or a configuration file. Where upstream's program
 * leaves no choice the system says why, and the summary tells it. Only where reasons are given.
 */
export const unverified: Rule = {
  name: 'unverified',
  check({ bundle, texts }: Context, report) {
    if (bundle.options.reasons === undefined) return;
    const reasons = new Reasons(bundle.options.reasons);
    const tell: Report = (entry, at, value, message) => {
      if (!reasons.has(entry, at)) report(entry, at, value, message);
    };
    // A definition's fields have these names, and no value.
    for (const entry of bundle.entries) if (entry.type !== CRD) fields(entry, entry.object, '', tell);
    for (const text of texts) checkText(text, tell);
  },
};

const MEND = 'lets anybody stand in for the other end; verify it by its authority, or say why nobody can (justify)';

const SWITCH =
  /^(insecure|insecure[-_]?(pull|tls|ssl)|insecure[-_]?skip[-_]?(tls[-_]?)?verify|(kubelet[-_])?insecure[-_]?tls|(skip|disable|no)[-_]?((tls|ssl|cert(ificate)?)[-_]?)?(verify|verification|check[-_]?certificate)|(tls|ssl)[-_]?(skip|disable|no)[-_]?verify|[a-z]+([-_][a-z]+)*[-_](insecure([-_]?(tls|skip[-_]?verify))?|(skip|no)[-_]?((tls|ssl)[-_]?)?verify|(tls|ssl)[-_]?skip[-_]?verify|(ssl|tls)[-_]?no[-_]?verify))$/i;
const ON = /^(true|1|yes|on)$/i;
const OFF = /^(false|0|no|off|none)$/i;
/** What must not be switched off. */
const GUARD =
  /^(node_tls_reject_unauthorized|rejectunauthorized|pythonhttpsverify|(ssl|tls)[-_]?verify([-_]?(peer|server|server[-_]cert|certs?))?|verify[-_]?(ssl|tls|certs?|certificates?)|proxy_ssl_verify|curl_ssl_verify)$/i;

function isUnsafe(name: string, value: string): boolean {
  return (SWITCH.test(name) && ON.test(value)) || (GUARD.test(name) && OFF.test(value));
}

function fields(entry: Entry, value: unknown, at: string, tell: Report): void {
  if (Array.isArray(value)) value.forEach((item, i) => fields(entry, item, `${at}[${i}]`, tell));
  if (!isObj(value)) return;
  for (const key in value) {
    const next = value[key];
    const here = field(at, key);
    if (typeof next === 'boolean') {
      if (isUnsafe(key, String(next))) tell(entry, here, next, MEND);
    } else if (typeof next === 'object') fields(entry, next, here, tell);
  }
}

function checkText(text: Text, tell: Report): void {
  const { entry, kind, name, value } = text;
  if (kind === 'env' || kind === 'custom') {
    if (isUnsafe(name, value)) return tell(entry, text.path(), `${name}=${value}`, MEND);
  }
  if (kind === 'arg') {
    const [, flag, given = 'true'] = /^--?([a-z][\w-]*)(?:=(.*))?$/i.exec(value) ?? [];
    if (flag !== undefined && isUnsafe(flag, given)) return tell(entry, text.path(), value, MEND);
  }
  const line = unsafeLine(value);
  if (line !== undefined) tell(entry, text.path(), line, MEND);
}

const SETTING =
  /^[\s\-"']*([a-z][\w.-]*)["']?\s*(?:[:=]\s*|\s)["']?(true|1|yes|on|false|0|no|off|none)\b["']?[,;\s]*(?:#.*)?$/i;
/** Commands and calls that say so in their own way. */
const CALLS: readonly RegExp[] = [
  /\bcurl\b(?:[^\n|;&]|\\\n)*\s(?:--insecure\b|-[a-jl-zA-JL-Z]*k[a-zA-Z]*(?=\s|$))/,
  /\b(?:wget|aria2c)\b[^\n|;&]*\s--no-check-certificate\b/,
  /\b(?:mc|kubectl|helm|docker|skopeo|crane)\b[^\n|;&]*\s--insecure(?:-skip-tls-verify)?(?:=true)?(?=\s|$)/,
  /\bverify\s*=\s*False\b/,
  /\bCERT_NONE\b|\b_create_unverified_context\b|\bInsecureSkipVerify:\s*true\b/,
  /^\s*(?:server|default-server)\b.*\sverify none\b/m,
];

function unsafeLine(value: string): string | undefined {
  for (const call of CALLS) {
    const found = call.exec(value);
    if (found) return found[0].trim().slice(0, 80);
  }
  if (!value.includes('\n') && !SETTING.test(value)) return undefined;
  for (const line of value.split('\n')) {
    const [, name, setting] = SETTING.exec(line) ?? [];
    if (name !== undefined && isUnsafe(name.slice(name.lastIndexOf('.') + 1), setting)) return line.trim().slice(0, 80);
  }
  return undefined;
}
