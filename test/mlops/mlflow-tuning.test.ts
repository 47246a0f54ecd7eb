import { Size } from 'cdk8s';
import { External, type k8s, type Platform } from '../../lib/core';
import { MLflow, type MLflowProps } from '../../lib/mlops/mlflow';
import { objectOf, testPlatform } from '../support';

function make(props: Partial<MLflowProps> = {}): Platform {
  const platform = testPlatform();
  new MLflow(platform, 'mlflow', {
    clientNamespaces: ['research'],
    database: External.postgres(platform, {
      host: 'db.corp.example',
      port: 5432,
      database: 'mlflow',
      credentials: { name: 'mlflow-db' },
    }),
    artifacts: External.bucket(platform, {
      host: 's3.corp.example',
      port: 9000,
      bucket: 'mlflow',
      credentials: { name: 'mlflow-bucket' },
    }),
    ...props,
  });
  return platform;
}

function pod(props: Partial<MLflowProps> = {}): k8s.PodSpec {
  return objectOf<{ spec: { template: { spec: k8s.PodSpec } } }>(make(props), 'Deployment', 'server').spec.template
    .spec;
}

const valueOf = ({ env }: k8s.Container, name: string) => env!.find((one) => one.name === name)?.value;

describe('MLflow', () => {
  test('logs as much as asked for, itself and uvicorn, while it changes the schema too', () => {
    const { initContainers, containers } = pod({ logLevel: 'warning' });
    expect(valueOf(containers[0]!, 'MLFLOW_LOGGING_LEVEL')).toBe('WARNING');
    expect(valueOf(initContainers![0]!, 'MLFLOW_LOGGING_LEVEL')).toBe('WARNING');
    expect(valueOf(containers[0]!, 'MLFLOW_UVICORN_OPTS')).toBe(
      '--timeout-keep-alive 75 --timeout-graceful-shutdown 45 --log-level warning',
    );
  });

  test('leaves both programs their own level otherwise', () => {
    const [server] = pod().containers;
    expect(valueOf(server!, 'MLFLOW_LOGGING_LEVEL')).toBeUndefined();
    expect(valueOf(server!, 'MLFLOW_UVICORN_OPTS')).not.toContain('--log-level');
  });

  test('has the memory and cores given to it, and else those of its workers', () => {
    const resources = (props: Partial<MLflowProps>) => pod(props).containers[0]!.resources;
    expect(resources({ workers: 4 })).toMatchObject({
      requests: { cpu: '1', memory: '2560Mi' },
      limits: { cpu: '4', memory: '2560Mi' },
    });
    expect(resources({ workers: 4, memory: Size.gibibytes(8), cpu: 3 })).toMatchObject({
      requests: { cpu: '3', memory: '8Gi' },
      limits: { cpu: '12', memory: '8Gi' },
    });
    expect(resources({ workers: 1, memory: Size.mebibytes(640) })).toMatchObject({ limits: { memory: '640Mi' } });
  });

  test.each<[string, object, string]>([
    [
      'a level of another program',
      { logLevel: 'trace' },
      'logLevel must be one of "critical", "error", "warning", "info", "debug", got "trace"; choose one',
    ],
    [
      'a level in capitals',
      { logLevel: 'INFO' },
      'logLevel must be one of "critical", "error", "warning", "info", "debug", got "INFO"; did you mean "info"?',
    ],
    [
      'less memory than the processes take',
      { workers: 3, memory: Size.gibibytes(1) },
      'memory of 3 workers must be at least 1280Mi, got 1Gi; give more, or fewer workers',
    ],
    [
      'memory without a unit',
      { memory: 2 },
      'memory must be a Size, which has a unit, got 2; write it as Size.gibibytes(2)',
    ],
    ['no core', { cpu: -1 }, 'cpu must be above 0 and at most 256 cores, got -1; write 0.5 for half a core'],
  ])('refuses %s', (_what, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/mlflow: ${message}`));
  });
});
