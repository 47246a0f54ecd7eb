import { fail, show } from '../../core';
import { type Settings } from './tuning';

/** Settings by their names in PostgreSQL; true and false are on and off. */
export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

/** In PostgreSQL's own spelling, which tells no capitals apart; an extension's with a dot. */
const NAME = /^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$/;

/** What can't be set here, since another prop or the system itself decides it, and what to do instead. */
const OWNED: readonly (readonly [name: RegExp, mend: string])[] = [
  [/^max_connections$/, 'pass connections, from which more follows'],
  [/^archive_timeout$/, 'pass archiveTimeout'],
  [/^archive_/, 'pass backups, which sets up the archive'],
  [/^(restore_command$|recovery_(target|end_command|min_apply_delay))/, 'pass restore'],
  [/^ssl(_|$)/, 'pass certificates, which sets up TLS'],
  [/^(listen_addresses|port|unix_socket_.*)$/, "the Service and the probes go by this system's own"],
  [/^((data_directory|(config|hba|ident|external_pid)_file)|include(_dir|_if_exists)?)$/, 'the files are fixed'],
  [/^password_encryption$/, 'passwords are asked for by SCRAM alone'],
  [/^allow_alter_system$/, 'what ALTER SYSTEM writes would outrank these settings'],
  [/^huge_pages$/, 'a node that reserves them kills a pod that has none'],
  [/^(hot_standby|primary_conninfo|primary_slot_name|synchronous_standby_names)$/, 'there is one server, no standby'],
];

/** Values without which no base backup can be made. */
const NEEDED: Readonly<Record<string, (value: string | number | boolean) => string | undefined>> = {
  wal_level: (value) => (['replica', 'logical'].includes(String(value)) ? undefined : '"replica" or "logical"'),
  max_wal_senders: (value) => (Number(value) >= 3 ? undefined : '3 or more'),
};

/**
 * The settings of the user, as they are written down.
 *
 * @throws when a name isn't one of PostgreSQL's form or is decided elsewhere, or a value can't stand in the file
 */
export function ownSettings(path: string, settings: PostgresSettings = {}): Settings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      checkName(path, name);
      checkValue(path, name, value);
      return [name, typeof value === 'boolean' ? (value ? 'on' : 'off') : value];
    }),
  );
}

function checkName(path: string, name: string): void {
  if (!NAME.test(name)) {
    const lower = name.toLowerCase();
    const mend = NAME.test(lower)
      ? `did you mean ${show(lower)}?`
      : 'write it as in postgresql.conf, such as "work_mem"';
    fail(path, `settings: a name must be of lower-case letters, digits and "_", got ${show(name)}; ${mend}`);
  }
  const mend = OWNED.find(([owned]) => owned.test(name))?.[1];
  if (mend !== undefined) fail(path, `settings: ${name} can't be set here; ${mend}`);
}

function checkValue(path: string, name: string, value: string | number | boolean): void {
  const legal =
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (typeof value === 'string' && !/[\0\r\n]/.test(value));
  if (!legal) {
    fail(
      path,
      `settings: ${name} must be a text of one line, a number or a boolean, got ${show(value)}; write it as "64MB", 1.1 or true`,
    );
  }
  const needed = NEEDED[name]?.(value);
  if (needed !== undefined) {
    fail(path, `settings: ${name} must be ${needed}, got ${show(value)}; there are no backups without`);
  }
}
