import { Size } from 'cdk8s';
import { type ICredentials, type ISecret, Job, SecretReference, type Stage, volume } from '../../core';
import { images } from './images';

const TOKEN = 'token-service';
const PASSWORDS = 'registry-passwords';

/** Makes what a random value can't be: the key that tokens are signed with, and the registry's password as it checks it. */
const MAKE = `umask 077
openssl genrsa -out /made/private_key.pem 4096
printf '%s\\n' "$REGISTRY_PASSWORD" | htpasswd -niB "$REGISTRY_USERNAME" | grep : > /made/passwd
`;

/** The key is kept, for the tokens signed with it; the password follows that of the Secret. */
const STORE = `account=/var/run/secrets/kubernetes.io/serviceaccount
secrets="https://kubernetes.default.svc/api/v1/namespaces/$(cat $account/namespace)/secrets"
umask 077
printf 'Authorization: Bearer %s' "$(cat $account/token)" > /made/authorization
# store METHOD PATH NAME FILE: the status
store() {
  printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s"},"data":{"%s":"%s"}}' "$3" "$4" "$(base64 < "/made/$4" | tr -d '\\n')" > /made/secret
  curl -sS --retry 8 --retry-connrefused --max-time 20 --cacert $account/ca.crt -H @/made/authorization \\
    -H 'Content-Type: application/json' -X "$1" --data-binary @/made/secret -o /made/answer -w '%{http_code}' "$secrets$2"
}
status=$(store POST '' ${TOKEN} private_key.pem)
case $status in
  201) echo "made the key of tokens" ;;
  409) echo "kept the key of tokens" ;;
  *) echo "writing Secret token-service: status $status" >&2; exit 1 ;;
esac
status=$(store POST '' ${PASSWORDS} passwd)
[ "$status" != 409 ] || status=$(store PUT /${PASSWORDS} ${PASSWORDS} passwd)
case $status in
  200 | 201) echo "wrote the registry's password" ;;
  *) echo "writing Secret registry-passwords: status $status" >&2; exit 1 ;;
esac
`;

/** Secrets that programs make, by a Job whose account may create Secrets and update the one of them that follows a password. */
export function addMadeSecrets(stage: Stage, registry: ICredentials): { token: ISecret; passwords: ISecret } {
  const namespace = stage.namespace!;
  const secret = registry.in(namespace);
  const made = { path: '/made', volume: volume.scratch('made', { memory: true, limit: Size.mebibytes(1) }) };
  new Job(stage, 'secrets', {
    rules: [
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['update'], resourceNames: [PASSWORDS] },
    ],
    creates: () => [
      { kind: 'Secret', namespace, name: TOKEN, keys: ['private_key.pem'] },
      { kind: 'Secret', namespace, name: PASSWORDS, keys: ['passwd'] },
    ],
    initContainers: [
      {
        name: 'make',
        image: images.prepare,
        command: ['/bin/sh', '-ec', MAKE],
        env: {
          HOME: '/made',
          REGISTRY_USERNAME: secret.env('username'),
          REGISTRY_PASSWORD: secret.env('password'),
        },
        resources: { cpu: 0.1, memory: Size.mebibytes(64) },
        mounts: [made],
      },
    ],
    containers: [
      {
        name: 'store',
        image: images.curl,
        command: ['/bin/sh', '-ec', STORE],
        resources: { cpu: 0.05, memory: Size.mebibytes(64) },
        mounts: [made],
      },
    ],
  });
  return {
    token: new SecretReference(namespace, TOKEN, ['private_key.pem'], stage.readyAfter),
    passwords: new SecretReference(namespace, PASSWORDS, ['passwd'], stage.readyAfter),
  };
}
