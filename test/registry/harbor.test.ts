import { findingsOf } from '../support';
import { lab, Identity, prometheus } from './harbor-support';

test('links', () => {
  const { platform, harbor } = lab((p) => ({
    identity: new Identity(p),
    administrators: 'admins',
    metrics: prometheus(p),
    proxies: ['docker.io'],
  }));
  const vision = harbor.addProject('vision', { quota: 100, keepLast: 5 });
  vision.addRobot('ci', 'push').in('harbor');
  vision.allowGroup('vision-team', 'push');
  expect(findingsOf(platform)).toEqual([]);
});
