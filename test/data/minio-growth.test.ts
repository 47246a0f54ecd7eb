import { Size } from 'cdk8s';
import { type Platform } from '../../lib/core';
import { type MinIOProps } from '../../lib/data/minio';
import { findingsOf, objectOf, objectsOf } from '../support';
import { Consumer, LARGE, minio, type Policy, pool, POOL_0, Recorder, type Workload } from './minio-support';

const claims = (lab: Platform) => objectsOf(lab).filter(({ kind }) => kind === 'PersistentVolumeClaim');

describe('growth', () => {
  test('an expansion is a StatefulSet of its own, known to all servers and reached by the same Service', () => {
    const { lab, store } = minio({
      ...LARGE,
      expansions: [{ servers: 4, drivesPerServer: 2, driveSize: Size.tebibytes(8) }],
    });
    new Consumer(lab, 'consumer', store.addBucket('mlflow'));
    const [args, ...others] = ['pool-0', 'pool-1'].map(
      (name) => objectOf<Workload>(lab, 'StatefulSet', name).spec.template.spec.containers[0].args,
    );
    expect(args).toEqual([
      `http://${POOL_0}`,
      'http://pool-1-{0...3}.pool-1.minio.svc.cluster.local:9000/drives/{0...1}',
    ]);
    expect(others).toEqual([args]);
    const selector = {
      'app.kubernetes.io/instance': 'minio',
      'app.kubernetes.io/name': 'minio',
      'minio.onprem-ml.io/server': 'true',
    };
    expect(objectOf(lab, 'Service', 'minio')).toMatchObject({ spec: { selector } });
    for (const name of ['pool-0', 'pool-1']) {
      const ingress = JSON.stringify(objectOf<Policy>(lab, 'NetworkPolicy', name).spec.ingress);
      for (const peer of ['pool-0', 'pool-1', 'bucket-mlflow', 'program'])
        expect(ingress).toContain(`"app.kubernetes.io/component":"${peer}"`);
    }
    expect(findingsOf(lab)).toEqual([]);
  });

  test("a StatefulSet's immutable fields follow from the pool alone", () => {
    const immutable = (props: MinIOProps) => {
      const { serviceName, podManagementPolicy, selector, volumeClaimTemplates } = pool(props).spec;
      return { serviceName, podManagementPolicy, selector, volumeClaimTemplates };
    };
    const recorder = new Recorder();
    const other: MinIOProps = {
      ...LARGE,
      parity: 8,
      memory: Size.gibibytes(32),
      cpu: 4,
      certificates: recorder,
      gateway: recorder,
      metrics: recorder,
      expansions: [LARGE],
      driveSize: Size.tebibytes(6),
      grownFrom: LARGE.driveSize,
    };
    expect(immutable(other)).toEqual(immutable(LARGE));
  });

  test('each server finds its claims, named as its StatefulSet names them and labelled as it would label them', () => {
    const { lab } = minio({ ...LARGE, drivesPerServer: 2, expansions: [{ servers: 8, driveSize: Size.tebibytes(8) }] });
    const names = (servers: number, drives: number, pool: string) =>
      Array.from({ length: drives }, (_, drive) =>
        Array.from({ length: servers }, (_, server) => `drive-${drive}-${pool}-${server}`),
      ).flat();
    expect(claims(lab).map(({ metadata }) => metadata.name)).toEqual([
      ...names(4, 2, 'pool-0'),
      ...names(8, 1, 'pool-1'),
    ]);
    for (const [name, set] of [
      ['drive-1-pool-0-3', 'pool-0'],
      ['drive-0-pool-1-7', 'pool-1'],
    ] as const) {
      const claim = claims(lab).find(({ metadata }) => metadata.name === name)!;
      const [template] = objectOf<Workload>(lab, 'StatefulSet', set).spec.volumeClaimTemplates;
      expect(claim.metadata.labels).toMatchObject(template!.metadata.labels!);
      expect(claim.spec).toEqual(template!.spec);
      expect(claim.metadata.annotations).toMatchObject({
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
      });
    }
    expect(findingsOf(lab)).toEqual([]);
  });

  test('raised driveSize goes to the claims, not to the template', () => {
    const { lab } = minio({ ...LARGE, drivesPerServer: 1, driveSize: Size.tebibytes(6), grownFrom: Size.tebibytes(3) });
    expect(claims(lab).map(({ spec }) => spec)).toEqual(
      Array.from({ length: 4 }, () => ({
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'large',
        resources: { requests: { storage: '6Ti' } },
      })),
    );
    expect(objectOf<Workload>(lab, 'StatefulSet', 'pool-0').spec.volumeClaimTemplates[0]!.spec).toMatchObject({
      resources: { requests: { storage: '3Ti' } },
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('another number of servers or drives changes the templates, which the API server refuses', () => {
    const layout = (props: Partial<MinIOProps>) =>
      pool({ ...LARGE, ...props }).spec.volumeClaimTemplates.map(
        ({ metadata }) => metadata.labels!['minio.onprem-ml.io/layout'],
      );
    expect(layout({})).toEqual(['4x4', '4x4', '4x4', '4x4']);
    expect(layout({ servers: 8 })).toEqual(['8x4', '8x4', '8x4', '8x4']);
    expect(layout({ drivesPerServer: 2 })).toEqual(['4x2', '4x2']);
  });
});
