import { circle, production, textOf } from './audit-support';
import { findingsOf, objectsOf } from '../support';
import { writeFileSync } from 'node:fs';
import { dump } from 'js-yaml';

test('links, with certificates and without', () => {
  const { lab } = production();
  writeFileSync('/tmp/t/audit-scratch/prod.yaml', objectsOf(lab).filter(o => ['audit','minio','vault','harbor'].includes(o.metadata.namespace ?? '')).map(o => dump(o, { lineWidth: -1 })).join('---\n'));
  writeFileSync('/tmp/t/audit-scratch/collector-tls.yaml', textOf(lab));
  expect(findingsOf(lab)).toEqual([]);
  const plain = circle().lab;
  writeFileSync('/tmp/t/audit-scratch/collector-plain.yaml', textOf(plain));
  expect(findingsOf(plain)).toEqual([]);
});
