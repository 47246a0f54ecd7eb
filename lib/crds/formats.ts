import { isIPv4, isIPv6 } from 'node:net';

/**
 * What the API server accepts for a format of a string. A format that is not here is not checked there either.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */
export const STRING_FORMATS: { readonly [format: string]: (value: string) => boolean } = {
  'date-time': isDateTime,
  datetime: isDateTime,
  date: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
  duration: (value) =>
    /^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(value) || /^\s*\d+\s*[A-Za-zµμ]+\s*$/.test(value),
  byte: (value) => value !== '' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (value) => /^([0-9A-Fa-f]{2}[:-]){5,19}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{4}\.){2,9}[0-9A-Fa-f]{4}$/.test(value),
  uri: (value) => /^([A-Za-z][A-Za-z0-9+.-]*:|\/)\S*$/.test(value),
  hostname: (value) =>
    value.length <= 255 && /^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9-]{1,63})*\.?$/.test(value),
  email: (value) => /^[^\s@]+@[^\s@]+$/.test(value),
  uuid: (value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value),
};

/** The bounds that a format sets to an integer; int64's are those that a JSON number can hold exactly or not at all. */
export const INTEGER_FORMATS: { readonly [format: string]: readonly [number, number] } = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

/** How a format reads in a sentence: "must be ...". */
export const FORMAT_WORDS: { readonly [format: string]: string } = {
  'date-time': 'a time such as 2030-01-31T12:00:00Z',
  byte: 'base64',
  cidr: 'a CIDR such as 10.0.0.0/24',
  duration: 'a duration such as 1h30m',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  uri: 'a URI',
};

function isDateTime(value: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?$/.test(value) &&
    !Number.isNaN(Date.parse(value.slice(0, 10)))
  );
}

function isCidr(value: string): boolean {
  const [address, length, ...rest] = value.split('/');
  if (length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return false;
  return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128);
}
