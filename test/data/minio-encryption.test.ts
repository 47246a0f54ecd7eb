import { linked } from '../../lib/core/output/linked';
import { summary } from '../../lib/core/output/summary';
import { MinIO, type MinIOProps } from '../../lib/data/minio';
import { findingsOf, objectOf, testPlatform } from '../support';
import { SMALL, type Workload } from './minio-support';

describe('encryption at rest', () => {
  const server = (props: Partial<MinIOProps>) => {
    const lab = testPlatform();
    new MinIO(lab, 'minio', { ...SMALL, ...props }).addBucket('data');
    const { env } = objectOf<Workload>(lab, 'StatefulSet', 'pool-0').spec.template.spec.containers[0];
    return { lab, env, names: env.map(({ name }) => name) };
  };

  test('is off unless asked for', () => {
    expect(server({}).names.filter((name) => /KMS|ENCRYPTION/.test(name))).toEqual([]);
  });

  test('has one key, minted in the cluster and composed where it is used', () => {
    const { lab, env, names } = server({ encrypted: true });
    const valueOf = (name: string) => env.find((variable) => variable.name === name);
    expect(valueOf('ENCRYPTION_KEY')?.valueFrom).toEqual({ secretKeyRef: { name: 'encryption', key: 'key' } });
    expect(valueOf('MINIO_KMS_SECRET_KEY')?.value).toBe('onprem-ml:$(ENCRYPTION_KEY)');
    expect(valueOf('MINIO_KMS_AUTO_ENCRYPTION')?.value).toBe('on');
    // Kubernetes fills in only what stands before.
    expect(names.indexOf('ENCRYPTION_KEY')).toBeLessThan(names.indexOf('MINIO_KMS_SECRET_KEY'));
    const plan = objectOf<{ data: { plan: string } }>(lab, 'ConfigMap', 'plan').data.plan;
    expect(plan).toContain('encryption minio key=base64:32\n');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its key is to be kept elsewhere too', () => {
    const { lab } = server({ encrypted: true });
    expect(summary(linked(lab).bundle)).toContain('kubectl -n minio get secret encryption');
  });
});
