import { Size } from 'cdk8s';
import { Platform } from '../../lib/core';
import { findingsOf } from '../support';
import { bucket, Directory, gateway, make, prometheus, Reader } from './vault-support';

describe('Vault', () => {
  test('links without a finding, alone and with all that it can be given', () => {
    expect(findingsOf(make().lab)).toEqual([]);
    const { lab, vault } = make((lab: Platform) => ({
      snapshots: bucket(lab),
      gateway: gateway(lab),
      identity: new Directory(lab),
      metrics: prometheus(lab),
      storage: Size.gibibytes(20),
    }));
    vault.allowGroup('Vision Team', 'teams/vision');
    new Reader(lab, 'reader', vault);
    expect(findingsOf(lab)).toEqual([]);
  });
});
