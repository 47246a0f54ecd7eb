import { MODULE } from './sign-in';

/** What the server may do without being asked: the permission of users on what nobody granted them. */
export type DefaultPermission = 'READ' | 'EDIT' | 'MANAGE' | 'NO_PERMISSIONS';

/** Words that both MLflow and uvicorn know, MLflow in capitals. */
export const LOG_LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface AuthenticationOptions {
  readonly databaseUri: string;
  readonly defaultPermission: DefaultPermission;
  /** How long a verified password is remembered, in seconds; 0 is never. */
  readonly cacheSeconds: number;
  /** Who says who sends a request, as Python's module and function. */
  readonly authenticate: string;
  /** Whether users have the default permission in the default workspace, where there are workspaces. */
  readonly sharedWorkspace: boolean;
}

/** Basic authentication, as MLflow has it. */
export const BASIC = 'mlflow.server.auth:authenticate_request_basic_auth';

/** The file that configures basic authentication. It holds no secret: the administrator's comes from the environment. */
export function authenticationIni(options: AuthenticationOptions): string {
  return `[mlflow]
database_uri = ${options.databaseUri}
default_permission = ${options.defaultPermission}
authorization_function = ${options.authenticate}
auth_cache_ttl_seconds = ${options.cacheSeconds}
${options.sharedWorkspace ? 'grant_default_workspace_access = true\n' : ''}`;
}

/**
 * Brings both schemas up to date while it holds a lock in the database, so that replicas that start together wait for each other. The
 * tracking schema comes first: its tool takes a database that has other tables only for one that it made before.
 *
 * Then the administrator has the Secret's password. The server alone would set it for a user who isn't there yet, and never again: a
 * database restored from a backup brings an old one, which no Secret has any more.
 */
export const UPGRADE_SCRIPT = `"""Brings the schemas of tracking and of authentication up to date, and the administrator's password, one replica at a time."""
import os
import sys
import time

import sqlalchemy


def connect(engine):
    """Tries for a minute: the network may open, and the database answer, a little after the pod has started."""
    for pause in (1, 2, 4, 8, 16, 32):
        try:
            return engine.connect()
        except sqlalchemy.exc.OperationalError as error:
            print(f"upgrade: no connection yet: {error.orig}", file=sys.stderr)
            time.sleep(pause)
    return engine.connect()


def upgrade_tracking():
    """What the command "mlflow db upgrade" does, without loading all of MLflow once more."""
    from mlflow.db import commands

    commands(["upgrade", uri], standalone_mode=False)


def upgrade_authentication(name, password):
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    users = SqlAlchemyStore()
    users.init_db(uri)
    if not users.has_user(name):
        users.create_user(name, password, is_admin=True)
        print(f"upgrade: created the administrator {name}", file=sys.stderr)
    elif not (users.authenticate_user(name, password) and users.get_user(name).is_admin):
        users.update_user(name, password=password, is_admin=True)
        print(f"upgrade: gave the administrator {name} the Secret's password", file=sys.stderr)


uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
with connect(sqlalchemy.create_engine(uri, isolation_level="AUTOCOMMIT")) as connection:
    connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(hashtext('mlflow schema'))"))
    upgrade_tracking()
    upgrade_authentication(os.environ["MLFLOW_AUTH_ADMIN_USERNAME"], os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"])
`;

/** What comes after it where people sign in, while the lock is held. */
export const UPGRADE_TEAMS = `    import json

    import teams

    with open(os.path.join(os.path.dirname(__file__), "sign-in.json")) as file:
        teams.upgrade_teams(uri, json.load(file))
`;

/** The scheme of artifact destinations that the plugin serves. */
export const PROXIED_SCHEME = 'proxied-s3';

/**
 * An artifact store that is S3 and offers clients no way around the server. MLflow's own S3 store makes the server advertise presigned
 * URLs, which clients of 3.16 and later then use for each download: URLs of a host that they may neither resolve nor reach.
 *
 * @see https://mlflow.org/docs/latest/ml/plugins/
 */
export const PROXIED_S3_PLUGIN = `"""proxied-s3://BUCKET/PATH: artifacts in S3, for clients by way of the tracking server alone."""
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class ProxiedS3ArtifactRepository(ArtifactRepository):
    def __init__(self, artifact_uri, **options):
        super().__init__(artifact_uri, **options)
        self.s3 = S3ArtifactRepository(artifact_uri.removeprefix("proxied-"), **options)

    def log_artifact(self, local_file, artifact_path=None):
        self.s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir, artifact_path=None):
        self.s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path=None):
        return self.s3.list_artifacts(path)

    def delete_artifacts(self, artifact_path=None):
        self.s3.delete_artifacts(artifact_path)

    def _download_file(self, remote_file_path, local_path):
        self.s3._download_file(remote_file_path, local_path)
`;

/** What makes Python find the plugin: the metadata of an installed package. */
export const PLUGIN_METADATA = `Metadata-Version: 2.1
Name: proxied-s3
Version: 1.0
`;

export const PLUGIN_ENTRY_POINTS = `[mlflow.artifact_repository]
${PROXIED_SCHEME} = proxied_s3:ProxiedS3ArtifactRepository
`;

/** Where each file of the ConfigMap stands below its mount. */
export const FILE_PATHS: Readonly<Record<string, string>> = {
  'auth.ini': 'auth.ini',
  'upgrade.py': 'upgrade.py',
  'proxied_s3.py': 'python/proxied_s3.py',
  METADATA: 'python/proxied_s3-1.0.dist-info/METADATA',
  'entry_points.txt': 'python/proxied_s3-1.0.dist-info/entry_points.txt',
};

/** Those that are there besides where people sign in. */
export const SIGN_IN_PATHS: Readonly<Record<string, string>> = {
  'sign-in.json': 'sign-in.json',
  'teams.py': 'teams.py',
  [`${MODULE}.py`]: `python/${MODULE}.py`,
};
