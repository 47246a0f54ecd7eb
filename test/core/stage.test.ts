import { Chart } from 'cdk8s';
import { Stage } from '../../lib/core/stage';
import { testPlatform } from '../support';
import { Demo } from './demo';

test('a wave is one more than the highest of what is needed', () => {
  const platform = testPlatform();
  const first = new Demo(platform, 'first');
  const second = new Demo(platform, 'second', [first.stage]);
  const third = new Demo(platform, 'third', [first.stage, second.stage]);
  const alone = new Demo(platform, 'alone');
  expect([first, second, third, alone].map(({ stage }) => stage.wave)).toEqual([1, 2, 3, 1]);
  expect(platform.foundation.wave).toBe(0);
});

test('what a contract needs counts with all its stages', () => {
  const platform = testPlatform();
  const first = new Demo(platform, 'first');
  const configure = first.addStage('configure', [first.stage, undefined]);
  const consumer = new Demo(platform, 'consumer', [{ readyAfter: [first.stage, configure] }]);
  expect(consumer.stage.wave).toBe(3);
});

test('a need from another platform is refused', () => {
  const other = new Demo(testPlatform(), 'minio');
  expect(() => new Demo(testPlatform(), 'mlflow', [other.stage])).toThrow(
    'lab/mlflow/install: needs lab/minio/install of platform "lab", but belongs to "lab"; make what it needs in its own platform, ' +
      "or describe the other one's with External",
  );
});

test('a cdk8s Chart is no Stage', () => {
  const platform = testPlatform();
  expect(Stage.isStage(platform.foundation)).toBe(true);
  expect(Stage.isStage(new Chart(platform, 'mine'))).toBe(false);
  expect(Stage.isStage(undefined)).toBe(false);
});

test.each(['foundation', 'crds'])('a stage may not be called %s', (id) => {
  const demo = new Demo(testPlatform(), 'demo');
  expect(() => demo.addStage(id)).toThrow(
    `lab/demo: a stage can't be called "${id}"; use addCrds for definitions, another id otherwise`,
  );
});
