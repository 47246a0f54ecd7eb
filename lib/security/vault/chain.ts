import { X509Certificate } from 'node:crypto';
import { fail, show } from '../../core';

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Reads the chain of an authority.
 *
 * @returns its certificates alone, without what stands between them
 * @throws where it isn't one of authorities, each signed by the next, up to a root
 */
export function checkChain(path: string, mount: string, text: string): string {
  const bad = (why: string, mend: string): never =>
    fail(path, `intermediate.chain of authority ${show(mount)} ${why}; ${mend}`);
  const blocks = [...text.matchAll(PEM)].map(([block, label]) => ({ block, label: label! }));
  const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
  if (other)
    bad(`must be certificates alone, got a ${show(other.label)} in it`, 'pass what was given back for the request');
  if (blocks.length < 2) {
    bad(
      `must be the certificate that was signed and all those above it, got ${blocks.length} in PEM`,
      'append them, up to the root',
    );
  }
  const certificates = blocks.map(
    ({ block }, i) => read(block) ?? bad(`can't be read at certificate ${i + 1}`, 'copy it again'),
  );
  certificates.forEach((certificate, i) => {
    const name = `certificate ${i + 1}, ${show(certificate.subject)},`;
    if (!certificate.ca)
      bad(`must be of authorities, but ${name} is none`, 'have it signed as a subordinate authority');
    const above = certificates[i + 1] ?? certificate;
    if (certificate.checkIssued(above) && certificate.verify(above.publicKey)) return;
    if (above === certificate) bad(`must end with a root, but ${name} is signed by another`, 'append those above it');
    bad(`must be in order, but ${name} is not signed by the next`, 'put each before the one that signed it');
  });
  return `${blocks.map(({ block }) => block).join('\n')}\n`;
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
