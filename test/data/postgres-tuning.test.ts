import { Duration, Size } from 'cdk8s';
import { baseSettings, hostBasedAuthentication } from '../../lib/data/postgres/configuration';
import { defaultConnections, renderConfiguration, sharedMemory, tune } from '../../lib/data/postgres/tuning';

const SMALL = { memory: Size.gibibytes(1), cpu: 2, storage: Size.gibibytes(20), fastStorage: true };

test('a quarter of the memory is for buffers, a quarter for what clients sort', () => {
  expect(tune(SMALL)).toMatchObject({
    max_connections: 51,
    shared_buffers: '256MB',
    effective_cache_size: '768MB',
    work_mem: '5140kB',
    maintenance_work_mem: '64MB',
  });
});

test.each([
  [Size.mebibytes(512), 25, '128MB', '5242kB', '32MB'],
  [Size.gibibytes(4), 204, '1024MB', '5140kB', '256MB'],
  [Size.gibibytes(64), 400, '16384MB', '41943kB', '2048MB'],
])('%p', (memory, connections, buffers, work, maintenance) => {
  expect(tune({ ...SMALL, memory })).toMatchObject({
    max_connections: connections,
    shared_buffers: buffers,
    work_mem: work,
    maintenance_work_mem: maintenance,
  });
});

test('buffers, work memory of all clients and maintenance never take more than the memory', () => {
  const kib = (value: string | number): number => {
    const [, digits, unit] = /^(\d+)(kB|MB)$/.exec(String(value))!;
    return Number(digits) * (unit === 'MB' ? 1024 : 1);
  };
  for (let mebibytes = 512; mebibytes <= 256 * 1024; mebibytes *= 2) {
    for (const connections of [undefined, 10, Math.floor(mebibytes / 5)]) {
      const settings = tune({ ...SMALL, memory: Size.mebibytes(mebibytes), connections });
      const used =
        kib(settings.shared_buffers!) +
        kib(settings.work_mem!) * Number(settings.max_connections) +
        4 * kib(settings.maintenance_work_mem!);
      expect(used).toBeLessThanOrEqual(mebibytes * 1024);
    }
  }
});

test('the number of clients is that asked for, and takes its share of the memory', () => {
  expect(tune({ ...SMALL, connections: 200 })).toMatchObject({ max_connections: 200, work_mem: '1310kB' });
  expect(defaultConnections(Size.gibibytes(2))).toBe(102);
});

test('WAL follows the storage, within bounds', () => {
  const wal = (storage: Size) => {
    const { max_wal_size, min_wal_size } = tune({ ...SMALL, storage });
    return [min_wal_size, max_wal_size];
  };
  expect(wal(Size.gibibytes(2))).toEqual(['80MB', '256MB']);
  expect(wal(Size.gibibytes(20))).toEqual(['512MB', '2048MB']);
  expect(wal(Size.tebibytes(4))).toEqual(['4096MB', '16384MB']);
});

test('disks and flash cost differently', () => {
  expect(tune(SMALL)).toMatchObject({ random_page_cost: 1.1, effective_io_concurrency: 200 });
  expect(tune({ ...SMALL, fastStorage: false })).toMatchObject({ random_page_cost: 4, effective_io_concurrency: 2 });
});

test('parallelism follows the cores', () => {
  expect(tune({ ...SMALL, cpu: 1 })).toMatchObject({ max_parallel_workers: 1, max_parallel_workers_per_gather: 0 });
  expect(tune({ ...SMALL, cpu: 32 })).toMatchObject({ max_parallel_workers: 32, max_parallel_workers_per_gather: 4 });
});

test('shared memory of parallel queries is an eighth, and never less than the runtime gives', () => {
  expect(sharedMemory(Size.gibibytes(8)).toMebibytes()).toBe(1024);
  expect(sharedMemory(Size.mebibytes(128)).toMebibytes()).toBe(64);
});

test('a value is quoted', () => {
  expect(renderConfiguration({ port: 5432, archive_command: `echo 'it' "%p"` })).toBe(
    `port = 5432\narchive_command = 'echo ''it'' "%p"'\n`,
  );
});

test('without TLS passwords are asked for, with it TLS too', () => {
  expect(hostBasedAuthentication(false)).toContain('host all all all scram-sha-256');
  expect(hostBasedAuthentication(true)).not.toMatch(/^host /m);
  expect(baseSettings({ tls: false })).not.toHaveProperty('ssl');
  expect(baseSettings({ tls: true })).toMatchObject({
    ssl: 'on',
    ssl_cert_file: '/tls/tls.crt',
    ssl_key_file: '/tls/tls.key',
  });
});

test('WAL is archived only where there is a place for it', () => {
  expect(baseSettings({ tls: false })).toMatchObject({ archive_mode: 'off' });
  expect(baseSettings({ tls: false, archiveTimeout: Duration.minutes(2) })).toMatchObject({
    archive_mode: 'on',
    archive_timeout: '120s',
    archive_command: 'bash /scripts/archive.sh "%p" "%f"',
  });
});
