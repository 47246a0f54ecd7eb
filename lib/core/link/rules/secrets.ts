import { type Entry } from '../entry';
import { type Report, type Rule } from '../context';
import { field, obj } from '../json';
import { type Text } from '../texts';

/** No value looks like a secret. Only in strict mode: a chart that ships a password works, though it shouldn't. */
export const secrets: Rule = {
  name: 'secret',
  check({ strict, texts, bundle }, report) {
    if (!strict) return;
    for (const text of texts) checkText(text, report);
    for (const entry of bundle.ofType('Secret')) checkSecret(entry, report);
    for (const entry of bundle.entries) checkAnnotations(entry, report);
  },
};

const MEND = 'take it from a Secret that is made in the cluster';
const NAME =
  /(pass(word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key([-_]?id)?|private[-_]?key|secret[-_]?key|credentials?)s?$/i;
const SAFE_NAME =
  /(secret[-_]?(name|ref|key[-_]?ref|store|namespace)|token[-_]?(url|uri|endpoint|path|file)|public|image[-_]?pull[-_]?secrets?|[-_]?(file|path|name|dir))$/i;
const REFERENCE_NAMES = new Set([
  'secretKey',
  'key',
  'remoteKey',
  'property',
  'secret',
  'automountServiceAccountToken',
  'existingSecret',
  'imagePullSecret',
  'imagePullSecrets',
  'credentials',
]);
const PLACEHOLDER = /^(\$|%|\{\{|<|@|\/|file:|env:|vault:|\*+$|-$|~$)|\$\(|\$\{|\{\{/;
const PLAIN =
  /^(true|false|null|none|yes|no|\d+[smhdw]?|\d+(\.\d+)?|default|enabled|disabled|optional|required|password|token|basic|bearer)$/i;
const URL_CREDENTIALS = /\b[a-z][a-z0-9+.-]*:\/\/([^\s/@:"'`<>]+):([^\s/@"'`<>]+)@/gi;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** Of a password, as crypt(3) and its kin write it. Who has it guesses as often as it likes. */
const HASH = /\$(?:2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|[156y]\$[^\s$]+\$[^\s$:"']{20,}|argon2(?:id|i|d)\$[^\s"']{30,})/;
/** What is shipped as a password, or put for one that is to be changed; compared without regard to case. */
const COMMON =
  /^(minioadmin|minio123|harbor12345|prom-operator|changeme|change-me|changeit!|admin123|password12?3?!?|passw0rd|letmein|hunter2|secret123)$/i;
/** A name that can only be a password's, of which no value is harmless. */
const PASSWORD = /(^|[^a-z])(pass(word|wd|phrase))$/i;
/** Not the password itself, but whether there is one. */
const PASSWORD_SWITCH = /^(true|false|null|none|yes|no|optional|required|enabled|disabled)$/i;
/** `password=...` among the parameters of a connection. */
const PARAMETER = /(?:^|[\s;&?])(?:password|pwd|sslpassword)=([^\s;&'"]+)/gi;
const TOKEN =
  /\b(hf_[A-Za-z0-9]{30,}|nvapi-[\w-]{40,}|sk-(?:proj-)?[A-Za-z0-9]{32,}|npm_[A-Za-z0-9]{36}|AIza[\w-]{35}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|glpat-[\w-]{20,}|xox[abps]-[\w-]{10,}|hv[sb]\.[\w-]{20,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)/;
/** On one line: what follows a key without a value is a block of its own. */
const LINE =
  /^[ \t]*(?:export\s+|-\s+|set\s+)?["']?([\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|key|credentials?))["']?[ \t]*(?::|=|[ \t])[ \t]*["']?([^\s"'#,;]+)/gim;

function checkText(text: Text, report: Report): void {
  const { entry, value, kind, name } = text;
  if (PRIVATE_KEY.test(value))
    return report(entry, text.path(), '-----BEGIN PRIVATE KEY-----', `is a private key; ${MEND}`);
  const token = TOKEN.exec(value);
  if (token) return report(entry, text.path(), hide(token[0]), `looks like an access token; ${MEND}`);
  const hash = HASH.exec(value);
  if (hash) return report(entry, text.path(), hide(hash[0]), `is the hash of a password; ${MEND}`);
  if (kind !== 'file' && COMMON.test(value.slice(value.startsWith('-') ? value.indexOf('=') + 1 : 0)))
    return report(entry, text.path(), hide(value), `is a password that everybody knows; ${MEND}`);
  if (kind !== 'file') {
    for (const [, password] of value.matchAll(PARAMETER)) {
      if (isLiteral(password))
        return report(entry, text.path(), hide(password), `is a password among parameters; ${MEND}`);
    }
  }
  for (const [, , password] of value.includes('@') ? value.matchAll(URL_CREDENTIALS) : []) {
    if (isLiteral(password)) return report(entry, text.path(), hide(password), `is a password in a URL; ${MEND}`);
  }
  if (kind === 'file') return checkFile(text, report);
  const literal = kind === 'arg' ? value.slice(value.startsWith('-') ? value.indexOf('=') + 1 : 0) : value;
  if (kind === 'arg' && value.startsWith('-') && !value.includes('=')) return undefined;
  if (isSecretName(name) && !(kind === 'custom' && REFERENCE_NAMES.has(name)) && isGiven(name, literal)) {
    return report(entry, text.path(), hide(literal), `is a secret in plain text, by the name ${name}; ${MEND}`);
  }
  if (kind === 'arg' && name === '') return checkFile(text, report);
  return undefined;
}

/** A whole file whose key says that it is a secret, or a line in it. */
function checkFile(text: Text, report: Report): void {
  const { entry, value, name } = text;
  if (entry.type === 'Secret') return;
  if (isSecretName(name) && !value.includes('\n') && isGiven(name, value)) {
    report(entry, text.path(), hide(value), `is a secret in plain text, by the name ${name}; ${MEND}`);
    return;
  }
  for (const [, key, literal] of value.matchAll(LINE)) {
    if (!isSecretName(key) || !isGiven(key, literal) || !/[=:]/.test(value)) continue;
    report(entry, text.path(), hide(literal), `is a secret in plain text, by the name ${key}; ${MEND}`);
    return;
  }
}

function isSecretName(name: string): boolean {
  return NAME.test(name) && !SAFE_NAME.test(name);
}

function isLiteral(value: string): boolean {
  return value !== '' && !PLACEHOLDER.test(value) && !PLAIN.test(value);
}

/** `password: default` is as open as any other; a token or key so called is most often the name of a kind. */
function isGiven(name: string, value: string): boolean {
  if (isLiteral(value)) return true;
  return PASSWORD.test(name) && value !== '' && !PLACEHOLDER.test(value) && !PASSWORD_SWITCH.test(value);
}

/** Tools leave whole manifests there. */
function checkAnnotations(entry: Entry, report: Report): void {
  for (const key in entry.annotations) {
    const value = entry.annotations[key];
    if (typeof value !== 'string') continue;
    const at = field('metadata', 'annotations', key);
    const token = TOKEN.exec(value) ?? HASH.exec(value);
    if (PRIVATE_KEY.test(value)) report(entry, at, '-----BEGIN PRIVATE KEY-----', `is a private key; ${MEND}`);
    else if (token) report(entry, at, hide(token[0]), `looks like a secret; ${MEND}`);
    else {
      const [, , password] = [...value.matchAll(URL_CREDENTIALS)][0] ?? [];
      if (password !== undefined && isLiteral(password))
        report(entry, at, hide(password), `is a password in a URL; ${MEND}`);
    }
  }
}

/** The value's length tells enough. */
function hide(value: string): string {
  return `${value.slice(0, 2)}${'*'.repeat(Math.min(8, Math.max(1, value.length - 2)))}`;
}

const NOT_SECRET =
  /^(user(name)?|host|port|dbname|database|endpoint|region|bucket|ca\.crt|ca-bundle\.crt|tls\.crt|namespace)$/i;

/** A Secret is empty in a manifest: what fills it runs in the cluster. */
function checkSecret(entry: Entry, report: Report): void {
  for (const part of ['data', 'stringData']) {
    const values = obj(entry.object[part]);
    for (const key in values) {
      const value = values[key];
      if (typeof value !== 'string' || value === '' || NOT_SECRET.test(key)) continue;
      report(
        entry,
        field(part, key),
        hide(value),
        'is the content of a Secret in a manifest; let it be made in the cluster',
      );
    }
  }
}
