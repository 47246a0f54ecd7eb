import { mend, type Rule } from '../context';

/** Each object's namespace exists, from the first wave on. */
export const namespaces: Rule = {
  name: 'namespace',
  check({ bundle }, report) {
    for (const entry of bundle.entries) {
      const { namespace } = entry;
      if (namespace === '') continue;
      if (!bundle.hasNamespace(namespace)) {
        const names = [...bundle.namespaces];
        report(
          entry,
          'metadata.namespace',
          namespace,
          `names no Namespace${mend(namespace, names, `add it, or declare it external: Namespace/${namespace}`)}`,
        );
      }
    }
    for (const entry of bundle.ofType('Namespace')) {
      if (entry.wave !== undefined && entry.wave > 0) {
        report(
          entry,
          'metadata.name',
          entry.name,
          `is a Namespace in wave ${entry.wave}; put it into wave 0, before everything that is in it`,
        );
      }
    }
  },
};
