/** A team, as the servers know it. */
export interface TeamEntry {
  /** Its workspace. */
  readonly name: string;
  readonly group: string;
  /** User of the team's programs. */
  readonly program: string;
  /** Variable with that user's password, where the workspaces are made. */
  readonly variable: string;
}

export interface SignInSettings {
  /** Groups whose people administer MLflow. */
  readonly administrators: readonly string[];
  /** Names that nobody who signs in may have. */
  readonly reserved: readonly string[];
  readonly teams: readonly TeamEntry[];
}

/** The settings as the Python programs read them. */
export function settingsJson(settings: SignInSettings): string {
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

export const MODULE = 'platform_sign_in';

/**
 * MLflow's `authorization_function` where people sign in before they reach it. Who they are stands in headers, which hold if the secret that
 * only the sign-in knows stands beside them; all others, the programs, have a user and a password as ever.
 *
 * What a person may do is what their groups say: a role in each of their teams' workspaces. Workspaces are what really keeps teams apart:
 * who has no role in one has no permission in it, whatever the default is.
 *
 * @see https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth/#custom-authentication
 * @see mlflow 3.17 mlflow/server/auth/__init__.py `_role_permission_for`
 */
export const SIGN_IN_MODULE = `"""Who somebody is, as the sign-in before this server says; programs go on with user and password."""
import hmac
import json
import os
import secrets
import threading
import time

from flask import request
from mlflow.exceptions import MlflowException
from mlflow.server import auth
from werkzeug.datastructures import Authorization

ROLE = "team"
# Seconds after which a person's groups are looked at again although they haven't changed.
RECHECK = 60
PROOF = os.environ["SIGN_IN_PROOF"].encode()
with open(os.path.join(os.path.dirname(os.environ["MLFLOW_AUTH_CONFIG_PATH"]), "sign-in.json")) as file:
    SETTINGS = json.load(file)

checked = {}
lock = threading.Lock()


def authenticate():
    """Called for each request, and again wherever MLflow asks who sent it."""
    name = request.headers.get("X-Forwarded-Email", "").strip().lower()
    proof = request.headers.get("X-Sign-In-Proof", "").encode()
    if not name or not hmac.compare_digest(proof, PROOF):
        return auth.authenticate_request_basic_auth()
    if name in SETTINGS["reserved"]:
        return auth.make_forbidden_response()
    groups = frozenset(filter(None, (group.strip() for group in request.headers.get("X-Forwarded-Groups", "").split(","))))
    with lock:
        known, when = checked.get(name, (None, 0))
        if known != groups or time.monotonic() - when > RECHECK:
            bring_up_to_date(name, groups)
            checked[name] = (groups, time.monotonic())
    return Authorization("basic", {"username": name, "password": ""})


def bring_up_to_date(name, groups):
    """Makes the user at first sight, and gives it the roles that the groups say, and no others in teams' workspaces."""
    store = auth.store
    if not store.has_user(name, use_primary=True):
        try:
            # Nobody knows the password: the person comes by the sign-in, or not at all.
            store.create_user(name, secrets.token_urlsafe(32))
        except MlflowException:
            if not store.has_user(name, use_primary=True):
                raise
    user = store.get_user(name)
    administers = not groups.isdisjoint(SETTINGS["administrators"])
    if user.is_admin != administers:
        store.update_user(name, is_admin=administers)
    all_teams = {team["name"] for team in SETTINGS["teams"]}
    wanted = {team["name"] for team in SETTINGS["teams"] if team["group"] in groups}
    has = set()
    for role in store.list_user_roles(user.id):
        if role.workspace in wanted:
            if role.name == ROLE:
                has.add(role.workspace)
        elif role.workspace in all_teams or role.name == ROLE:
            # What somebody made there stays the team's when they leave it.
            drop(store, user, role)
    for workspace in wanted - has:
        role = store.get_role_by_name(workspace, ROLE)
        try:
            store.assign_role_to_user(user.id, role.id)
        except MlflowException:
            # Another process was faster.
            if all(other.id != role.id for other in store.list_user_roles(user.id)):
                raise


def drop(store, user, role):
    try:
        store.unassign_role_from_user(user.id, role.id)
    except MlflowException:
        if any(other.id == role.id for other in store.list_user_roles(user.id)):
            raise
`;

/**
 * What is done before a server starts, after the schemas are up to date: each team has a workspace, a role in it that may do everything with
 * what is in it, and a user for its programs. A team that the program no longer has keeps its workspace, and its programs' user loses its role.
 */
export const TEAMS_SCRIPT = `"""Makes teams' workspaces, roles and programs' users what sign-in.json says."""
import os
import sys

from mlflow.entities import Workspace
from mlflow.exceptions import MlflowException
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from mlflow.store.workspace.sqlalchemy_store import SqlAlchemyStore as Workspaces

ROLE = "team"
# Being there, which is also what lets its members make things; and everything with what is there, whoever made it.
GRANTS = (
    ("workspace", "USE"),
    ("experiment", "MANAGE"),
    ("registered_model", "MANAGE"),
    ("prompt", "MANAGE"),
    ("scorer", "MANAGE"),
)


def exists(error):
    return error.error_code == "RESOURCE_ALREADY_EXISTS"


def make_workspace(workspaces, name):
    try:
        workspaces.create_workspace(Workspace(name=name, description="Made by the platform"))
        print(f"upgrade: made the workspace {name}", file=sys.stderr)
    except MlflowException as error:
        if not exists(error):
            raise


def make_role(users, workspace):
    try:
        role = users.create_role(ROLE, workspace, description="People and programs of the team")
    except MlflowException as error:
        if not exists(error):
            raise
        role = users.get_role_by_name(workspace, ROLE)
    has = {(one.resource_type, one.resource_pattern): one for one in users.list_role_permissions(role.id)}
    for kind, permission in GRANTS:
        one = has.pop((kind, "*"), None)
        if one is None:
            users.add_role_permission(role.id, kind, "*", permission)
        elif one.permission != permission:
            users.update_role_permission(one.id, permission)
    for one in has.values():
        users.remove_role_permission(one.id)
    return role


def make_program(users, name, password, roles):
    if not users.has_user(name):
        users.create_user(name, password)
        print(f"upgrade: made the user {name}", file=sys.stderr)
    elif not users.authenticate_user(name, password):
        users.update_user(name, password=password)
        print(f"upgrade: gave the user {name} the Secret's password", file=sys.stderr)
    user = users.get_user(name)
    has = {role.id for role in users.list_user_roles(user.id)}
    for role in roles:
        if role.id not in has:
            users.assign_role_to_user(user.id, role.id)


def upgrade_teams(uri, settings):
    workspaces, users = Workspaces(uri), SqlAlchemyStore()
    users.init_db(uri)
    for team in settings["teams"]:
        make_workspace(workspaces, team["name"])
        role = make_role(users, team["name"])
        make_program(users, team["program"], os.environ[team["variable"]], [role])
`;
