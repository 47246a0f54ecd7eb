import { checkLabel, fail, type ICredentials, type ICredentialSource, show } from '../../core';
import { type Construct } from 'constructs';

/** Somebody who signs in without a directory, with a password that is minted in the cluster. */
export interface LocalUser {
  /** Short name, lower-case letters, digits and dashes; part of the subject of tokens, and of the name of the Secret with the password. */
  readonly name: string;
  /** Mail address: what they type in, and what systems know them by. */
  readonly email: string;
  /** Name that is shown. @default - the short name */
  readonly title?: string;
  /** @default - none */
  readonly groups?: readonly string[];
}

/** A user with the credential that is theirs. */
export interface MintedUser {
  readonly user: LocalUser;
  /** Keys `email` and `password`. */
  readonly credentials: ICredentials;
  /** The variable that Dex' entry program reads the password from. */
  readonly variable: string;
}

const EMAIL = /^[^\s@"'\\{}$]+@[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

/** @throws when a name, an address or a group is illegal, or two users share a name or an address */
export function mintUsers(
  scope: Construct,
  id: string,
  source: ICredentialSource,
  users: readonly LocalUser[],
): MintedUser[] {
  const path = scope.node.path;
  return users.map((user, i) => {
    const { name, email, groups = [] } = user;
    checkLabel(path, "a user's name", name, 30);
    if (typeof email !== 'string' || !EMAIL.test(email)) {
      fail(
        path,
        `user ${show(name)}: email must be a mail address, got ${show(email)}; write it as "alice@lab.example"`,
      );
    }
    if (user.title !== undefined && !/^[^{}\p{C}]{1,100}$/u.test(user.title)) {
      fail(
        path,
        `user ${show(name)}: title must be one line of 1 to 100 letters without braces, got ${show(user.title)}; rewrite it`,
      );
    }
    const before = users.slice(0, i);
    if (before.some((other) => other.name === name)) fail(path, `two users are called ${show(name)}; rename one`);
    const same = before.find((other) => other.email.toLowerCase() === email.toLowerCase());
    if (same) fail(path, `users ${show(same.name)} and ${show(name)} have one address, ${email}; give one another`);
    for (const group of groups) checkGroup(path, group);
    return {
      user,
      credentials: source.generate(scope, `${id}-user-${name}`, { email: { value: email }, password: { length: 24 } }),
      variable: `PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`,
    };
  });
}

/** Checks the name of a group, which must survive lists with commas. */
function checkGroup(path: string, group: string): void {
  if (typeof group === 'string' && group.trim() === group && /^[^,"\\{}$]{1,128}$/.test(group)) return;
  fail(path, `a group's name must have no commas, quotes, braces or spaces around it, got ${show(group)}; rename it`);
}
