import { Size } from 'cdk8s';
import { type Platform } from '../../lib/core';
import { Postgres, type PostgresProps, type PostgresSettings } from '../../lib/data/postgres';
import { SCRIPTS } from '../../lib/data/postgres/scripts';
import { findingsOf, objectOf, testPlatform } from '../support';

function make(props: PostgresProps): Platform {
  const platform = testPlatform();
  new Postgres(platform, 'postgres', props).addDatabase('mlflow');
  return platform;
}

function configuration(settings?: PostgresSettings): string[] {
  const { data } = objectOf<{ data: Record<string, string> }>(make({ settings }), 'ConfigMap', 'config');
  return data['postgresql.conf']!.split('\n');
}

describe('settings', () => {
  test('stand in postgresql.conf, each once, over those that were computed', () => {
    const lines = configuration({
      work_mem: '64MB',
      random_page_cost: 1.5,
      log_connections: true,
      jit: false,
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.max': 5000,
      log_timezone: 'Europe/Zurich',
    });
    for (const line of [
      "work_mem = '64MB'",
      'random_page_cost = 1.5',
      "log_connections = 'on'",
      "jit = 'off'",
      "shared_preload_libraries = 'pg_stat_statements'",
      'pg_stat_statements.max = 5000',
      "log_timezone = 'Europe/Zurich'",
    ]) {
      const [name] = line.split(' ');
      expect(lines.filter((one) => one.startsWith(`${name} `))).toEqual([line]);
    }
    expect(lines).toContain('max_connections = 51');
  });

  test('change nothing else, and nothing at all where there are none', () => {
    expect(configuration({})).toEqual(configuration());
    const [before, after] = [configuration(), configuration({ log_min_messages: 'info' })];
    expect(after.filter((line) => !before.includes(line))).toEqual(["log_min_messages = 'info'"]);
    expect(before.filter((line) => !after.includes(line))).toEqual([]);
  });

  test('may hold quotes and backslashes, which PostgreSQL would take for escapes', () => {
    expect(configuration({ log_line_prefix: String.raw`it's \n` })).toContain(
      String.raw`log_line_prefix = 'it''s \\n'`,
    );
  });

  test('restart the server when they change', () => {
    const annotations = (settings: PostgresSettings) =>
      objectOf<{ spec: { template: { metadata: { annotations: object } } } }>(
        make({ settings }),
        'StatefulSet',
        'postgres',
      ).spec.template.metadata.annotations;
    expect(annotations({ work_mem: '8MB' })).not.toEqual(annotations({ work_mem: '9MB' }));
    expect(findingsOf(make({ memory: Size.gibibytes(2), settings: { wal_level: 'logical' } }))).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['max_connections', 100, "max_connections can't be set here; pass connections, from which more follows"],
    ['archive_timeout', '60s', "archive_timeout can't be set here; pass archiveTimeout"],
    ['archive_command', 'true', "archive_command can't be set here; pass backups, which sets up the archive"],
    ['recovery_target_time', 'now', "recovery_target_time can't be set here; pass restore"],
    ['restore_command', 'true', "restore_command can't be set here; pass restore"],
    ['ssl', true, "ssl can't be set here; pass certificates, which sets up TLS"],
    ['ssl_ciphers', 'ALL', "ssl_ciphers can't be set here; pass certificates, which sets up TLS"],
    ['port', 5433, "port can't be set here; the Service and the probes go by this system's own"],
    ['unix_socket_directories', '/tmp', "unix_socket_directories can't be set here; the Service and the probes go by"],
    ['data_directory', '/data', "data_directory can't be set here; the files are fixed"],
    ['hba_file', '/hba', "hba_file can't be set here; the files are fixed"],
    ['include_dir', '/conf.d', "include_dir can't be set here; the files are fixed"],
    ['huge_pages', 'try', "huge_pages can't be set here; a node that reserves them kills a pod that has none"],
    ['password_encryption', 'md5', "password_encryption can't be set here; passwords are asked for by SCRAM alone"],
    ['hot_standby', true, "hot_standby can't be set here; there is one server, no standby"],
    ['allow_alter_system', true, "allow_alter_system can't be set here; what ALTER SYSTEM writes would outrank"],
    [
      'TimeZone',
      'UTC',
      'a name must be of lower-case letters, digits and "_", got "TimeZone"; did you mean "timezone"?',
    ],
    [
      'work-mem',
      '64MB',
      'a name must be of lower-case letters, digits and "_", got "work-mem"; write it as in postgresql.conf, such as "work_mem"',
    ],
    ['x = 1\ny', 1, 'a name must be of lower-case letters'],
    [
      'work_mem',
      '64MB\nssl = off',
      'work_mem must be a text of one line, a number or a boolean, got "64MB\\nssl = off"',
    ],
    ['work_mem', Number.NaN, 'work_mem must be a text of one line, a number or a boolean, got null'],
    ['work_mem', Size.mebibytes(64), 'work_mem must be a text of one line, a number or a boolean, got {'],
    ['wal_level', 'minimal', 'wal_level must be "replica" or "logical", got "minimal"; there are no backups without'],
    ['max_wal_senders', 0, 'max_wal_senders must be 3 or more, got 0; there are no backups without'],
  ])('%s = %p is refused', (name, value, message) => {
    const settings = { [name]: value } as PostgresSettings;
    expect(() => make({ settings })).toThrow(`lab/postgres: settings: ${message}`);
  });

  test('log no password, whatever they have logged', () => {
    for (const script of [SCRIPTS['superuser.sql'], SCRIPTS['database.sql']]) {
      const before = script.slice(0, script.indexOf('PASSWORD :'));
      for (const line of [
        'SET log_statement = none;',
        'SET log_min_duration_statement = -1;',
        'SET log_min_duration_sample = -1;',
        'SET log_transaction_sample_rate = 0;',
        'SET log_min_error_statement = panic;',
        'SET debug_print_parse = off;',
        'SET pg_stat_statements.track_utility = off;',
      ])
        expect(before.split('\n')).toContain(line);
    }
  });
});
